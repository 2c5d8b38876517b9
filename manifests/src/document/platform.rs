//! How a bundle is deployed: the distribution, and the components in the order in which they go in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{CarriedFile, Document, Files};
use crate::component::{KernelModule, SysctlName, SysctlValue};
use crate::kubernetes::{
    ConditionType, DistributionName, DistributionVersion, GroupVersion, Kind, LabelKey, LabelValue, NamespaceName,
    ObjectName, ReleaseName,
};
use crate::values::Values;
use crate::{BundleName, ImageReference};

/// The key of a ConfigMap under which a site's CA is kept.
pub const SITE_CA_KEY: &str = "ca.crt";
/// How long a release may take if nothing else is said, in seconds: ten minutes.
pub const DEFAULT_TIMEOUT: u32 = 600;
/// How long a release may take at most, in seconds: a day.
pub const LONGEST_TIMEOUT: u32 = 86_400;

/// How a bundle is deployed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Platform {
    /// The distribution of Kubernetes.
    pub distribution: Distribution,
    /// The components, each behind those that it needs.
    pub components: Vec<PlatformComponent>,
}

/// The distribution of Kubernetes that a platform stands on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distribution {
    /// Which one.
    pub name: DistributionName,
    /// Its version.
    pub version: DistributionVersion,
    /// The name of the set of files that holds its release.
    pub files: String,
    /// What of that which it brings is left out, as its option `disable` names it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disable: Vec<ObjectName>,
}

/// How a component is deployed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlatformComponent {
    /// Its name.
    pub name: BundleName,
    /// The components that have to be ready before it goes in; each stands before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<BundleName>,
    /// The namespaces that it is deployed to, to be there before all else of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub namespaces: Vec<Namespace>,
    /// Files of Kubernetes' objects, as paths in the set of files that has the component's name. They are applied
    /// before the releases are installed, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub manifests: Vec<String>,
    /// The releases of charts, in the order in which they are installed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub releases: Vec<Release>,
    /// What has to hold before it counts as ready, beside its own workloads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ready: Vec<Readiness>,
    /// Where its pods look for the CA of the site's server.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub site_ca: Vec<SiteCa>,
    /// Where its pods look for the user and password of the site's server.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub site_credentials: Vec<SiteCredentials>,
    /// The modules of the kernel that are loaded on every node.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kernel_modules: Vec<KernelModule>,
    /// The settings of the kernel that are set on every node.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sysctls: BTreeMap<SysctlName, SysctlValue>,
}

/// A namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Namespace {
    /// Its name.
    pub name: NamespaceName,
    /// Its labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<LabelKey, LabelValue>,
}

/// A release of a chart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Release {
    /// Its name.
    pub name: ReleaseName,
    /// The namespace that it is installed in.
    pub namespace: NamespaceName,
    /// The reference of the chart's item.
    pub chart: ImageReference,
    /// The values that it is installed with: those of the component under those of the stack.
    #[serde(default, skip_serializing_if = "Values::is_empty")]
    pub values: Values,
    /// Other values that a site may choose by their name; they come over those.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variants: BTreeMap<BundleName, Values>,
    /// What becomes of a release that fails.
    pub failure_policy: FailurePolicy,
    /// How long it may take, in seconds.
    pub timeout: u32,
    /// Whether it is needed before nodes are ready, as a network is: it then runs in the host's network.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bootstrap: bool,
}

/// What the cluster's helm controller does with a release that fails.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FailurePolicy {
    /// It is left as it is, for people to look at.
    #[default]
    Abort,
    /// It is uninstalled, with what its custom resources own, and installed anew.
    Reinstall,
}

/// What has to hold before a component counts as ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Readiness {
    /// A workload is rolled out, or a claim bound.
    Workload {
        /// Its kind.
        kind: WorkloadKind,
        /// Its namespace.
        namespace: NamespaceName,
        /// Its name.
        name: ObjectName,
    },
    /// A kind of custom resources is served.
    Crd {
        /// The definition's name.
        name: ObjectName,
    },
    /// A part of the API that a workload serves is available.
    ApiService {
        /// Its name.
        name: ObjectName,
    },
    /// An object says of itself that a condition is true.
    #[serde(rename_all = "camelCase")]
    Condition {
        /// Its version and group.
        api_version: GroupVersion,
        /// Its kind.
        kind: Kind,
        /// Its namespace; none for an object of the cluster.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        namespace: Option<NamespaceName>,
        /// Its name.
        name: ObjectName,
        /// The condition.
        condition: ConditionType,
    },
}

/// Kinds of which it is known when they are ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum WorkloadKind {
    /// All replicas are of the newest form and available.
    Deployment,
    /// All replicas are of the newest form and ready.
    StatefulSet,
    /// The pod of each node is of the newest form and available.
    DaemonSet,
    /// It has succeeded.
    Job,
    /// It is bound.
    PersistentVolumeClaim,
}

/// A ConfigMap that holds the CA of the site's server under [`SITE_CA_KEY`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SiteCa {
    /// Its name.
    pub config_map: ObjectName,
    /// Its namespace.
    pub namespace: NamespaceName,
}

/// A Secret of the type `kubernetes.io/dockerconfigjson` that holds the user and password of the site's server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SiteCredentials {
    /// Its name.
    pub secret: ObjectName,
    /// Its namespace.
    pub namespace: NamespaceName,
}

impl Document {
    /// How the bundle is deployed; none for one that only carries.
    pub fn platform(&self) -> Option<&Platform> {
        self.platform.as_ref()
    }

    /// The set of files of a name.
    pub fn file_set(&self, name: &str) -> Option<&Files> {
        self.items.iter().filter_map(super::Item::as_files).find(|set| set.name == name)
    }

    /// The files of Kubernetes' objects of a component, in the order in which they are applied. A validated document
    /// has them all.
    pub fn manifests<'d>(&'d self, component: &'d PlatformComponent) -> impl Iterator<Item = &'d CarriedFile> {
        let set = self.file_set(component.name.as_str());
        let find = move |path: &String| set?.files.iter().find(|file| file.path == *path);
        component.manifests.iter().filter_map(find)
    }
}
