//! From a bundle that is served to a cluster that runs: what `--site` adds to an installation.

mod components;
mod own_parts;
mod proof;
mod ready;
mod wants;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::join_all;
use manifests::Site;
use manifests::bundle::VerifiedBundle;
use manifests::document::{Document, Platform};
use manifests::site::Node;
use miette::{Context as _, Diagnostic, IntoDiagnostic as _};
use registry::store::{Store, StoreLock};
use tokio::runtime::Runtime;
use tokio::time::{Duration, sleep};
use wants::Wants;

use super::nodes::{DrainArgs, ReachArgs, Reached, runtime};
use crate::checks::Waivers;
use crate::cluster_files;
use crate::deploy::objects::Component;
use crate::distribution::{self, Bundled, Distribution, SiteServer, first_server};
use crate::engine::{RunError, StepError, chain};
use crate::event::{Event, Outcome, Reporter};
use crate::journal::Journal;
use crate::proof::counting::Counting;
use crate::proof::egress::Mode;
use crate::readiness::{Inspection, Report};
use crate::rollout::{
    self, Came, Ended, Kind, NodeWant, NodeWork, Plan, Step, Survey, Unfollowable, Version, WorkError,
};
use crate::service::{self, Settings};
use crate::site_file;
use crate::stop::Stop;

/// How often a step is begun again when the reason why it failed may pass: a machine that reboots comes back.
const ATTEMPTS: u32 = 8;
/// The same of a look at a node before anything is done to any: somebody waits for the answer.
const LOOKS: u32 = 3;
/// The wait before the first time; it doubles.
const BACK_OFF: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Nodes")]
pub(super) struct RolloutArgs {
    /// Make a cluster of the nodes of this site, once the bundle is served: site.yaml
    #[arg(long, value_name = "FILE")]
    pub(super) site: Option<PathBuf>,
    /// Ignore a check of the nodes, for a reason that is kept in the journal; may be repeated
    #[arg(long, value_name = "ID=REASON", requires = "site")]
    ignore: Vec<String>,
    #[command(flatten)]
    reach: ReachArgs,
    /// Drop what tries to leave a node for elsewhere while the cluster is made; without it, it is only counted
    #[arg(long, requires = "site")]
    enforce_egress: bool,
    /// Take components off the cluster that came with an earlier bundle and that this one no longer has; without it they are
    /// named, and stay
    #[arg(long, requires = "site")]
    prune: bool,
    #[command(flatten)]
    drain: DrainArgs,
}

/// The bundle is not for this site, or for no cluster.
#[derive(Debug, thiserror::Error, Diagnostic)]
enum Unfit {
    #[error("the site takes {wanted}, and this bundle is {name} {version}")]
    #[diagnostic(help("bring the right bundle, or change `bundle` in site.yaml"))]
    NotAccepted { wanted: String, name: String, version: String },
    #[error("the bundle says nothing of a distribution of Kubernetes, so there is no cluster to make of the nodes")]
    #[diagnostic(help(
        "name one in the stack under `distribution`, and build the bundle again; without --site it is only served"
    ))]
    NoDistribution,
    #[error("the bundle lacks the files of its distribution")]
    NoRelease,
    #[error("the site says that nodes reach the jump host on port {said}, but it serves on port {serves}")]
    #[diagnostic(help("install with `--listen 0.0.0.0:{said}`, or change `jumpHost.port` in site.yaml"))]
    Port { said: u16, serves: u16 },
    #[error("the site has values for `{0}`, which is no component of the bundle")]
    #[diagnostic(help("`airgap-install verify` shows the components of the bundle; mend `components` in site.yaml"))]
    NoComponent(String),
    #[error("the site takes the variant `{variant}` of `{component}`, and the bundle has none of this name{there}")]
    #[diagnostic(help("mend `components.{component}.variant` in site.yaml, or leave it out"))]
    NoVariant { component: String, variant: String, there: String },
    #[error(
        "{first} is the first server of the site and has never run, but {runs} has: it would begin a cluster of its own"
    )]
    #[diagnostic(help("let a server that runs stand first among the servers in site.yaml; {first} joins it then"))]
    NewFirst { first: String, runs: String },
    #[error(
        "the cluster knows a node {0}, but nothing of the cluster has ever run on this machine: it would not be let in"
    )]
    #[diagnostic(help(
        "if it was set up anew, take the former one out first: `airgap-install uninstall --site site.yaml --node {0} --force`; \
         then run the same command again"
    ))]
    Stranger(String),
    #[error("the bundle has packages, but none for {series}, which {node} runs")]
    #[diagnostic(help("name {series} among the `systems` of the stack, and build the bundle again"))]
    NoPackages { series: String, node: String },
}

