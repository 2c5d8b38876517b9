//! Packages of an operating system in a lock.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Place;
use crate::debian::{Architecture, PackageName, Series, Version};
use crate::{BundleName, Digest};

/// The packages of a series: what is asked for, what it was solved to, and the instant at which repositories were read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LockedSystem {
    /// The codename of the release.
    pub series: Series,
    /// Where it is named.
    pub asked: Place,
    /// The architectures of nodes.
    pub architectures: Vec<Architecture>,
    /// Foreign architectures that nodes have enabled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign: Vec<Architecture>,
    /// What nodes have already.
    pub base: Vec<LockedBase>,
    /// The repositories, in the order of the stack.
    pub repositories: Vec<LockedRepository>,
    /// What is asked for, in the order of the stack, and what that stood for.
    pub wanted: Vec<LockedRequest>,
    /// All packages that are carried, in the order of names, versions and architectures.
    pub packages: Vec<LockedPackage>,
}

/// What nodes have already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LockedBase {
    /// `essential`, or the profile's file.
    pub profile: String,
    /// What of the file matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", regex(pattern = "^sha256:[0-9a-f]{64}$"))]
    pub digest: Option<Digest>,
}

/// A repository, as it was at one instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LockedRepository {
    /// Its URL.
    pub repository: String,
    /// Where it is read in the place of its URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<String>,
    /// Its components; none for a flat repository.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<String>,
    /// The architectures that are taken from it, where the stack says so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub architectures: Vec<Architecture>,
    /// The priority of its packages, where the stack says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i16>,
    /// Its suites.
    pub suites: Vec<LockedSuite>,
}

/// A suite, as it was at one instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LockedSuite {
    /// The suite.
    pub suite: String,
    /// When its release was made; none for a suite that has nothing for these nodes and was not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub date: Option<Timestamp>,
    /// What is signed: `InRelease`, or `Release` and `Release.gpg`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signed: Vec<LockedSigned>,
    /// The indexes that were read of those that are signed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indexes: Vec<String>,
    /// For a mirror, the descriptions of packages; none where the archive lists some and does not have them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub translations: Option<Vec<String>>,
}

/// A file that upstream signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LockedSigned {
    /// Its name.
    pub file: String,
    /// Its content.
    #[schemars(with = "String", regex(pattern = "^sha256:[0-9a-f]{64}$"))]
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
}

/// A package that is asked for, for nodes of one architecture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LockedRequest {
    /// The name that is asked for.
    pub package: PackageName,
    /// The component that asks for it.
    pub component: BundleName,
    /// Where it is asked for.
    pub asked: Place,
    /// The architecture of the nodes.
    pub architecture: Architecture,
    /// The versions that will do, where not any will.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub versions: Option<String>,
    /// Whether it is installed with what it recommends.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub recommends: bool,
    /// The foreign architecture that is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign: Option<Architecture>,
    /// The package that it is, where that has another name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<PackageName>,
    /// The version that it is.
    pub version: Version,
}

/// A package that is carried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LockedPackage {
    /// Its name.
    pub package: PackageName,
    /// Its version.
    pub version: Version,
    /// Its own architecture.
    pub architecture: Architecture,
    /// The suite that it was found in, below the URL of its repository.
    pub from: String,
    /// The `.deb`.
    #[schemars(with = "String", regex(pattern = "^sha256:[0-9a-f]{64}$"))]
    pub digest: Digest,
    /// The size of the `.deb` in bytes.
    pub size: u64,
}

/// A repository that is carried whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LockedMirror {
    /// Its name at the site.
    pub mirror: BundleName,
    /// Where it is asked for.
    pub asked: Place,
    /// The repository.
    pub repository: LockedRepository,
    /// How many packages it has.
    pub packages: u64,
    /// Their bytes.
    pub size: u64,
}
