//! What a site asks of its cluster beyond networks. Where it says nothing, the distribution's own choice holds.

use std::collections::BTreeMap;

use super::{LocalFile, Placed, Schedule};
use crate::BundleName;
use crate::kubernetes::NamespaceName;
use crate::values::Values;
use crate::yaml::Location;

/// What a site asks of its cluster beyond networks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Options {
    /// When etcd is saved.
    pub snapshots: Option<Placed<Snapshots>>,
    /// What the API server writes down of requests.
    pub audit_policy: Option<AuditPolicy>,
    /// What pods may do in namespaces that say nothing of it.
    pub pod_security: Option<PodSecurity>,
    /// The benchmark that the distribution holds itself to.
    pub profile: Option<Placed<Profile>>,
    /// Where it says that nodes share the images that they have.
    pub embedded_registry: Option<Location>,
    /// Whether secrets are encrypted in the cluster's store.
    pub secrets_encryption: Option<Placed<bool>>,
    /// What the distribution's own charts are told, by their names.
    pub charts: BTreeMap<BundleName, ChartValues>,
}

/// When etcd is saved on the servers' disks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Snapshots {
    /// Never.
    Off,
    /// By a plan.
    Planned {
        /// When; without it the distribution's own times.
        schedule: Option<Schedule>,
        /// How many are kept; without it as many as the distribution keeps.
        retention: Option<u16>,
        /// Whether they are compressed.
        compress: bool,
    },
}

/// What the API server writes down of requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditPolicy {
    /// Who did what, without the content of secrets, and without what only reads.
    BuiltIn,
    /// What a policy (`audit.k8s.io/v1`) of the site says.
    File(LocalFile),
}

/// What pods may do in namespaces that say nothing of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodSecurity {
    /// The level of the Pod Security Standards.
    pub level: PodSecurityLevel,
    /// Namespaces in which nothing is refused, beside the distribution's own.
    pub exempt: Vec<NamespaceName>,
}

/// A level of the Pod Security Standards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PodSecurityLevel {
    /// Everything.
    Privileged,
    /// Nothing that is known to lead out of a container.
    Baseline,
    /// Only what hardened workloads need.
    Restricted,
}

impl PodSecurityLevel {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Privileged => "privileged",
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
        }
    }
}

/// A benchmark that a distribution holds itself to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// That of the Center for Internet Security.
    Cis,
}

/// What a chart of the distribution is told.
#[derive(Debug, Clone, PartialEq)]
pub struct ChartValues {
    /// Its values, over those of the distribution and those that follow from the rest of the site.
    pub values: Values,
    /// Where the chart is named.
    pub location: Location,
}
