//! Packages of an operating system, as one artifact for each series: an apt repository without its signature.

use serde::{Deserialize, Serialize};

use crate::debian::{Architecture, PackageName, Series, Version};
use crate::oci::Descriptor;
use crate::{Digest, ImageReference};

/// All packages that are carried for one series.
///
/// The titles of the artifact's layers are the paths of an apt repository: the `.deb` files under `pool/`, and an index
/// for each architecture. A site adds the `Release` files and its own signature, nothing else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Packages {
    /// The series of the nodes, such as `bookworm`.
    pub series: Series,
    /// Where the site's registry has the artifact: `bundle.local/packages/<series>:<bundle version>`.
    pub reference: ImageReference,
    /// The artifact's manifest.
    pub descriptor: Descriptor,
    /// The architectures that nodes run.
    pub architectures: Vec<Architecture>,
    /// What is to be installed, by component; all else in `packages` is there because these need it.
    pub wanted: Vec<WantedPackage>,
    /// Every package that is carried, in the order of names, versions and architectures.
    pub packages: Vec<CarriedPackage>,
    /// The indexes, one for each architecture of nodes and each foreign one.
    pub indexes: Vec<PackagesIndex>,
    /// The profiles of nodes that the packages are complete for.
    pub profiles: Vec<String>,
    /// Why nobody tried with apt itself whether the packages are complete; none where that was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unproved: Option<String>,
}

/// A package that a component wants on the nodes, in the version that is carried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedPackage {
    /// The component.
    pub component: String,
    /// The package.
    pub package: PackageName,
    /// The architecture of the nodes that it is for; the package itself may be of the architecture `all`.
    pub architecture: Architecture,
    /// The version to install.
    pub version: Version,
    /// The foreign architecture of the package itself; none where it is of the nodes' own, or `all`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign: Option<Architecture>,
    /// Whether it is installed with what it recommends.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub recommends: bool,
}

/// A package that is carried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarriedPackage {
    /// Its name.
    pub name: PackageName,
    /// Its version.
    pub version: Version,
    /// Its own architecture; `all` for a package that runs on each.
    pub architecture: Architecture,
    /// Its path in the repository, below `pool/`.
    pub path: String,
    /// The digest of the `.deb`.
    pub digest: Digest,
    /// The size of the `.deb` in bytes.
    pub size: u64,
}

/// The index of one architecture: an unsigned `Packages` file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackagesIndex {
    /// The architecture.
    pub architecture: Architecture,
    /// The digest of its text.
    pub digest: Digest,
    /// The size of its text in bytes.
    pub size: u64,
}

impl WantedPackage {
    /// The architecture of the package itself, unless it is of `all`.
    pub fn own_architecture(&self) -> &Architecture {
        self.foreign.as_ref().unwrap_or(&self.architecture)
    }

    /// How apt names it: with its architecture where that is a foreign one.
    pub fn full_name(&self) -> String {
        match &self.foreign {
            Some(foreign) => format!("{}:{foreign}", self.package),
            None => self.package.to_string(),
        }
    }
}

impl Packages {
    /// The path of an architecture's index in the repository.
    pub fn index_path(series: &Series, architecture: &Architecture) -> String {
        format!("dists/{series}/main/binary-{architecture}/Packages")
    }
}
