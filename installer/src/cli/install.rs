//! The command without a name: verify, import, serve, report.

use std::path::Path;

use airgap_console::{CommonArgs, OutputArgs};
use jiff::Timestamp;
use manifests::bundle::VerifiedBundle;
use registry::store::Store;

use super::args::{BundleArgs, ServeArgs, reporter, stop, threads};
use super::installed::{Cluster, Report};
use super::plan::OfNodes;
use super::rollout::{Rollout, RolloutArgs};
use crate::cluster_files::kubeconfig;
use crate::engine;
use crate::event::{Event, Outcome, Reporter, StepId};
use crate::held;
use crate::journal::Journal;
use crate::meter::Meter;
use crate::plan::{Action, Options, Plan, ServeAs};
use crate::preflight::{self, Ports};
use crate::service::{self, Foreground, Service, ThisMachine, Wish};
use crate::site;
use crate::stop::Stop;
use crate::work::SiteWork;

#[derive(Debug, clap::Args)]
pub(super) struct InstallArgs {
    #[command(flatten)]
    pub(super) bundle: BundleArgs,
    #[command(flatten)]
    serve: ServeArgs,
    /// Show what would be done, and change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    rollout: RolloutArgs,
}

/// A bundle that is vouched for, and what shall become of it.
pub(super) struct Prepared {
    bundle: VerifiedBundle,
    wish: Wish,
    options: Options,
    in_place: bool,
    store: Store,
    /// The generation that is this bundle and is replaced: it was found not to be whole, or it lies on a medium and is to be
    /// taken in.
    replaced: Option<u32>,
}

impl Prepared {
    pub(super) fn new(bundle: &BundleArgs, serve: &ServeArgs, state: &Path) -> miette::Result<Self> {
        let bundle = bundle.open()?;
        // A clock that is behind the bundle is wrong.
        let now = Timestamp::now().max(bundle.document().created);
        let wish = serve.wish(state, now)?;
        let options = Options {
            allow_downgrade: serve.allow_downgrade,
            serve: wish.serve,
            listen: wish.settings.listen,
            plain_packages: wish.settings.plain_packages,
        };
        let (store, in_place) = (Store::at(state), serve.in_place);
        let digest = bundle.document_digest();
        let mut held = store.list()?.into_iter();
        let on_a_medium = held.find(|held| !in_place && held.receipt.in_place() && held.receipt.bundle == digest);
        let replaced = on_a_medium.map(|held| held.number);
        Ok(Self { bundle, wish, options, in_place, store, replaced })
    }

    /// What is to be done, by the state that the site is in now.
    pub(super) fn plan(&self) -> miette::Result<Plan> {
        let offer = site::offer(&self.store, &self.bundle, self.in_place);
        let mut state = site::survey(&self.store, &offer, &self.wish)?;
        if let Some(replaced) = self.replaced {
            state.distrust(replaced);
        }
        Ok(Plan::between(&state, &offer, &self.options)?)
    }

    /// What is to be done on the nodes, by the state that they are in now, if a site is named.
    pub(super) fn plan_of_nodes(&self, args: &RolloutArgs, state: &Path) -> miette::Result<Option<OfNodes>> {
        let rollout = args.prepare(&self.bundle, &self.wish.settings, state)?;
        rollout.map(|rollout| rollout.plan_only()).transpose()
    }

    /// Reads the generation that is this bundle already. Returns its number where it is not whole any more: the bundle is then
    /// taken in again.
    fn examine(&self, plan: &Plan, reporter: &Reporter<'_>, stop: &Stop) -> miette::Result<Option<u32>> {
        let held = self.store.list()?.into_iter().find(|held| held.number == plan.generation);
        let Some(held) = held else { return Ok(None) };
        let meter = Meter::new(reporter, StepId::Verify, held.receipt.archive_size);
        let broken = held::examine(&held, threads(), stop, &|bytes| meter.advance(bytes));
        let broken = broken.map_err(engine::StepError::from)?;
        let outcome = match &broken {
            None => Outcome::done(format!("generation {} is whole", held.number)),
            Some(broken) => Outcome::Warned { warning: format!("{}; it is replaced", engine::chain(broken)) },
        };
        let told = reporter.emit(Event::StepFinished { step: StepId::Verify, outcome });
        told.map_err(engine::RunError::Report)?;
        Ok(broken.map(|broken| broken.number))
    }
}

