//! The shapes of the machines of a cluster and of its networks.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::HostWord;
use super::access::{BecomeShape, SshShape};
use super::options::{AuditPolicyShape, ChartShape, PodSecurityShape, ProfileWord, SnapshotsShape};
use crate::BundleName;

/// An IP address: `10.0.0.7`, `fd00::7`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct AddressWord(
    #[schemars(regex(pattern = r"^([0-9]{1,3}(\.[0-9]{1,3}){3}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*)$"))] pub String,
);

/// A network of addresses: `10.42.0.0/16`, `fd00:42::/56`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct NetworkWord(#[schemars(regex(pattern = r"^[0-9a-fA-F:.]+/[0-9]{1,3}$"))] pub String);

/// A taint: `key=value:effect` or `key:effect`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct TaintWord(
    #[schemars(regex(pattern = r"^[^:=]+(=[^:=]*)?:(NoSchedule|PreferNoSchedule|NoExecute)$"))] pub String,
);

/// An absolute path on a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct FolderWord(#[schemars(length(max = 255), regex(pattern = r"^(/[A-Za-z0-9._-]+)+$"))] pub String);

/// A machine of the cluster.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct NodeShape {
    /// Its name in the cluster.
    #[schemars(length(max = 63), regex(pattern = r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$"))]
    pub name: String,
    /// Its IP address in the network that nodes share.
    pub address: AddressWord,
    /// What it is in the cluster.
    pub role: RoleWord,
    /// Its labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, LabelWord>,
    /// Its taints.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taints: Vec<TaintWord>,
    /// How it is reached, where that differs from the site's `ssh`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ssh: Option<SshShape>,
    /// How the user becomes root, where that differs from the site's `become`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#become: Option<BecomeShape>,
    /// Where its data is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_directories: Option<DataShape>,
}

/// The value of a label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct LabelWord(
    #[schemars(length(max = 63), regex(pattern = r"^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?$"))] pub String,
);

/// What a node is in the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RoleWord {
    /// It runs the control plane and etcd.
    Server,
    /// It runs workloads only.
    Agent,
}

/// Where a node's data is; what is not named is where the distribution has it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct DataShape {
    /// The distribution's: images, containers, etcd.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distribution: Option<FolderWord>,
    /// The kubelet's: volumes of pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kubelet: Option<FolderWord>,
    /// The snapshots of etcd, on servers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshots: Option<FolderWord>,
}

/// The cluster's networks and how its API is reached.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct ClusterShape {
    /// How the API is reached: needed with more than one server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<EndpointShape>,
    /// More names and addresses that the API's certificate is valid for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sans: Vec<HostWord>,
    /// Where pods have their addresses: one network, of the family of the nodes' addresses; `10.42.0.0/16` if not given.
    #[serde(rename = "podCIDRs", default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 2))]
    pub pod_cidrs: Vec<NetworkWord>,
    /// Where services have their addresses, of the same family; `10.43.0.0/16` if not given.
    #[serde(rename = "serviceCIDRs", default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 2))]
    pub service_cidrs: Vec<NetworkWord>,
    /// What connects pods; the distribution's own choice if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cni: Option<CniShape>,
    /// Names within the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns: Option<DnsShape>,
    /// When etcd is saved on the servers' disks, or `false`; the distribution's own plan if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshots: Option<SnapshotsShape>,
    /// What the API server writes down of requests: `default`, or a policy of the site; the distribution's own if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit_policy: Option<AuditPolicyShape>,
    /// What pods may do in namespaces that say nothing of it; the distribution's own choice if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_security: Option<PodSecurityShape>,
    /// The benchmark that the distribution holds itself to; RKE2 only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<ProfileWord>,
    /// Whether nodes share the images that they have: false if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedded_registry: Option<bool>,
    /// Whether secrets are encrypted in the cluster's store: true if not given. RKE2 always does it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secrets_encryption: Option<bool>,
    /// What the distribution's own charts are told, by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub charts: BTreeMap<BundleName, ChartShape>,
}

/// How the API is reached.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum EndpointShape {
    /// At an address that wanders between servers.
    Vip(VipShape),
    /// Through a load balancer that the site has.
    Balancer(BalancerShape),
}

/// An address that wanders between servers.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct VipShape {
    /// An unused address of the nodes' network.
    pub vip: AddressWord,
    /// The network interface that it is on; without it the one that has the server's own address.
    #[schemars(regex(pattern = r"^[A-Za-z0-9._-]{1,15}$"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
}

/// A load balancer that the site has.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct BalancerShape {
    /// Its name or address.
    pub balancer: HostWord,
}

/// What connects pods: its name alone, or with Cilium's choices.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum CniShape {
    /// The name.
    Named(CniWord),
    /// With choices.
    WithChoices(CniWithChoices),
}

/// What connects pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CniWord {
    /// Flannel's network with Calico's policies.
    Canal,
    /// Calico.
    Calico,
    /// Cilium.
    Cilium,
    /// Flannel alone: no network policies.
    Flannel,
    /// Nothing that the distribution brings.
    None,
}

/// Cilium with its choices.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct CniWithChoices {
    /// `cilium`: the others have no choices.
    pub name: CniWord,
    /// Whether it takes the place of kube-proxy: false if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kube_proxy_replacement: Option<bool>,
    /// How traffic between nodes is encrypted; not at all if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encryption: Option<EncryptionWord>,
    /// Whether pods may leave through chosen nodes: false if not given. Needs `kubeProxyReplacement`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub egress_gateway: Option<bool>,
}

/// How traffic between nodes is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EncryptionWord {
    /// By WireGuard.
    WireGuard,
    /// By IPsec.
    IpSec,
}

/// Names within the cluster.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct DnsShape {
    /// The address of the cluster's DNS, in the services' network; its tenth if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<AddressWord>,
    /// The domain of the cluster's names; `cluster.local` if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<HostWord>,
    /// The site's own name servers, which other names are asked of; those of the nodes if not given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 3))]
    pub upstream: Vec<AddressWord>,
}
