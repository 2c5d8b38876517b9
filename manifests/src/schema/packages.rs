//! The shapes of packages, their repositories, and what nodes run.

use schemars::JsonSchema;
use serde::Serialize;

use super::values::{LocalPath, WebUrl};
use crate::BundleName;
use crate::debian::{Architecture, Series, VersionConstraint};

/// A package: its name alone, or with options.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum PackageShape {
    /// The name.
    Named(PackageTemplate),
    /// With options.
    WithOptions(PackageWithOptions),
}

/// A package's name, such as `open-iscsi`. `{kernel}` in it stands for each of the system's kernels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct PackageTemplate(
    #[schemars(regex(pattern = r"^([a-z0-9]|\{kernel\})([a-z0-9+.-]|\{kernel\})*$"))] pub String,
);

/// A package with options.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct PackageWithOptions {
    /// Its name. `{kernel}` in it stands for each of the system's kernels.
    pub package: PackageTemplate,
    /// Which versions will do; without it the one that apt would take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<VersionConstraint>,
    /// Whether what it recommends is carried and installed too: false if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recommends: Option<bool>,
    /// The foreign architecture of the package itself, such as `i386`; without it the nodes' own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub foreign: Option<Architecture>,
    /// The systems that it is for; without it all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub series: Vec<Series>,
    /// The architectures of nodes that it is for; without it all of the system.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub architectures: Vec<Architecture>,
}

/// A repository of a system.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct SystemRepository {
    /// Where it is.
    pub url: WebUrl,
    /// Its suites, as apt's sources have them.
    pub suites: Vec<SuiteName>,
    /// Its components; none for a flat repository.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<String>,
    /// The key that signs it: a file, or the armoured key itself.
    #[schemars(length(min = 1))]
    pub key: String,
    /// Where it is read instead: the same repository at some time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<WebUrl>,
    /// The priority of its packages, as apt has them; not 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<i16>,
    /// The architectures that it has packages for; without it all of the system.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub architectures: Vec<Architecture>,
    /// Whether it is taken although its `Valid-Until` has passed: false if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_expired: Option<bool>,
}

/// A repository that a component brings along.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct ComponentRepository {
    /// Where it is.
    pub url: WebUrl,
    /// Its suites, as apt's sources have them.
    pub suites: Vec<SuiteName>,
    /// Its components; none for a flat repository.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<String>,
    /// The key that signs it: a file, or the armoured key itself.
    #[schemars(length(min = 1))]
    pub key: String,
    /// Where it is read instead: the same repository at some time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<WebUrl>,
    /// The priority of its packages, as apt has them; not 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<i16>,
    /// The architectures that it has packages for; without it all of the system.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub architectures: Vec<Architecture>,
    /// Whether it is taken although its `Valid-Until` has passed: false if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_expired: Option<bool>,
    /// The systems that it is for; without it all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub series: Vec<Series>,
}

/// A repository of which all packages of some suites, components and architectures are carried, as upstream signed them.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct MirrorShape {
    /// Its name at the site.
    pub name: BundleName,
    /// Where it is.
    pub url: WebUrl,
    /// The suites to carry, as apt's sources have them.
    pub suites: Vec<SuiteName>,
    /// The components to carry; none for a flat repository.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<String>,
    /// The architectures to carry, as `dpkg --print-architecture` says them.
    #[schemars(length(min = 1))]
    pub architectures: Vec<Architecture>,
    /// The key that signs it: a file, or the armoured key itself.
    #[schemars(length(min = 1))]
    pub key: String,
    /// Where it is read instead: the same repository at some time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<WebUrl>,
    /// Whether it is taken although its `Valid-Until` has passed: false if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_expired: Option<bool>,
}

/// A suite: `bookworm-updates`; `./` for a flat repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct SuiteName(#[schemars(length(min = 1, max = 200), regex(pattern = r"^[A-Za-z0-9._~+/-]+$"))] pub String);

/// What nodes run: packages are carried for each system.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SystemShape {
    /// The codename of the release, such as `bookworm` or `noble`.
    pub series: Series,
    /// The architectures of nodes; without it those of the stack's platforms.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub architectures: Vec<Architecture>,
    /// Foreign architectures that nodes have enabled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign: Vec<Architecture>,
    /// What nodes have already: `essential`, or dpkg status files; without it `essential`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub base: Vec<LocalPath>,
    /// The kernels that nodes run, as `uname -r` prints them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kernels: Vec<Kernel>,
    /// The repositories that packages come from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repositories: Vec<SystemRepository>,
}

/// What `uname -r` prints, such as `6.1.0-28-amd64`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Kernel(#[schemars(length(max = 100), regex(pattern = r"^[0-9][a-z0-9.+-]*$"))] pub String);
