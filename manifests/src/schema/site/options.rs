//! The shapes of what a site asks of its cluster beyond networks.

use schemars::JsonSchema;
use serde::Serialize;

use crate::kubernetes::NamespaceName;
use crate::schema::values::LocalPath;

/// When etcd is saved.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum SnapshotsShape {
    /// `false`: never.
    Off(#[schemars(extend("const" = false))] bool),
    /// By a plan.
    Planned(SnapshotPlan),
}

/// A plan by which etcd is saved.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SnapshotPlan {
    /// When; the distribution's own times if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ScheduleWord>,
    /// How many are kept; as many as the distribution keeps if not given.
    #[schemars(range(min = 1, max = 1000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention: Option<u16>,
    /// Whether they are compressed: false if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compress: Option<bool>,
}

/// Minute, hour, day of the month, month and day of the week as cron has them, or `@daily` and the like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct ScheduleWord(
    #[schemars(
        length(max = 100),
        regex(
            pattern = r"^(@(yearly|annually|monthly|weekly|daily|midnight|hourly)|[0-9*?,/-]+ [0-9*?,/-]+ [0-9*?,/-]+ [0-9A-Za-z*?,/-]+ [0-9A-Za-z*?,/-]+)$"
        )
    )]
    pub String,
);

/// What the API server writes down of requests.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum AuditPolicyShape {
    /// The one that is built in.
    Word(AuditPolicyWord),
    /// One of the site's.
    File(PolicyFile),
}

/// The policy that is built in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AuditPolicyWord {
    /// Who changed what, without the content of secrets.
    Default,
}

/// A policy of the site's.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct PolicyFile {
    /// The file: a `Policy` of `audit.k8s.io/v1`.
    pub file: LocalPath,
}

/// What pods may do in namespaces that say nothing of it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct PodSecurityShape {
    /// The level of the Pod Security Standards.
    pub level: PodSecurityWord,
    /// Namespaces in which nothing is refused, beside the distribution's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exempt: Vec<NamespaceName>,
}

/// A level of the Pod Security Standards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PodSecurityWord {
    /// Everything.
    Privileged,
    /// Nothing that is known to lead out of a container.
    Baseline,
    /// Only what hardened workloads need.
    Restricted,
}

/// A benchmark that a distribution holds itself to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProfileWord {
    /// That of the Center for Internet Security.
    Cis,
}

/// What a chart of the distribution is told.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ChartShape {
    /// Its values, over those of the distribution; no secrets.
    pub values: serde_json::Map<String, serde_json::Value>,
}