/// Some steps failed.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{} of {all} steps failed{}", failed.len(), if *left == 0 { String::new() } else { format!(", {left} were not begun") })]
#[diagnostic(help("mend what is said below and run the same command again: it goes on from here"))]
struct Failed {
    pub(super) all: usize,
    pub(super) left: usize,
    #[related]
    pub(super) failed: Vec<WorkError>,
}

/// Some nodes can't be asked what they are.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{} of the nodes can't be looked at; nothing was done to any", .0.len())]
struct Unasked(#[related] Vec<WorkError>);

/// Everything that is known before the nodes are asked.
pub(super) struct Rollout<'a> {
    reached: Reached,
    waivers: Waivers,
    parallel: usize,
    mode: Mode,
    counting: Counting,
    prune: bool,
    distribution: &'static dyn Distribution,
    version: Version,
    drain_timeout: Duration,
    bundled: Bundled,
    audit_policy: Option<String>,
    bundle: &'a VerifiedBundle,
    server: SiteServer,
    settings: &'a Settings,
    state: &'a Path,
}

/// What the nodes of a site lack. Nobody else works on them while it is there.
pub(super) struct Looked<'a> {
    runtime: Runtime,
    components: Vec<Component>,
    wants: Wants,
    plan: Plan,
    /// Where anything is to be done to a node.
    inspection: Option<Inspection<'a>>,
    _lock: StoreLock,
}

impl RolloutArgs {
    /// Refuses a bundle that is not for the site, before it is taken in: a version that was held once is the least from then on.
    pub(super) fn refuse(&self, document: &Document) -> miette::Result<()> {
        let Some(file) = &self.site else { return Ok(()) };
        Waivers::parse(&self.ignore)?;
        let site = site_file::load(file)?;
        fitting(&site, document, &Bundled::of(document))?;
        Ok(())
    }

    /// Gets ready to work on the nodes, if a site is named. The bundle is served by then.
    pub(super) fn prepare<'a>(
        &self,
        bundle: &'a VerifiedBundle,
        settings: &'a Settings,
        state: &'a Path,
    ) -> miette::Result<Option<Rollout<'a>>> {
        let Some(file) = &self.site else { return Ok(None) };
        let said = Waivers::parse(&self.ignore)?;
        let reached = self.reach.reach(file, state)?;
        let waivers = Waivers::of_site(&reached.site)?.and(said);
        let document = bundle.document();
        let bundled = Bundled::of(document);
        let (platform, distribution) = fitting(&reached.site, document, &bundled)?;
        let audit_policy = site_file::audit_policy(&reached.folder, &reached.site)?;
        let said = reached.site.jump_host.port;
        if said != settings.listen.port() {
            return Err(Unfit::Port { said, serves: settings.listen.port() }.into());
        }
        let server = site_server(state, reached.site.jump_host.address.with_port(said), settings.anonymous)?;
        Ok(Some(Rollout {
            reached,
            waivers,
            parallel: self.reach.parallel.get().into(),
            mode: if self.enforce_egress { Mode::Drop } else { Mode::Count },
            counting: Counting::open(state, jiff::Timestamp::now)?,
            prune: self.prune,
            distribution,
            version: platform.distribution.version.to_string().parse().map_err(|_| Unfit::NoDistribution)?,
            drain_timeout: self.drain.timeout(),
            bundled,
            audit_policy,
            bundle,
            server,
            settings,
            state,
        }))
    }
}

/// The site's server, as nodes and pods know it. Before the first installation it has no authority; a plan of it is right all the
/// same: nodes hold nothing of it.
pub(super) fn site_server(state: &Path, authority: String, anonymous: bool) -> miette::Result<SiteServer> {
    let ca = service::ca_file(state);
    let trusted = if ca.exists() { std::fs::read_to_string(ca).into_diagnostic()? } else { String::new() };
    let credentials = if anonymous { None } else { super::snippets::credentials(state)? };
    Ok(SiteServer { authority, trusted, login: credentials.map(|known| (known.user, known.password)) })
}