impl InstallArgs {
    pub(super) fn run(&self, common: &CommonArgs, state: &Path) -> miette::Result<()> {
        let stop = stop()?;
        let mut prepared = Prepared::new(&self.bundle, &self.serve, state)?;
        self.rollout.refuse(prepared.bundle.document())?;
        let mut plan = prepared.plan()?;
        if self.dry_run {
            let nodes = prepared.plan_of_nodes(&self.rollout, state)?;
            return super::plan::print(&plan, nodes, self.output);
        }
        let clock = Timestamp::now;
        let reporter = reporter(common, &clock);
        // Where nothing is to be done here, the nodes are looked at meanwhile.
        let ahead = match plan.changes_anything() {
            true => None,
            false => self.rollout.prepare(&prepared.bundle, &prepared.wish.settings, state)?,
        };
        let examine = || prepared.examine(&plan, &reporter, &stop);
        let (broken, looked) = beside(examine, || ahead.as_ref().map(Rollout::look));
        let broken = broken?;
        // They are looked at again once the bundle is whole.
        let looked = looked.filter(|_| broken.is_none());
        prepared.replaced = broken.or(prepared.replaced);
        if prepared.replaced.is_some() {
            plan = prepared.plan()?;
        }
        let server = if plan.changes_anything() {
            change(&prepared, &plan, &reporter, &stop)?
        } else {
            engine::skip_all(&plan, &reporter)?;
            None
        };
        // Nodes fetch from the server, so it runs beside the work on them.
        let server = server.map(Foreground::begin).transpose()?;
        let behind = match ahead {
            Some(_) => None,
            None => self.rollout.prepare(&prepared.bundle, &prepared.wish.settings, state)?,
        };
        let mut report = Report::new(&prepared.bundle, &plan, &prepared.wish, state);
        if let Some(rollout) = ahead.as_ref().or(behind.as_ref()) {
            let looked = looked.unwrap_or_else(|| rollout.look())?;
            let changed = rollout.run(&looked, &reporter, &stop)?;
            report.cluster = Some(Cluster { changed, kubeconfig: kubeconfig(state) });
        }
        self.output.print(&report, ToString::to_string)?;
        if let Some(server) = server {
            server.until_stopped(stop);
        }
        Ok(())
    }
}

/// Does two things at the same time.
fn beside<A: Send, B>(one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B) -> (A, B) {
    std::thread::scope(|scope| {
        let one = scope.spawn(one);
        let other = other();
        (one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), other)
    })
}

/// Does what is planned. Returns the server, where it is to run in this process.
fn change(
    prepared: &Prepared,
    plan: &Plan,
    reporter: &Reporter<'_>,
    stop: &Stop,
) -> miette::Result<Option<Foreground>> {
    // Nothing is made, not even the state directory, before it is known that the rest can work.
    if let Some(Action::Preflight { room, listen, plain_packages, public, git }) = plan.preflight() {
        let ports = Ports { listen: *listen, plain_packages: *plain_packages };
        preflight::check(prepared.store.root(), *room, ports, public, *git)?;
    }
    if plan.steps.iter().any(|step| step.id == StepId::Serve && step.needed) {
        service::admit(prepared.store.root())?;
    }
    if prepared.wish.serve == ServeAs::Unit {
        Service::new(prepared.store.root(), &prepared.wish.settings, &ThisMachine).check_program()?;
    }
    let store = Store::create(prepared.store.root())?;
    let lock = store.lock()?;
    reporter.attach(Box::new(Journal::open(store.root()).map_err(engine::RunError::Report)?));
    // Another run may have ended between the look and the lock.
    let plan = prepared.plan()?;
    let started = Event::RunStarted { command: "install".into(), bundle: Some(plan.bundle.clone()) };
    reporter.emit(started).map_err(engine::RunError::Report)?;
    let mut work = SiteWork::new(&store, &lock, &prepared.bundle, &prepared.wish, stop).replacing(prepared.replaced);
    let result = engine::run(&plan, &mut work, reporter, stop);
    let outcome = match &result {
        Ok(()) => Outcome::done(format!("generation {}", plan.generation)),
        Err(error) => Outcome::Failed { error: engine::chain(error) },
    };
    // The run's own result matters more than that of telling it.
    let told = reporter.emit(Event::RunFinished { outcome });
    result?;
    told.map_err(engine::RunError::Report)?;
    Ok(work.into_server())
}
