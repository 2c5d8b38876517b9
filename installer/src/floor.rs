//! `<state>/floor.json`: the highest version of every bundle name that this site ever held. It never goes back, so an
//! old bundle, however well signed, can't bring back a hole that a newer one closed.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use semver::Version;
use serde::{Deserialize, Serialize};

/// The floor's name in the state directory.
pub const FILE_NAME: &str = "floor.json";

/// The highest version seen of each bundle name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Floor(BTreeMap<String, Version>);

/// A bundle that is older than what the site held before.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("version {offered} of bundle `{name}` is older than {floor}, which this site has held")]
#[diagnostic(help("carry {floor} or newer; to go back on purpose, pass --allow-downgrade"))]
pub struct BelowFloor {
    /// The bundle's name.
    pub name: String,
    /// The version of the bundle at hand.
    pub offered: Version,
    /// The highest version that was ever imported.
    pub floor: Version,
}

impl Floor {
    /// Reads the floor of a state directory; a site without one has held nothing.
    ///
    /// # Errors
    /// When it is there and can't be read or understood: an unreadable floor must not pass for none.
    pub fn load(state: &Path) -> io::Result<Self> {
        match fs::read(state.join(FILE_NAME)) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    /// Writes it, whole or not at all.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn save(&self, state: &Path) -> io::Result<()> {
        let mut file = tempfile::Builder::new().prefix(".floor.").tempfile_in(state)?;
        serde_json::to_writer_pretty(&mut file, self)?;
        file.write_all(b"\n")?;
        file.as_file().sync_all()?;
        file.persist(state.join(FILE_NAME)).map_err(|error| error.error)?;
        File::open(state)?.sync_all()
    }

    /// Raises the floor of a name. Never lowers it. True when that changed anything.
    pub fn raise(&mut self, name: &str, version: &Version) -> bool {
        if self.of(name).is_some_and(|floor| floor.cmp_precedence(version).is_ge()) {
            return false;
        }
        self.0.insert(name.to_owned(), version.clone());
        true
    }

    /// The highest version of a name that was ever held.
    pub fn of(&self, name: &str) -> Option<&Version> {
        self.0.get(name)
    }

    /// All names and their floors.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Version)> {
        self.0.iter().map(|(name, version)| (name.as_str(), version))
    }

    /// Refuses a bundle that is older than its name's floor.
    ///
    /// # Errors
    /// [`BelowFloor`], which names both versions.
    pub fn admit(&self, name: &str, offered: &Version) -> Result<(), BelowFloor> {
        match self.of(name) {
            Some(floor) if floor.cmp_precedence(offered).is_gt() => {
                Err(BelowFloor { name: name.to_owned(), offered: offered.clone(), floor: floor.clone() })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_floor_rises_and_never_goes_back() {
        let state = tempfile::tempdir().unwrap();
        let version = |text: &str| text.parse::<Version>().unwrap();
        let mut floor = Floor::load(state.path()).unwrap();
        assert!(floor.raise("platform", &version("1.10.0")));
        assert!(!floor.raise("platform", &version("1.9.0")));
        assert!(!floor.raise("platform", &version("1.10.0-rc.1")));
        floor.save(state.path()).unwrap();
        let again = Floor::load(state.path()).unwrap();
        assert_eq!(again.of("platform"), Some(&version("1.10.0")));
        assert_eq!(again.of("other"), None);
    }

    #[test]
    fn a_broken_floor_is_an_error_and_not_an_empty_one() {
        let state = tempfile::tempdir().unwrap();
        fs::write(state.path().join(FILE_NAME), "{").unwrap();
        assert!(Floor::load(state.path()).is_err());
    }
}
