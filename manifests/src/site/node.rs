//! The machines of the cluster.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use super::{Become, HostName, LabelKey, LabelValue, Ssh, Taint};
use crate::yaml::Location;

/// A machine of the cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Its name in the cluster, of at most 63 characters.
    pub name: HostName,
    /// Its address in the network that nodes share.
    pub address: IpAddr,
    /// What it is in the cluster.
    pub role: Role,
    /// Its labels.
    pub labels: BTreeMap<LabelKey, LabelValue>,
    /// Its taints: no two with the same key and effect.
    pub taints: Vec<Taint>,
    /// How it is reached.
    pub ssh: Ssh,
    /// How the user of [`Self::ssh`] becomes root.
    pub become_root: Become,
    /// Where its data is.
    pub data: DataDirectories,
    /// Where its name stands.
    pub location: Location,
    /// Where its address stands.
    pub address_location: Location,
}

/// What a node is in the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// It runs the control plane and etcd; workloads too, unless taints turn them away.
    Server,
    /// It runs workloads only.
    Agent,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Server => "server",
            Self::Agent => "agent",
        })
    }
}

/// Where a node's data is; what is not named is where the distribution has it. Paths are absolute.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DataDirectories {
    /// The distribution's: images, containers, etcd.
    pub distribution: Option<PathBuf>,
    /// The kubelet's: volumes of pods.
    pub kubelet: Option<PathBuf>,
    /// The snapshots of etcd; on servers only.
    pub snapshots: Option<PathBuf>,
}
