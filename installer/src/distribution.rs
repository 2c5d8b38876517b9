//! The distributions of Kubernetes that are laid out on nodes: where each has its files, and what it is told.
//!
//! Both are of one family: one program with the roles of server and agent, `config.yaml`, `registries.yaml`, images that are
//! read from a folder at the start, and a controller that installs charts. What differs is data here; the steps that lay it
//! out know no distribution.

mod bundled;
mod charts;
mod config;
pub mod first;
mod interfaces;
mod k3s;
pub(crate) mod kube_vip;
mod options;
mod registries;
mod release;
mod rke2;

use std::collections::BTreeMap;
use std::fmt::{self, Debug};

use manifests::Site;
use manifests::document::Platform;
use manifests::site::{Cni, Endpoint, Host, Node, Role};
use manifests::values::Values;
use manifests::yaml::suggest::nearest;
use manifests::yaml::{Problem, Problems};
use serde_json::{Map, Value};

pub use bundled::Bundled;
pub(crate) use config::{agent_token, join_token_path};
pub use interfaces::{Interface, Interfaces};
pub use k3s::K3s;
pub use registries::{Registries, SiteServer};
pub use release::{Carried, Layout, Member, Release, ReleaseError};
pub use rke2::Rke2;

/// A distribution of Kubernetes.
pub trait Distribution: Debug + Send + Sync {
    /// Its name, as stacks have it.
    fn name(&self) -> &'static str;

    /// What of its release a machine of an architecture (as Debian names it) needs.
    fn layout(&self, architecture: &str) -> Option<Layout>;

    /// The folder with `config.yaml` and `registries.yaml`.
    fn configuration(&self) -> &'static str;

    /// The folder with everything else, where a site says nothing.
    fn data(&self) -> &'static str;

    /// The program that it is.
    fn program(&self) -> &'static str;

    /// The unit of a role.
    fn unit(&self, role: Role) -> &'static str;

    /// Where a node that joins asks a server.
    fn join_port(&self) -> u16;

    /// What connects pods where a site says nothing.
    fn own_cni(&self) -> Cni;

    /// Whether the servers of a site keep their state in etcd.
    fn keeps_etcd(&self, site: &Site) -> bool;

    /// What it is told beyond that which both understand alike. `interfaces` are those of the site's nodes.
    fn tell(&self, site: &Site, node: &Node, interfaces: &Interfaces, config: &mut Map<String, Value>);

    /// Files beside its release that nodes need: their paths, modes and texts.
    fn own_files(&self, role: Role) -> Vec<(String, u32, String)>;

    /// Where its release and our files beside it lie on nodes: what has to be gone when it is gone.
    fn laid_out(&self, role: Role) -> Vec<String>;

    /// What a site asks for that it can't do.
    fn refuses(&self, site: &Site) -> Vec<Problem>;

    /// What it looks for on a machine before it starts, if anything.
    fn preparation(&self, site: &Site, role: Role) -> Option<Preparation>;

    /// The charts that it brings.
    fn charts(&self) -> &'static [&'static str];

    /// What its own charts are told because of what a site says elsewhere, and of its nodes, by their names.
    fn chart_values(&self, site: &Site, interfaces: &Interfaces) -> BTreeMap<String, Values>;

    /// The program that talks to the API, on a server, with the folder of its data.
    fn kubectl(&self, data: &str) -> Vec<String>;

    /// The script that removes it from a node.
    fn uninstall(&self, role: Role) -> &'static str;
}

/// All distributions.
pub fn all() -> [&'static dyn Distribution; 2] {
    [&Rke2, &K3s]
}

/// What a distribution looks for on a machine before it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preparation {
    /// The kernel's settings: the file of the release, and where the system reads it.
    pub settings: (&'static str, &'static str),
    /// A user of the system, with a group of its own.
    pub user: Option<&'static str>,
}

/// A distribution by its name.
pub fn by_name(name: &str) -> Option<&'static dyn Distribution> {
    all().into_iter().find(|distribution| distribution.name() == name)
}

/// The distribution that a bundle is for, if it is known here.
pub fn of(platform: &Platform) -> Option<&'static dyn Distribution> {
    by_name(platform.distribution.name.as_str())
}

/// The text of a node's `config.yaml`.
///
/// # Errors
/// When it can't be written as YAML.
pub fn config(
    distribution: &dyn Distribution,
    site: &Site,
    node: &Node,
    bundled: &Bundled,
    interfaces: &Interfaces,
    token: &str,
) -> Result<String, serde_yaml::ser::Error> {
    config::text(distribution, site, node, bundled, interfaces, token)
}

/// Refuses what a site asks for and gets neither from the distribution nor from the bundle.
///
/// # Errors
/// [`Problems`]: all of it, each at its place.
pub fn refuse(distribution: &dyn Distribution, bundled: &Bundled, site: &Site) -> Result<(), Problems> {
    let mut problems = distribution.refuses(site);
    problems.extend(bundled.refuses(site));
    Problems::check(problems)
}

/// The files beside `config.yaml` that it names: their paths and texts. `audit` is the policy of the site, where it has one.
///
/// # Errors
/// When one can't be written as YAML.
pub fn option_files(
    distribution: &dyn Distribution,
    site: &Site,
    node: &Node,
    audit: Option<&str>,
) -> Result<Vec<(String, String)>, serde_yaml::ser::Error> {
    options::files(distribution, site, node, audit)
}

/// The charts that a site has values for and that a distribution does not bring.
fn unknown_charts(distribution: &dyn Distribution, site: &Site, known: &[&'static str]) -> Vec<Problem> {
    let unknown = site.options.charts.iter().filter(|(name, _)| !known.contains(&name.as_str()));
    let problem = |(name, chart): (&manifests::BundleName, &manifests::site::ChartValues)| {
        let message = format!("{} brings no chart `{name}`", distribution.name());
        let help = match nearest(name.as_str(), known) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => {
                format!("its charts are {}; those of components have their values under `components`", known.join(", "))
            }
        };
        Problem::new(&chart.location, message, "this chart").with_help(help)
    };
    unknown.map(problem).collect()
}

/// The file on nodes with the certificates that the site's server is known by.
pub fn authority_path(distribution: &dyn Distribution) -> String {
    format!("{}/airgap-ca.crt", distribution.configuration())
}

/// The folder of a distribution's data on a node.
pub fn data_folder(distribution: &dyn Distribution, node: &Node) -> String {
    let own = node.data.distribution.as_ref().map(|path| path.display().to_string());
    own.unwrap_or_else(|| distribution.data().to_owned())
}

/// The server that is begun with, of which there is one in every site.
pub fn first_server(site: &Site) -> &Node {
    site.servers().next().unwrap_or(&site.nodes[0])
}

/// Where nodes join: at the site's balancer, or else the first server. Once they have joined, they know all servers.
#[derive(Debug, Clone, PartialEq)]
pub struct Joins {
    /// The machine.
    pub host: Host,
    /// Its port.
    pub port: u16,
}

impl Joins {
    /// Where nodes of a site join.
    pub fn of(site: &Site, distribution: &dyn Distribution) -> Self {
        let host = match &site.network.endpoint {
            Endpoint::Balancer(host) => host.clone(),
            Endpoint::Server | Endpoint::Vip { .. } => Host::Address(first_server(site).address),
        };
        Self { host, port: distribution.join_port() }
    }
}

impl fmt::Display for Joins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.host.with_port(self.port))
    }
}

#[cfg(test)]
mod tests;
