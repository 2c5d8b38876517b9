//! The nodes of a site, for every command that reaches them.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use manifests::Site;
use manifests::bundle::VerifiedBundle;
use manifests::site::NeededSecret;
use miette::{Context as _, IntoDiagnostic as _};
use tokio::runtime::Runtime;

use crate::deploy::DeployError;
use crate::deploy::api::{Api, ApiError};
use crate::distribution::{Distribution, data_folder, first_server};
use crate::host::{Command, Host, HostError};
use crate::proof::audit::Audit;
use crate::proof::carried::CarriedImages;
use crate::proof::observed;
use crate::readiness::Hosts;
use crate::rollout::WorkError;
use crate::secrets::Secrets;
use crate::site_file;
use crate::ssh::{Connections, Machine, Options};

/// How nodes are reached.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Nodes")]
pub(super) struct ReachArgs {
    /// Believe machines that nothing is known of, this once, and write their host keys down
    #[arg(long)]
    pub(super) accept_new_host_keys: bool,
    /// How many nodes are worked on at a time
    #[arg(long, value_name = "N", default_value = "20")]
    pub(super) parallel: std::num::NonZeroU16,
}

/// How long nodes may take to be drained.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Nodes")]
pub(super) struct DrainArgs {
    /// How many seconds it may take to move the pods off a node, where one is drained: before an upgrade, or when it leaves
    #[arg(long, value_name = "SECONDS", default_value = "600")]
    drain_timeout: NonZeroU32,
}

impl DrainArgs {
    pub(super) fn timeout(&self) -> Duration {
        Duration::from_secs(self.drain_timeout.get().into())
    }
}

/// A site and the ways to its nodes.
#[derive(Debug)]
pub(super) struct Reached {
    pub(super) site: Site,
    pub(super) folder: PathBuf,
    pub(super) secrets: Secrets,
    /// By their names.
    pub(super) hosts: BTreeMap<String, Arc<dyn Host>>,
    /// The same, for what takes more than commands.
    pub(super) connections: Connections,
}

impl ReachArgs {
    /// Reads the site and gets what it takes to reach its nodes and to make a cluster of them. None is reached yet.
    pub(super) fn reach(&self, file: &Path, state: &Path) -> miette::Result<Reached> {
        self.reach_with(file, state, Site::secrets)
    }

    /// The same with no more secrets than a look takes.
    pub(super) fn reach_to_look(&self, file: &Path, state: &Path) -> miette::Result<Reached> {
        self.reach_with(file, state, Site::secrets_of_ssh)
    }

    fn reach_with(
        &self,
        file: &Path,
        state: &Path,
        needed: for<'s> fn(&'s Site) -> Vec<NeededSecret<'s>>,
    ) -> miette::Result<Reached> {
        let site = site_file::load(file)?;
        let folder = file.parent().unwrap_or(Path::new("")).to_owned();
        let secrets = Secrets::fetch(&needed(&site), &folder)?;
        let connections = self.connections(&site, &folder, &secrets, state)?;
        let hosts = hosts(&connections);
        Ok(Reached { site, folder, secrets, hosts, connections })
    }

    fn connections(&self, site: &Site, folder: &Path, secrets: &Secrets, state: &Path) -> miette::Result<Connections> {
        let parallel = self.parallel.get().into();
        let options = Options { accept_new: self.accept_new_host_keys, parallel, ..Options::of_state(state) };
        Ok(Connections::new(site, folder, secrets, &options)?)
    }

    /// The ways to the nodes of a site that is read already, for a look at them.
    pub(super) fn to_look(&self, site: &Site, folder: &Path, state: &Path) -> miette::Result<Hosts> {
        let secrets = Secrets::fetch(&site.secrets_of_ssh(), folder)?;
        Ok(by_node(site, &hosts(&self.connections(site, folder, &secrets, state)?)))
    }
}

impl Reached {
    /// How the first server reaches its own API.
    pub(super) async fn kubeconfig(&self, distribution: &dyn Distribution) -> Result<Option<String>, HostError> {
        let server = first_server(&self.site);
        let Some(host) = self.hosts.get(server.name.as_str()) else { return Ok(None) };
        let kubectl = distribution.kubectl(&data_folder(distribution, server));
        let Some(file) = kubectl.last() else { return Ok(None) };
        host.expect(&Command::new("read how its API is reached", &["/bin/cat", file])).await.map(Some)
    }

    /// The API of the first server.
    pub(super) async fn api(&self, distribution: &dyn Distribution) -> Result<Api, WorkError> {
        let server = first_server(&self.site).name.as_str();
        let failed = |source| WorkError::from(DeployError::Api { component: "the components".into(), source });
        let machine = self.connections.machine(server);
        let kubeconfig = self.kubeconfig(distribution).await?;
        match (machine, kubeconfig) {
            (Some(machine), Some(kubeconfig)) => Api::new(machine, &kubeconfig).map_err(failed),
            _ => {
                Err(failed(ApiError::Way { server: server.to_owned(), source: "it is no machine of the site".into() }))
            }
        }
    }

    /// The images of the cluster, held against those of `bundle`.
    pub(super) async fn audit(
        &self,
        bundle: &VerifiedBundle,
        distribution: &dyn Distribution,
    ) -> Result<Audit, WorkError> {
        let api = self.api(distribution).await?;
        let failed = |source| DeployError::Api { component: "the proof".into(), source };
        let uses = observed::images(&api).await.map_err(failed)?;
        let own = self.site.registries.keys().cloned();
        Ok(Audit::of(uses, &CarriedImages::read(bundle, distribution, own)?))
    }
}

/// The machines of a site's nodes.
pub(super) fn by_node(site: &Site, hosts: &BTreeMap<String, Arc<dyn Host>>) -> Hosts {
    let names = site.nodes.iter().map(|node| &node.name);
    names.filter_map(|name| Some((name.clone(), Arc::clone(hosts.get(name.as_str())?)))).collect()
}

/// The machines, by their names.
fn hosts(connections: &Connections) -> BTreeMap<String, Arc<dyn Host>> {
    let host = |machine: &Arc<Machine>| -> Arc<dyn Host> { Arc::<Machine>::clone(machine) };
    connections.machines().iter().map(|machine| (machine.name().to_owned(), host(machine))).collect()
}

/// What waits for nodes runs here.
pub(super) fn runtime() -> miette::Result<Runtime> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.into_diagnostic().wrap_err("cannot start to work on the nodes")
}
