//! A site: the machines behind the gap, how they are reached, and what only the site knows. Written by people as
//! `site.yaml`; `docs/site.md` is the reference.
//!
//! A site holds no secret, only where each is: see [`SecretSource`]. Paths are as written: relative to the folder of the
//! file. What is read here has been checked as a whole: a route to a node has no loop and no gap, no two nodes share a
//! name or an address, and the cluster's networks meet neither each other nor a node.

mod access;
mod audit;
mod certificates;
mod check;
mod host;
mod network;
mod node;
mod options;
mod parse;
mod schedule;
mod secret;
mod values;
mod walk;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use url::Url;

pub use crate::kubernetes::{Effect, LabelError, LabelKey, LabelValue, Taint, TaintError};
pub use access::{Authentication, Bastion, Become, HostKey, HostKeyError, Ssh, UserName};
pub use audit::check_audit_policy;
pub use certificates::{CertificatePair, Certificates, Identity};
pub use host::{Host, HostError, HostName};
pub use network::{Cilium, ClusterDns, Cni, Encryption, Endpoint, Network, Subnet};
pub use node::{DataDirectories, Node, Role};
pub use options::{AuditPolicy, ChartValues, Options, PodSecurity, PodSecurityLevel, Profile, Snapshots};
pub use schedule::{Schedule, ScheduleError};
pub use secret::{SecretSource, VariableName};
pub use values::ComponentValues;
pub use walk::{NamedFile, NeededSecret};

use crate::BundleName;
use crate::component::Constraint;
use crate::yaml::{Location, Problems, SourceFile};

/// What `site.yaml` says.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// The site's name.
    pub name: BundleName,
    /// What it is, in a sentence.
    pub description: Option<String>,
    /// The bundles that may be installed here.
    pub bundle: AcceptedBundles,
    /// The machine that serves the bundle.
    pub jump_host: JumpHost,
    /// The machines in between, by their name.
    pub bastions: BTreeMap<BundleName, Bastion>,
    /// The machines of the cluster, in the order of the file: never empty, at least one of them a server.
    pub nodes: Vec<Node>,
    /// The cluster's networks and how its API is reached.
    pub network: Network,
    /// What it asks of the cluster beyond that.
    pub options: Options,
    /// The servers that nodes take their time from; empty: how nodes keep their time is left alone.
    pub ntp: Vec<Host>,
    /// The site's own registries, by their host (and port).
    pub registries: BTreeMap<String, SiteRegistry>,
    /// What the site says to components, by their name.
    pub components: BTreeMap<BundleName, ComponentValues>,
    /// The certificates that the site brings.
    pub certificates: Certificates,
    /// The checks of its machines that may fail here, and why: whether there are such checks is not known here.
    pub waivers: BTreeMap<String, Placed<String>>,
    /// Where its name stands.
    pub location: Location,
}

/// The bundles that a site takes.
#[derive(Debug, Clone, PartialEq)]
pub struct AcceptedBundles {
    /// Their name.
    pub name: BundleName,
    /// Their versions.
    pub versions: Constraint,
}

/// The machine that serves the bundle to the nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JumpHost {
    /// How nodes reach it.
    pub address: Host,
    /// The port that it serves on.
    pub port: u16,
    /// Where its address stands.
    pub location: Location,
}

/// A registry of the site's own.
#[derive(Debug, Clone, PartialEq)]
pub struct SiteRegistry {
    /// Where it is asked instead of under its own name, in this order: `https` or `http`.
    pub endpoints: Vec<Url>,
    /// Certificates (PEM) that are trusted for it.
    pub ca: Option<LocalFile>,
    /// Who logs in, and with which password.
    pub login: Option<Login>,
    /// Where it is named.
    pub location: Location,
}

/// A user and where the password is.
#[derive(Debug, Clone, PartialEq)]
pub struct Login {
    /// The user.
    pub user: String,
    /// The password.
    pub password: SecretSource,
}

/// A file on the jump host that the site names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalFile {
    /// Its path, relative to the folder of `site.yaml`.
    pub path: PathBuf,
    /// Where it is named.
    pub location: Location,
}

/// A value that other parts of the site speak about, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub location: Location,
}

impl Site {
    /// Reads a `site.yaml`. The files that it names are not looked at.
    ///
    /// # Errors
    /// [`Problems`]: everything that is wrong with it, each at its place.
    pub fn parse(file: &Arc<SourceFile>) -> Result<Self, Problems> {
        parse::site(file)
    }

    /// The nodes that run the control plane, in the order of the file.
    pub fn servers(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|node| node.role == Role::Server)
    }

    /// The nodes that only run workloads, in the order of the file.
    pub fn agents(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|node| node.role == Role::Agent)
    }

    /// The bastions on the way that `ssh` says, the one that is reached first at the front.
    pub fn route(&self, ssh: &Ssh) -> Vec<&Bastion> {
        let mut route = Vec::new();
        let mut at = ssh;
        // No more than there are: a route has no loop.
        while let Some(bastion) = at.bastion.as_ref().and_then(|name| self.bastions.get(&name.value))
            && route.len() < self.bastions.len()
        {
            route.push(bastion);
            at = &bastion.ssh;
        }
        route.reverse();
        route
    }
}
