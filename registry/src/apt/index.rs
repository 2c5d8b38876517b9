//! Looking at an index before the site puts its name to it: it has to describe exactly the packages that are carried.

use std::collections::HashMap;

use manifests::debian::control::{ControlError, Stanzas};
use manifests::debian::{Architecture, Package, PackageError};
use manifests::document::{CarriedPackage, Packages};

/// Why a bundle's index is not one that a site may sign.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// It is no control file.
    #[error("the index can't be read")]
    Control(#[from] ControlError),
    /// It describes something that is no package.
    #[error("the index can't be read")]
    Package(#[from] PackageError),
    /// It describes something that is not carried, or describes it twice or differently.
    #[error("line {line}: `{name}` is not as it is carried, or not carried at all")]
    Stranger {
        /// The line that the description begins in, from 1.
        line: usize,
        /// What it is a description of.
        name: String,
    },
    /// It lacks a package.
    #[error("{name} {version} is carried, but not described")]
    Missing {
        /// The package's name.
        name: String,
        /// The package's version.
        version: String,
    },
}

/// Checks the text of an architecture's index against what the document says is carried.
pub(super) fn check(text: &[u8], set: &Packages, architecture: &Architecture) -> Result<(), IndexError> {
    let belongs = |package: &&CarriedPackage| package.architecture.is_all() || package.architecture == *architecture;
    let mut expected: HashMap<&str, &CarriedPackage> =
        set.packages.iter().filter(belongs).map(|package| (package.path.as_str(), package)).collect();
    for stanza in Stanzas::new(text) {
        let described = Package::parse(&stanza?)?;
        if !expected.remove(described.filename).is_some_and(|carried| is_same(carried, &described)) {
            let name = described.name.chars().take(120).collect();
            return Err(IndexError::Stranger { line: described.line, name });
        }
    }
    match expected.into_values().min_by_key(|package| &package.path) {
        None => Ok(()),
        Some(CarriedPackage { name, version, .. }) => {
            Err(IndexError::Missing { name: name.to_string(), version: version.to_string() })
        }
    }
}

fn is_same(carried: &CarriedPackage, described: &Package<'_>) -> bool {
    carried.name.as_str() == described.name
        && carried.version.as_str() == described.version
        && carried.architecture.as_str() == described.architecture
        && Some(carried.size) == described.size
        && Some(carried.digest) == described.sha256
}