/// What a bundle makes of a site's nodes, if it is for that site.
fn fitting<'d>(
    site: &Site,
    document: &'d Document,
    bundled: &Bundled,
) -> miette::Result<(&'d Platform, &'static dyn Distribution)> {
    accepted(site, document)?;
    let platform = document.platform().ok_or(Unfit::NoDistribution)?;
    let distribution = distribution::of(platform).ok_or(Unfit::NoDistribution)?;
    distribution::refuse(distribution, bundled, site)?;
    Ok((platform, distribution))
}

fn accepted(site: &Site, document: &Document) -> Result<(), Unfit> {
    let wanted = &site.bundle;
    let version = document.version.to_string().parse().ok();
    if wanted.name == document.name && version.is_some_and(|version| wanted.versions.matches(&version)) {
        return Ok(());
    }
    let wanted = format!("{} {}", wanted.name, wanted.versions);
    Err(Unfit::NotAccepted { wanted, name: document.name.to_string(), version: document.version.to_string() })
}

impl Rollout<'_> {
    /// Looks what the nodes lack, and whether it can be brought. Nothing is done to any.
    pub(super) fn look(&self) -> miette::Result<Looked<'_>> {
        let lock = Store::at(self.state).lock()?;
        rollout::sweep(self.state).into_diagnostic().wrap_err("cannot remove what a run that was killed has left")?;
        cluster_files::make_token(self.state)?;
        let components = self.components()?;
        let runtime = runtime()?;
        // Where there is no cluster yet, nodes lack something for sure. What they hold is read once their disks are timed.
        let is_new = !cluster_files::kubeconfig(self.state).exists();
        let (wants, plan, inspection) = runtime.block_on(async {
            let ahead = async { if is_new { Some(self.inspect().await) } else { None } };
            let (wants, ahead) = tokio::join!(self.wants(), ahead);
            let wants = wants?;
            let plan = self.plan(&wants, &components).await?;
            let inspection = match ahead {
                _ if !plan.changes_nodes() => None,
                Some(inspection) => Some(inspection?),
                None => Some(self.inspect().await?),
            };
            Ok::<_, miette::Report>((wants, plan, inspection))
        })?;
        Ok(Looked { runtime, components, wants, plan, inspection, _lock: lock })
    }

    /// Does what the nodes were found to lack. Whether anything was done.
    pub(super) fn run(&self, looked: &Looked<'_>, reporter: &Reporter<'_>, stop: &Stop) -> miette::Result<bool> {
        let Looked { runtime, components, wants, plan, inspection, .. } = looked;
        runtime.block_on(async {
            if !plan.changes_anything() {
                for step in &plan.steps {
                    finished(reporter, step, Outcome::skipped(step.reason.clone()))?;
                }
                return Ok(false);
            }
            reporter.attach(Box::new(Journal::open(self.state).map_err(RunError::Report)?));
            let started = Event::RunStarted { command: "roll-out".into(), bundle: Some(self.bundle_id()) };
            reporter.emit(started).map_err(RunError::Report)?;
            let work = async {
                if let Some(inspection) = inspection {
                    self.make_ready(inspection, reporter).await?;
                }
                self.work(plan, (wants, components), reporter, stop).await
            };
            let result = work.await;
            if result.is_err() {
                self.relent(reporter).await;
            }
            end_run(reporter, result, self.reached.site.nodes.len())?;
            Ok(true)
        })
    }

    /// What would be done, and what the checks find where anything is done to a node.
    pub(super) fn plan_only(&self) -> miette::Result<(Plan, Option<Report>)> {
        let components = self.components()?;
        runtime()?.block_on(async {
            let plan = self.plan(&self.wants().await?, &components).await?;
            let report = if plan.changes_nodes() { Some(self.inspect().await?.judge(&self.waivers)) } else { None };
            Ok((plan, report))
        })
    }

    async fn plan(&self, wants: &Wants, components: &[Component]) -> miette::Result<Plan> {
        let take = |(name, want): (&String, &NodeWant)| {
            let host = self.reached.hosts.get(name).map(Arc::clone);
            let (name, want) = (name.clone(), want.clone());
            async move {
                let Some(host) = host else { return Ok(None) };
                let take = async || Survey::take(host.as_ref(), &want).await.map_err(WorkError::from);
                Ok(Some((name, persevere(LOOKS, take).await?)))
            }
        };
        let surveys = of_all(wants.nodes.iter().map(take)).await?;
        let surveys: BTreeMap<String, Survey> = surveys.into_iter().flatten().collect();
        let surveyed = self.reached.site.nodes.iter().filter_map(|node| {
            let name = node.name.as_str();
            Some((node, wants.nodes.get(name)?, surveys.get(name)?))
        });
        let surveyed: Vec<_> = surveyed.collect();
        self.followable(&surveyed)?;
        let release = format!("{} {}", self.distribution.name(), self.version);
        let mut plan = Plan::between(&self.reached.site, &surveyed, &release);
        self.plan_parts(&mut plan, (wants, &surveyed), components).await?;
        self.plan_proof(plan)
    }

    /// Whether the bundle's version may take the place of what the nodes have run.
    fn followable(&self, surveyed: &[(&Node, &NodeWant, &Survey)]) -> miette::Result<()> {
        let unfit = surveyed.iter().filter_map(|(node, want, survey)| {
            rollout::Unfit::between(node.name.as_str(), survey.version.as_ref()?, &want.version)
        });
        let nodes: Vec<_> = unfit.collect();
        let is_first = |(node, ..): &&(&Node, &NodeWant, &Survey)| node.name == first_server(&self.reached.site).name;
        if let Some((first, ..)) = surveyed.iter().find(is_first).filter(|(.., survey)| survey.never_ran())
            && let Some((runs, ..)) = surveyed.iter().find(|(.., survey)| survey.started.is_some())
        {
            return Err(Unfit::NewFirst { first: first.name.to_string(), runs: runs.name.to_string() }.into());
        }
        if nodes.is_empty() {
            return Ok(());
        }
        Err(Unfollowable { distribution: self.distribution.name(), version: self.version.clone(), nodes }.into())
    }

    async fn work(
        &self,
        plan: &Plan,
        (wants, components): (&Wants, &[Component]),
        reporter: &Reporter<'_>,
        stop: &Stop,
    ) -> miette::Result<()> {
        let authority = distribution::authority_path(self.distribution);
        let token = cluster_files::token(self.state)?.unwrap_or_default();
        let work = NodeWork {
            site: &self.reached.site,
            distribution: self.distribution,
            hosts: &self.reached.hosts,
            wants: &wants.nodes,
            bundle: self.bundle,
            server: &self.server,
            authority,
            token: &token,
            scratch: self.state,
            drain_timeout: self.drain_timeout,
        };
        let stopped = || stop.check().is_err();
        let act = |step| self.act(&work, (wants, components), step);
        let ended = rollout::run(plan, self.parallel, stopped, |_, step| perform(act, step, reporter)).await;
        let undone = ended.failed.iter().map(|(step, _)| *step).chain(ended.blocked.iter().map(|blocked| blocked.step));
        // Whoever looks why a component does not go in needs the way to the cluster.
        if undone.into_iter().all(|step| matches!(plan.steps[step].kind, Kind::Component | Kind::Drop | Kind::Proof)) {
            self.fetch_kubeconfig().await?;
        }
        whole(ended, plan.steps.len(), stop)
    }

    async fn act(
        &self,
        work: &NodeWork<'_>,
        (wants, components): (&Wants, &[Component]),
        step: &Step,
    ) -> Result<Came, WorkError> {
        match (step.kind, components.iter().find(|component| step.component.as_ref() == Some(&component.name))) {
            (Kind::Watch, None) => self.watch(step.node.as_deref().unwrap_or_default()).await,
            (Kind::Withdraw, None) => self.withdraw(wants).await.map(Came::Done),
            (Kind::Ready, None) => {
                let nodes = work.perform(step).await?;
                self.works().await?;
                Ok(nodes)
            }
            (_, Some(component)) => self.deploy(component, components).await.map(Came::from),
            (Kind::Drop, None) => {
                let name = step.component.as_deref().unwrap_or_default();
                self.drop_component(name, components).await.map(Came::Done)
            }
            (Kind::Proof, None) => self.prove().await,
            (_, None) => work.perform(step).await,
        }
    }

    async fn fetch_kubeconfig(&self) -> miette::Result<()> {
        let Some(text) = self.reached.kubeconfig(self.distribution).await? else { return Ok(()) };
        Ok(cluster_files::write_kubeconfig(self.state, &self.reached.site, &text)?)
    }
}

