//! The shape of `site.yaml`. What stands as documentation here is what an editor shows beside a field.

mod access;
mod cluster;
mod options;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

pub use access::{
    BastionShape, BecomePassword, BecomeShape, BecomeWord, HostKeyWord, SecretEnvironment, SecretFile, SecretPrompt,
    SecretShape, SshDefaults, SshShape,
};
pub use cluster::{
    AddressWord, BalancerShape, ClusterShape, CniShape, CniWithChoices, CniWord, DataShape, DnsShape, EncryptionWord,
    EndpointShape, FolderWord, LabelWord, NetworkWord, NodeShape, RoleWord, TaintWord, VipShape,
};
pub use options::{
    AuditPolicyShape, AuditPolicyWord, ChartShape, PodSecurityShape, PodSecurityWord, PolicyFile, ProfileWord,
    ScheduleWord, SnapshotPlan, SnapshotsShape,
};

use super::values::{ApiVersion, ChartRange, LocalPath, WebUrl};
use crate::BundleName;

/// A site: the machines behind the gap, how they are reached, and what only the site knows.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields, title = "site.yaml")]
pub struct SiteFile {
    /// The version of this format.
    pub api_version: ApiVersion,
    /// The kind of this file.
    pub kind: SiteKind,
    /// The site's name.
    pub name: BundleName,
    /// What it is, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The bundles that may be installed here.
    pub bundle: BundleShape,
    /// The machine that serves the bundle to the nodes.
    pub jump_host: JumpHostShape,
    /// How nodes are reached, where they say nothing else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ssh: Option<SshDefaults>,
    /// How the user becomes root on nodes that say nothing else; without it by `sudo` without a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#become: Option<BecomeShape>,
    /// Machines on the way to others, by a name of one's own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub bastions: BTreeMap<BundleName, BastionShape>,
    /// The machines of the cluster: 1, 3 or 5 servers and any number of agents.
    #[schemars(length(min = 1))]
    pub nodes: Vec<NodeShape>,
    /// The cluster's networks and how its API is reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ClusterShape>,
    /// The servers that nodes take their time from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ntp: Vec<HostWord>,
    /// The site's own registries, by their host (and port).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub registries: BTreeMap<String, SiteRegistryShape>,
    /// What the site says to components, by their name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub components: BTreeMap<BundleName, ValuesShape>,
    /// The certificates that the site brings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificates: Option<CertificatesShape>,
    /// The checks of its machines that may fail here, by their id, and why.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub waivers: BTreeMap<String, String>,
}

/// The kind of a site's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub enum SiteKind {
    /// A site.
    Site,
}

/// The name or address of a machine, without a port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct HostWord(#[schemars(length(min = 1, max = 253), regex(pattern = r"^[0-9a-zA-Z:.-]+$"))] pub String);

/// The bundles that may be installed.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct BundleShape {
    /// Their name: that of the stack.
    pub name: BundleName,
    /// Their versions, as a range.
    pub versions: ChartRange,
}

/// The machine that serves the bundle to the nodes.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct JumpHostShape {
    /// The name or address by which nodes reach it.
    pub address: HostWord,
    /// The port that it serves on; 5000 if not given.
    #[schemars(range(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
}

/// A registry of the site's own.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SiteRegistryShape {
    /// Where it is asked instead of under its own name, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub endpoints: Vec<WebUrl>,
    /// Certificates (PEM) that are trusted for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<LocalPath>,
    /// Who logs in; needs `password`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Where the password is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<SecretShape>,
}

/// What the site says to a component.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ValuesShape {
    /// The variant of its values that this site takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<BundleName>,
    /// Values of its charts, over those of the stack; no secrets.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub values: serde_json::Map<String, serde_json::Value>,
    /// Values that are secrets: the path in the values (`auth.adminPassword`), and where the secret is.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, SecretShape>,
}

/// The certificates that the site brings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct CertificatesShape {
    /// Authorities (PEM) that nodes and pods trust, beside the one that the site's server is known by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trust: Vec<LocalPath>,
    /// The authority that the site's server is known by, instead of one that is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authority: Option<PairShape>,
    /// The certificate of the site's server itself; who issued it stands in `trust`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<PairShape>,
}

/// A certificate with its key.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct PairShape {
    /// The certificate (PEM), with those that it was issued by.
    pub certificate: LocalPath,
    /// Its key (PEM).
    pub key: LocalPath,
    /// Where the key's passphrase is, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passphrase: Option<SecretShape>,
}
