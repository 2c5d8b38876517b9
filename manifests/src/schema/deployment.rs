//! The shapes of how components are deployed.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::values::LocalPath;
use crate::BundleName;
use crate::document::{FailurePolicy, WorkloadKind};
use crate::kubernetes::{
    ConditionType, DistributionName, DistributionVersion, GroupVersion, Kind, LabelKey, LabelValue, NamespaceName,
    ObjectName, ReleaseName,
};

/// How a chart is installed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseShape {
    /// Whether it is installed: true if not given. One that is not is only carried; it is rendered to see what it refers to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub install: Option<bool>,
    /// The release's name; without it the chart's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<ReleaseName>,
    /// The namespace that it is installed in; without it the component's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<NamespaceName>,
    /// Values of the chart; no secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<ValuesMapping>,
    /// Other values that it is installed with at some sites: images are looked for under each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<VariantShape>,
    /// What of its values only the site knows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub site_values: Vec<SiteValueShape>,
    /// Instead: a file with them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values_file: Option<LocalPath>,
    /// What becomes of a release that fails: `abort` if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_policy: Option<FailurePolicy>,
    /// How long it may take, such as `10m`, which it is if not given; at most `24h`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<TimeWord>,
    /// Whether it is needed before nodes are ready, as a network is: false if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bootstrap: Option<bool>,
}

/// Values of a chart.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct ValuesMapping(pub serde_json::Map<String, serde_json::Value>);

/// Values that a chart is installed with at some sites.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct VariantShape {
    /// Its name.
    pub name: BundleName,
    /// What it says over the values of the release.
    pub values: ValuesMapping,
}

/// A value that only the site knows.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct SiteValueShape {
    /// The names on the way to it, with dots between them: `auth.host`.
    pub path: ValuePath,
    /// What stands in its place where the chart is rendered without a site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub placeholder: Option<serde_json::Value>,
    /// Instead: all that a site may say. The chart is rendered with each.
    #[schemars(length(min = 2, max = 16))]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub one_of: Vec<serde_json::Value>,
}

/// The path of a value: names with dots between them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct ValuePath(
    #[schemars(length(max = 255), regex(pattern = r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$"))] pub String,
);

/// Hours, minutes and seconds: `90s`, `10m`, `1h30m`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct TimeWord(
    #[schemars(length(min = 2), regex(pattern = r"^([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,6}s)?$"))] pub String,
);

/// A namespace: its name alone, or with labels.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum NamespaceShape {
    /// The name.
    Named(NamespaceName),
    /// With labels.
    WithLabels(LabelledNamespace),
}

/// A namespace with labels.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct LabelledNamespace {
    /// Its name.
    pub name: NamespaceName,
    /// Its labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<LabelKey, LabelValue>,
}

/// What has to hold before a component counts as ready.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ReadyShape {
    /// A workload is rolled out, or a claim bound.
    Workload(ReadyWorkload),
    /// A kind of custom resources is served.
    Crd(ReadyCrd),
    /// A part of the API that a workload serves is available.
    ApiService(ReadyApiService),
    /// An object says of itself that a condition is true.
    Condition(ReadyCondition),
}

/// A workload is rolled out, or a claim bound.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ReadyWorkload {
    /// Its kind.
    pub kind: WorkloadKind,
    /// Its namespace; without it the component's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<NamespaceName>,
    /// Its name.
    pub name: ObjectName,
}

/// A kind of custom resources is served.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ReadyCrd {
    /// The definition's name, such as `certificates.cert-manager.io`.
    pub crd: NameWithGroup,
}

/// A part of the API that a workload serves is available.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct ReadyApiService {
    /// Its name, such as `v1beta1.metrics.k8s.io`.
    pub api_service: NameWithGroup,
}

/// A name that ends with a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct NameWithGroup(
    #[schemars(
        length(max = 253),
        regex(pattern = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$")
    )]
    pub String,
);

/// An object says of itself that a condition is true.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct ReadyCondition {
    /// Its version, with its group.
    pub api_version: GroupVersion,
    /// Its kind.
    pub kind: Kind,
    /// Its namespace; without it an object of the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<NamespaceName>,
    /// Its name.
    pub name: ObjectName,
    /// The condition.
    pub condition: ConditionType,
}

/// Where pods look for the CA of the site's server: one place or several.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum SiteCaShape {
    /// One.
    One(SiteCaPlace),
    /// Several.
    Several(Vec<SiteCaPlace>),
}

/// A ConfigMap that gets the CA of the site's server as `ca.crt`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct SiteCaPlace {
    /// Its name.
    pub config_map: ObjectName,
    /// Its namespace; without it the component's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<NamespaceName>,
}

/// Where pods look for who they are at the site's server: one place or several.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum SiteCredentialsShape {
    /// One.
    One(SiteCredentialsPlace),
    /// Several.
    Several(Vec<SiteCredentialsPlace>),
}

/// A Secret of the type `kubernetes.io/dockerconfigjson` that gets the user and password of the site's server.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct SiteCredentialsPlace {
    /// Its name.
    pub secret: ObjectName,
    /// Its namespace; without it the component's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<NamespaceName>,
}

/// The distribution of Kubernetes that components are deployed on.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct DistributionShape {
    /// Which one.
    pub name: DistributionName,
    /// Its version, as its releases have it.
    pub version: DistributionVersion,
    /// The component whose files hold the release; without it the one of the distribution's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<BundleName>,
    /// What of that which it brings is left out, as its own option `disable` names it: `rke2-ingress-nginx`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disable: Vec<ObjectName>,
}
