//! `uninstall --site`: the cluster goes off its nodes, or some nodes leave it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use airgap_console::output::print;
use airgap_console::{CommonArgs, UsageError};
use futures_util::future::join_all;
use jiff::Timestamp;
use manifests::Site;
use manifests::site::{Node, Role};
use miette::Diagnostic;
use registry::store::Store;

use crate::claim::Claim;
use crate::cli::args::{confirm, reporter, stop};
use crate::cli::nodes::{DrainArgs, ReachArgs, runtime};
use crate::cli::rollout::{end_run, perform, whole};
use crate::cluster_files;
use crate::distribution::data_folder;
use crate::engine::{RunError, chain};
use crate::event::{Event, Reporter};
use crate::host::Host;
use crate::journal::Journal;
use crate::readiness::Hosts;
use crate::rollout::{self, Api, Leaving, Plan, Step, Traces, WorkError};
use crate::site_file;
use crate::stop::Stop;

/// Which nodes, and how.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Nodes")]
pub(super) struct NodesArgs {
    /// Take the cluster off the nodes of this site instead, and leave this machine's server as it is: site.yaml
    #[arg(long, value_name = "FILE", conflicts_with = "purge")]
    pub(super) site: Option<PathBuf>,
    /// Only this node, which is drained and deleted from the cluster first; may be repeated
    #[arg(long = "node", value_name = "NAME", requires = "site")]
    nodes: Vec<String>,
    /// Also where too few servers would stay for the cluster to go on, or where that can't be asked; and a node of --node that
    /// can't be reached any more, which is then only deleted from the cluster; and nodes of another site's cluster
    #[arg(long, requires = "site")]
    force: bool,
    #[command(flatten)]
    drain: DrainArgs,
    #[command(flatten)]
    reach: ReachArgs,
}

/// Nodes can't be worked on.
#[derive(Debug, thiserror::Error, Diagnostic)]
enum Refusal {
    #[error("the site has no node `{0}`")]
    #[diagnostic(help("`airgap-install site check` lists its nodes"))]
    NoNode(String),
    #[error("{} of the nodes can't be looked at; nothing was done to any", .0.len())]
    #[diagnostic(help("one that is gone for good is deleted from the cluster with `--node NAME --force`"))]
    Unknown(#[related] Vec<WorkError>),
    #[error("a cluster runs on {0} that airgap-install has not made")]
    #[diagnostic(help("it stays: run its own uninstall script there, if that is meant"))]
    Foreign(String),
    #[error(
        "{node} is a node of another cluster: a site `{site}` has made it, by another jump host or with another --state"
    )]
    #[diagnostic(help("uninstall it from there; with --force it goes from here, and all that is in it is lost"))]
    Theirs { node: String, site: String },
    #[error("no server of the cluster answers, so it is not known whether it goes on without {0}")]
    #[diagnostic(help("bring its API up first, or take the node out all the same with --force"))]
    NoAnswer(String),
}

/// The nodes that are looked at, and what was found.
struct Ground<'a> {
    site: &'a Site,
    hosts: &'a Hosts,
    /// Those that go, in the order of the site.
    going: Vec<(&'a Node, Traces)>,
    /// A server that stays and answers, with the program that asks it.
    cluster: Option<(Arc<dyn Host>, Vec<String>)>,
    drain: std::time::Duration,
}

