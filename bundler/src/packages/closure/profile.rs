//! What a target already has: dpkg's status file of a node, or what every system of a release has.

use std::fmt::Write as _;

use manifests::debian::Stanzas;

use super::machine::Machine;
use super::mark::{self, Policy};
use super::universe::{IndexError, PackageId, Universe};

/// The name of the profile that is computed.
pub const ESSENTIAL: &str = "essential";

/// dpkg's importance of packages that no system lacks: `required`.
pub(super) const REQUIRED: u8 = 1;

/// A base that a closure has to hold for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    name: String,
    status: Vec<u8>,
}

impl Profile {
    /// A profile from the text of a dpkg status file.
    ///
    /// # Errors
    /// [`IndexError`] when it can't be read.
    pub fn from_status(name: impl Into<String>, status: impl Into<Vec<u8>>) -> Result<Self, IndexError> {
        let profile = Self { name: name.into(), status: status.into() };
        let description = profile.description();
        for stanza in Stanzas::new(&profile.status) {
            let stanza = stanza.map_err(|source| IndexError::Control { pocket: description.clone(), source })?;
            manifests::debian::Package::parse(&stanza)
                .map_err(|source| IndexError::Package { pocket: description.clone(), source })?;
        }
        Ok(profile)
    }

    /// A system with nothing but what is Essential, Protected or of priority `required` in the universe, and what that
    /// needs.
    ///
    /// # Errors
    /// The packages that can't be installed, when the universe is no whole release.
    pub fn essential(universe: &Universe<'_>) -> Result<Self, EssentialError> {
        let mut machine = Machine::empty(universe);
        let wanted: Vec<PackageId> = universe.packages().filter(|package| machine.is_basic(*package)).collect();
        mark::install_all(&mut machine, &wanted, Policy { recommends: false });
        let missing: Vec<String> = wanted
            .iter()
            .filter(|package| machine.installed(**package).is_none())
            .map(|package| universe.display(*package))
            .chain(machine.broken().iter().map(|package| universe.display(*package)))
            .collect();
        if !missing.is_empty() {
            return Err(EssentialError { missing });
        }
        let mut status = String::new();
        for package in universe.packages() {
            if let Some(version) = machine.installed(package) {
                status.push_str(&as_installed(&String::from_utf8_lossy(universe.stanza(version))));
            }
        }
        Ok(Self { name: ESSENTIAL.to_owned(), status: status.into_bytes() })
    }

    /// What it is called in a stack.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text of the status file.
    pub fn status(&self) -> &[u8] {
        &self.status
    }

    pub(super) fn description(&self) -> String {
        format!("the profile `{}`", self.name)
    }
}

impl Machine<'_, '_> {
    /// Whether every system has a package.
    fn is_basic(&self, package: PackageId) -> bool {
        let universe = self.universe();
        universe.architecture_of(package) == super::universe::ArchitectureId::NATIVE
            && self.candidate(package).is_some_and(|version| {
                universe.is_essential(package)
                    || universe.is_protected(package)
                    || universe.version(version).importance == REQUIRED
            })
    }
}

/// A stanza of an index as it would stand in a status file.
fn as_installed(stanza: &str) -> String {
    let mut text = String::with_capacity(stanza.len() + 32);
    let of_archive =
        ["filename:", "size:", "sha256:", "sha1:", "md5sum:", "description-md5:", "phased-update-percentage:"];
    let mut keep = true;
    for line in stanza.lines() {
        if !line.starts_with([' ', '\t']) {
            let lower = line.to_ascii_lowercase();
            keep = !of_archive.iter().any(|field| lower.starts_with(field));
        }
        if keep {
            text.push_str(line);
            text.push('\n');
        }
        if line.to_ascii_lowercase().starts_with("package:") {
            let _ = writeln!(text, "Status: install ok installed");
        }
    }
    text.push('\n');
    text
}

/// The smallest system can't be computed.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the base of the release can't be computed: {} can't be installed", missing.join(", "))]
#[diagnostic(help("name the repository and the components of the release itself, or give the profile of a node"))]
pub struct EssentialError {
    /// The packages.
    pub missing: Vec<String>,
}
