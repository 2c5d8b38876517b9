use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use manifests::{BundleName, Digest};
use semver::Version;
use serde::{Deserialize, Serialize};

use super::{StoreError, StoreLock, write_atomically};

/// The version floors of a site: for each bundle's name the highest version that was imported. An older bundle is a
/// replay of known holes, however well it is signed, so it is refused. No clock is asked.
#[derive(Debug)]
pub struct Floors {
    path: PathBuf,
    floors: BTreeMap<String, Floor>,
}

/// The floor of one name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Floor {
    /// The highest version that was imported.
    pub version: Version,
    /// Which bundle that was.
    pub bundle: Digest,
}

/// A bundle that is older than one that the site has imported already.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{name} {version} is older than {floor}, which this site has imported already")]
#[diagnostic(help("to go back on purpose, say so with --allow-downgrade"))]
pub struct BelowFloor {
    /// The bundle's name.
    pub name: BundleName,
    /// Its version.
    pub version: Version,
    /// The floor.
    pub floor: Version,
}

impl Floors {
    pub(super) fn load(path: &Path) -> Result<Self, StoreError> {
        let floors = match std::fs::read(path) {
            Ok(bytes) => {
                serde_json::from_slice(&bytes).map_err(|source| StoreError::Format { path: path.to_owned(), source })?
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(StoreError::io("read", path)(error)),
        };
        Ok(Self { path: path.to_owned(), floors })
    }

    /// The floor of a name, once a bundle of that name was imported.
    pub fn get(&self, name: &BundleName) -> Option<&Floor> {
        self.floors.get(name.as_str())
    }

    /// All names and their floors.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Floor)> {
        self.floors.iter().map(|(name, floor)| (name.as_str(), floor))
    }

    /// Whether a bundle may be imported.
    ///
    /// # Errors
    /// [`BelowFloor`] when a later version was imported before.
    pub fn check(&self, name: &BundleName, version: &Version) -> Result<(), BelowFloor> {
        match self.get(name) {
            Some(floor) if *version < floor.version => {
                Err(BelowFloor { name: name.clone(), version: version.clone(), floor: floor.version.clone() })
            }
            _ => Ok(()),
        }
    }

    /// Remembers an imported bundle. A floor only rises.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be written.
    pub fn raise(
        &mut self,
        _: &StoreLock,
        name: &BundleName,
        version: &Version,
        bundle: Digest,
    ) -> Result<(), StoreError> {
        if self.get(name).is_some_and(|floor| floor.version > *version) {
            return Ok(());
        }
        self.floors.insert(name.as_str().to_owned(), Floor { version: version.clone(), bundle });
        let bytes = serde_json::to_vec_pretty(&self.floors)
            .map_err(|source| StoreError::Format { path: self.path.clone(), source })?;
        write_atomically(&self.path, &bytes, 0o644)
    }
}