impl NodesArgs {
    pub(super) fn run(&self, file: &Path, yes: bool, common: &CommonArgs, state: &Path) -> miette::Result<()> {
        let site = site_file::load(file)?;
        let known = |name: &&String| !site.nodes.iter().any(|node| node.name.as_str() == name.as_str());
        if let Some(name) = self.nodes.iter().find(known) {
            return Err(Refusal::NoNode(name.clone()).into());
        }
        let store = Store::create(state)?;
        let hosts = self.reach.to_look(&site, file.parent().unwrap_or(Path::new("")), state)?;
        let runtime = runtime()?;
        let (ground, plan) =
            runtime.block_on(self.plan(&site, &hosts, cluster_files::claim(state, &site)?.as_ref()))?;
        if !plan.changes_anything() {
            return print("nothing of a cluster is on these nodes\n");
        }
        let question = question(&ground, self.nodes.is_empty());
        if !yes && !confirm(&question)? {
            return Err(UsageError::new("nothing was removed").with_help("confirm with --yes").into());
        }
        let stop = stop()?;
        let _lock = store.lock()?;
        let clock = Timestamp::now;
        let reporter = reporter(common, &clock);
        reporter.attach(Box::new(Journal::open(state).map_err(RunError::Report)?));
        runtime.block_on(journaled(&ground, &plan, self.reach.parallel.get().into(), &reporter, &stop))?;
        let packages = ground.going.iter().filter(|(_, traces)| traces.packages > 0);
        let mut text = String::new();
        for (node, traces) in packages {
            let (name, count) = (&node.name, traces.packages);
            text.push_str(&format!(
                "kept     {name}: {count} packages that a bundle brought, listed in /var/lib/airgap-packages/brought\n"
            ));
        }
        if self.nodes.is_empty() {
            cluster_files::forget_cluster(state)?;
            text.push_str("kept     the token of the cluster: it takes it to restore a snapshot of etcd\n");
        }
        print(&text)
    }

    async fn plan<'a>(
        &self,
        site: &'a Site,
        hosts: &'a Hosts,
        claim: Option<&Claim>,
    ) -> miette::Result<(Ground<'a>, Plan<Leaving>)> {
        let chosen = |node: &&Node| self.nodes.is_empty() || self.nodes.iter().any(|name| name == node.name.as_str());
        let lost_too = self.force && !self.nodes.is_empty();
        let going = look(hosts, site.nodes.iter().filter(chosen), lost_too).await?;
        if let Some((node, _)) = going.iter().find(|(_, traces)| traces.foreign()) {
            return Err(Refusal::Foreign(node.name.to_string()).into());
        }
        let theirs = |(node, traces): &(&Node, Traces)| {
            let site = traces.of_another(claim)?.to_owned();
            Some(Refusal::Theirs { node: node.name.to_string(), site })
        };
        if let (false, Some(refusal)) = (self.force, going.iter().find_map(theirs)) {
            return Err(refusal.into());
        }
        let drain = self.drain.timeout();
        let mut ground = Ground { site, hosts, going, cluster: None, drain };
        if self.nodes.is_empty() {
            let plan = Plan::dissolving(&ground.going);
            return Ok((ground, plan));
        }
        ground.cluster = ground.answering().await;
        let listed = match ground.api() {
            Some(api) => rollout::listed(api).await?,
            None => Vec::new(),
        };
        self.refuse_to_lose_the_cluster(&ground).await?;
        let plan = Plan::shrinking(&ground.going, |node| listed.iter().any(|name| name == node.name.as_str()));
        Ok((ground, plan))
    }

    async fn refuse_to_lose_the_cluster(&self, ground: &Ground<'_>) -> miette::Result<()> {
        let going: Vec<&str> = ground.going.iter().map(|(node, _)| node.name.as_str()).collect();
        let server = ground.going.iter().find(|(node, traces)| node.role == Role::Server && traces.any());
        match (ground.api(), server) {
            _ if self.force => Ok(()),
            (Some(api), _) => rollout::loses_quorum(api, &going).await?.map_or(Ok(()), |lost| Err(lost.into())),
            (None, Some((node, _))) => Err(Refusal::NoAnswer(node.name.to_string()).into()),
            (None, None) => Ok(()),
        }
    }
}

/// Looks at nodes, all at once. With `lost_too`, nothing is known of one that can't be reached, and that is no error.
async fn look<'a>(
    hosts: &Hosts,
    nodes: impl Iterator<Item = &'a Node>,
    lost_too: bool,
) -> Result<Vec<(&'a Node, Traces)>, Refusal> {
    let look = |node: &'a Node| {
        let host = hosts.get(&node.name).map(Arc::clone);
        async move {
            let host = host?;
            Some((node, Traces::look(host.as_ref(), node).await))
        }
    };
    let (mut looked, mut failed) = (Vec::new(), Vec::new());
    for result in join_all(nodes.map(look)).await.into_iter().flatten() {
        match result {
            (node, Ok(traces)) => looked.push((node, traces)),
            (node, Err(error)) if lost_too && error.is_passing() => {
                tracing::warn!("{}; it is only deleted from the cluster", chain(&error));
                looked.push((node, Traces { unknown: true, ..Traces::default() }));
            }
            (_, Err(error)) => failed.push(WorkError::from(error)),
        }
    }
    if failed.is_empty() { Ok(looked) } else { Err(Refusal::Unknown(failed)) }
}

