//! The command without a name: verify, import, serve, report.

use std::path::Path;

use airgap_console::{CommonArgs, OutputArgs};
use jiff::Timestamp;
use manifests::bundle::VerifiedBundle;
use registry::store::Store;

use super::args::{BundleArgs, ServeArgs, reporter, stop};
use super::report::Report;
use crate::engine;
use crate::event::{Event, Outcome, Reporter};
use crate::journal::Journal;
use crate::plan::{Action, Options, Plan, ServeAs};
use crate::preflight;
use crate::service::{Foreground, Service, ThisMachine, Wish};
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
}

/// A bundle that is vouched for, and what shall become of it.
pub(super) struct Prepared {
    bundle: VerifiedBundle,
    wish: Wish,
    options: Options,
    in_place: bool,
    store: Store,
}

impl Prepared {
    pub(super) fn new(bundle: &BundleArgs, serve: &ServeArgs, state: &Path) -> miette::Result<Self> {
        let bundle = bundle.open()?;
        // A clock that is behind the bundle is wrong.
        let now = Timestamp::now().max(bundle.document().created);
        let wish = serve.wish(state, now)?;
        let options =
            Options { allow_downgrade: serve.allow_downgrade, serve: wish.serve, listen: wish.settings.listen };
        Ok(Self { bundle, wish, options, in_place: serve.in_place, store: Store::at(state) })
    }

    /// What is to be done, by the state that the site is in now.
    pub(super) fn plan(&self) -> miette::Result<Plan> {
        let offer = site::offer(&self.store, &self.bundle, self.in_place);
        let state = site::survey(&self.store, &offer, &self.wish)?;
        Ok(Plan::between(&state, &offer, &self.options)?)
    }
}

impl InstallArgs {
    pub(super) fn run(&self, common: &CommonArgs, state: &Path) -> miette::Result<()> {
        let stop = stop()?;
        let prepared = Prepared::new(&self.bundle, &self.serve, state)?;
        let plan = prepared.plan()?;
        if self.dry_run {
            return self.output.print(&plan, super::plan::show);
        }
        let clock = Timestamp::now;
        let reporter = reporter(common, &clock);
        let server = if plan.changes_anything() {
            change(&prepared, &plan, &reporter, &stop)?
        } else {
            engine::skip_all(&plan, &reporter)?;
            None
        };
        let report = Report::new(&prepared.bundle, &plan, &prepared.wish, state);
        self.output.print(&report, ToString::to_string)?;
        match server {
            Some(server) => Ok(server.run(stop)?),
            None => Ok(()),
        }
    }
}

/// Does what is planned. Returns the server, where it is to run in this process.
fn change(
    prepared: &Prepared,
    plan: &Plan,
    reporter: &Reporter<'_>,
    stop: &Stop,
) -> miette::Result<Option<Foreground>> {
    // Nothing is made, not even the state directory, before it is known that the rest can work.
    if let Some(Action::Preflight { room, listen, public }) = plan.preflight() {
        preflight::check(prepared.store.root(), *room, *listen, public)?;
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
    let mut work = SiteWork::new(&store, &lock, &prepared.bundle, &prepared.wish, stop);
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
