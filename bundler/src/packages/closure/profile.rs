//! What a target already has: dpkg's status file of a node, or what every system of a release has.

use manifests::debian::Stanzas;

use super::universe::IndexError;

mod essential;

pub use essential::EssentialError;

/// A base that a closure has to hold for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    name: String,
    status: Vec<u8>,
    is_earlier: bool,
}

impl Profile {
    /// A profile from the text of a dpkg status file.
    ///
    /// # Errors
    /// [`IndexError`] when it can't be read.
    pub fn from_status(name: impl Into<String>, status: impl Into<Vec<u8>>) -> Result<Self, IndexError> {
        let profile = Self { name: name.into(), status: status.into(), is_earlier: false };
        let description = profile.description();
        for stanza in Stanzas::new(&profile.status) {
            let stanza = stanza.map_err(|source| IndexError::Control { pocket: description.clone(), source })?;
            manifests::debian::Package::parse(&stanza)
                .map_err(|source| IndexError::Package { pocket: description.clone(), source })?;
        }
        Ok(profile)
    }

    /// What it is called in a stack.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text of the status file.
    pub fn status(&self) -> &[u8] {
        &self.status
    }

    /// Whether it stands for earlier versions of what is computed: whatever can be installed on the newest base can be
    /// installed here too, after upgrades.
    pub(super) fn is_earlier(&self) -> bool {
        self.is_earlier
    }

    pub(super) fn description(&self) -> String {
        format!("the profile `{}`", self.name)
    }
}