impl Ground<'_> {
    /// The first server that stays and whose API says that it is well.
    async fn answering(&self) -> Option<(Arc<dyn Host>, Vec<String>)> {
        let stays = |server: &&Node| !self.going.iter().any(|(node, _)| node.name == server.name);
        let mut servers = Vec::new();
        for server in self.site.servers().filter(stays) {
            let Some(host) = self.hosts.get(&server.name) else { continue };
            let Ok(traces) = Traces::look(host.as_ref(), server).await else { continue };
            let Some(distribution) = traces.distribution() else { continue };
            servers.push((Arc::clone(host), distribution.kubectl(&data_folder(distribution, server))));
        }
        let apis: Vec<_> = servers.iter().map(|(host, kubectl)| Api { host: host.as_ref(), kubectl }).collect();
        let well = rollout::answering(&apis).await?.host.name();
        servers.iter().find(|(host, _)| host.name() == well).cloned()
    }

    fn api(&self) -> Option<Api<'_>> {
        self.cluster.as_ref().map(|(host, kubectl)| Api { host: host.as_ref(), kubectl })
    }

    async fn act(&self, step: &Step<Leaving>) -> Result<String, WorkError> {
        let named = self.going.iter().find(|(node, _)| step.node.as_deref() == Some(node.name.as_str()));
        let Some((node, _)) = named else { return Ok(String::new()) };
        let name = node.name.as_str();
        match (step.kind, self.api()) {
            (Leaving::Remove, Some(api)) => rollout::remove_from(api, name, self.drain).await,
            (Leaving::Remove, None) => Ok("the cluster does not answer".into()),
            (Leaving::Leave, api) => {
                let Some(host) = self.hosts.get(&node.name) else { return Ok(String::new()) };
                let said = rollout::leave(host.as_ref(), node, &self.site.network.endpoint).await?;
                // It may have told the cluster of itself again meanwhile.
                if let Some(api) = api {
                    rollout::delete(api, name).await?;
                }
                Ok(said)
            }
        }
    }
}

/// What a person is asked.
fn question(ground: &Ground<'_>, all: bool) -> String {
    let names: Vec<&str> = ground.going.iter().map(|(node, _)| node.name.as_str()).collect();
    let names = names.join(", ");
    if all {
        return format!(
            "Take the cluster of {} off its nodes ({names})? Everything in it is lost: its objects, snapshots of etcd in the \
             folder of the data, and volumes that lie on the nodes.",
            ground.site.name
        );
    }
    format!("Take {names} out of the cluster of {}? Volumes that lie on them are lost.", ground.site.name)
}

/// Does what is planned, between two lines of the journal.
async fn journaled(
    ground: &Ground<'_>,
    plan: &Plan<Leaving>,
    parallel: usize,
    reporter: &Reporter<'_>,
    stop: &Stop,
) -> miette::Result<()> {
    let started = Event::RunStarted { command: "uninstall-nodes".into(), bundle: None };
    reporter.emit(started).map_err(RunError::Report)?;
    let result = work(ground, plan, parallel, reporter, stop).await;
    end_run(reporter, result, ground.going.len())
}

async fn work(
    ground: &Ground<'_>,
    plan: &Plan<Leaving>,
    parallel: usize,
    reporter: &Reporter<'_>,
    stop: &Stop,
) -> miette::Result<()> {
    let stopped = || stop.check().is_err();
    let act = |step| ground.act(step);
    let ended = rollout::run(plan, parallel, stopped, |_, step| perform(act, step, reporter)).await;
    whole(ended, plan.steps.len(), stop)
}