/// Tells how a run on so many nodes ended. Its own result matters more than that of telling it.
pub(super) fn end_run(reporter: &Reporter<'_>, result: miette::Result<()>, nodes: usize) -> miette::Result<()> {
    let outcome = match &result {
        Ok(()) => Outcome::done(format!("{nodes} nodes")),
        Err(error) => Outcome::Failed { error: error.to_string() },
    };
    let told = reporter.emit(Event::RunFinished { outcome });
    result?;
    Ok(told.map_err(RunError::Report)?)
}

/// Whether all steps were done: else which failed, or that somebody asked to stop.
pub(super) fn whole(ended: Ended<WorkError>, all: usize, stop: &Stop) -> miette::Result<()> {
    if ended.failed.is_empty() && ended.blocked.is_empty() {
        return Ok(());
    }
    stop.check().map_err(StepError::from)?;
    let (left, failed) = (ended.blocked.len(), ended.failed.into_iter().map(|(_, error)| error).collect());
    Err(Failed { all, left, failed }.into())
}

/// What all nodes say, asked at the same time; or why some can't be asked, all of them.
async fn of_all<T>(asked: impl Iterator<Item = impl Future<Output = Result<T, WorkError>>>) -> Result<Vec<T>, Unasked> {
    let (mut said, mut failed) = (Vec::new(), Vec::new());
    for result in join_all(asked).await {
        match result {
            Ok(answer) => said.push(answer),
            Err(error) => failed.push(error),
        }
    }
    if failed.is_empty() { Ok(said) } else { Err(Unasked(failed)) }
}

/// Does something, again and again while the reason why it failed may pass.
async fn persevere<T>(attempts: u32, act: impl AsyncFn() -> Result<T, WorkError>) -> Result<T, WorkError> {
    let mut wait = BACK_OFF;
    let mut attempt = 1;
    loop {
        match act().await {
            Err(error) if error.is_passing() && attempt < attempts => {
                tracing::warn!("{}; trying again in {} s", chain(&error), wait.as_secs());
                sleep(wait).await;
                (wait, attempt) = (wait * 2, attempt + 1);
            }
            result => return result,
        }
    }
}

/// Does a step, if it is needed, and tells what came of it.
pub(super) async fn perform<'s, K, C, F>(
    act: impl Fn(&'s Step<K>) -> F,
    step: &'s Step<K>,
    reporter: &Reporter<'_>,
) -> Result<(), WorkError>
where
    K: Display,
    C: Into<Came>,
    F: Future<Output = Result<C, WorkError>>,
{
    if !step.needed {
        // What can't be told here is told at the end of the run.
        let _ = finished(reporter, step, Outcome::skipped(step.reason.clone()));
        return Ok(());
    }
    let (node, kind) = (step.node.clone(), step.kind.to_string());
    let _ = reporter.emit(Event::NodeStepStarted { node, kind, title: step.title.clone() });
    let result = persevere(ATTEMPTS, async || act(step).await).await;
    let result = result.map(Into::into);
    let outcome = match &result {
        Ok(Came::Done(detail)) => Outcome::done(detail.clone()),
        Ok(Came::Warned(warning)) => Outcome::Warned { warning: warning.clone() },
        Err(error) => Outcome::Failed { error: chain(error) },
    };
    let _ = finished(reporter, step, outcome);
    result.map(|_| ())
}

pub(super) fn finished<K: Display>(reporter: &Reporter<'_>, step: &Step<K>, outcome: Outcome) -> Result<(), RunError> {
    let outcome = match (outcome, &step.component) {
        (Outcome::Done { detail }, Some(name)) => Outcome::done(format!("{name}: {detail}")),
        (Outcome::Warned { warning }, Some(name)) => Outcome::Warned { warning: format!("{name}: {warning}") },
        (Outcome::Skipped { reason }, Some(name)) => Outcome::skipped(format!("{name}: {reason}")),
        (outcome, _) => outcome,
    };
    let (node, kind) = (step.node.clone(), step.kind.to_string());
    reporter.emit(Event::NodeStepFinished { node, kind, outcome }).map_err(RunError::Report)
}
