//! `rollback`.

mod step;

use std::path::{Path, PathBuf};

use airgap_console::output::print;
use airgap_console::{CommonArgs, UsageError};
use jiff::Timestamp;
use manifests::bundle::VerifiedBundle;
use manifests::document::{self, PlatformComponent};
use miette::Diagnostic;
use registry::store::{Generation, Store};

use self::step::{NoUndo, StepName};
use super::args::{confirm, reporter, stop};
use super::nodes::{ReachArgs, Reached, runtime};
use super::rollout::{end_run, perform, site_server, whole};
use crate::deploy::api::Api;
use crate::deploy::inventory::Inventory;
use crate::deploy::objects::{Component, SiteSays};
use crate::deploy::{self, DeployError};
use crate::distribution;
use crate::engine::RunError;
use crate::event::{BundleId, Event};
use crate::journal::Journal;
use crate::rollout::{self, Came, Kind, Plan, Step, WorkError};
use crate::service::Settings;

/// Undo a step of an installation, as far as that can be undone
///
/// A component goes back to what the bundle before the newest one says of it; one that no earlier bundle has is taken off.
/// Namespaces, definitions and volumes are left, for they hold data. What can't be undone says what to do instead. The next
/// installation brings in again what the newest bundle says.
#[derive(Debug, clap::Args)]
pub(super) struct RollbackArgs {
    /// The step, as `report` and the journal name it: `component/NAME`, or `NODE/KIND`
    #[arg(value_name = "STEP")]
    step: StepName,
    /// The site
    #[arg(long, value_name = "FILE")]
    site: PathBuf,
    /// The generation to go back to [default: the one before the newest]
    #[arg(long, value_name = "GENERATION")]
    to: Option<u32>,
    /// Don't ask
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    reach: ReachArgs,
}

/// A component can't go back.
#[derive(Debug, thiserror::Error, Diagnostic)]
enum Refusal {
    #[error("this site holds no bundle `{0}`, so it is not known what the cluster is")]
    #[diagnostic(help("`airgap-install status` lists what it holds"))]
    NoBundle(String),
    #[error("this site holds no generation {number} of `{bundle}`")]
    #[diagnostic(help("`airgap-install status` lists what it holds"))]
    NoGeneration { number: u32, bundle: String },
    #[error("the bundle says nothing of a distribution of Kubernetes that is known here")]
    NoDistribution,
    #[error("no component `{name}` was put into the cluster{there}")]
    NotThere { name: String, there: String },
    #[error("`{name}` can't be taken off: {} need it", needed_by.join(", "))]
    #[diagnostic(help("roll these back first"))]
    Needed { name: String, needed_by: Vec<String> },
}

/// Where a component goes.
enum Aim {
    /// Back to what a generation says.
    Back(Box<Component>, u32),
    /// Off.
    Off(Inventory),
}

impl RollbackArgs {
    pub(super) fn run(&self, common: &CommonArgs, state: &Path) -> miette::Result<()> {
        let name = match &self.step {
            StepName::Component(name) => name,
            StepName::Node { node, kind } => return Err(NoUndo::of(node, *kind).into()),
        };
        let reached = self.reach.reach(&self.site, state)?;
        let store = Store::at(state);
        let _lock = store.lock()?;
        let held = Held::of(&store, &reached, self.to)?;
        runtime()?.block_on(async {
            let api = reached.api(held.distribution).await?;
            let failed = |source| WorkError::from(DeployError::Api { component: name.clone(), source });
            let mut there = Inventory::all(&api).await.map_err(failed)?;
            let aim = self.aim(name, &there, &held, &reached, state)?;
            there.retain(|there| there.component != *name);
            if !self.yes && !confirm(&question(name, &aim))? {
                return Err(UsageError::new("nothing was changed").with_help("confirm with --yes").into());
            }
            Self::go(name, &api, (&aim, &there), &held, common, state).await
        })?;
        print("The next installation brings in again what the newest bundle says.\n")
    }

    fn aim(
        &self,
        name: &str,
        there: &[Inventory],
        held: &Held,
        reached: &Reached,
        state: &Path,
    ) -> miette::Result<Aim> {
        let Some(inventory) = there.iter().find(|there| there.component == name) else {
            let names: Vec<&str> = there.iter().map(|there| there.component.as_str()).collect();
            let there = if names.is_empty() { String::new() } else { format!("; there are {}", names.join(", ")) };
            return Err(Refusal::NotThere { name: name.to_owned(), there }.into());
        };
        if let Some((earlier, number)) = &held.earlier
            && let Some(component) = held.component(earlier, name, reached, state)?
        {
            return Ok(Aim::Back(Box::new(component), *number));
        }
        let needs_it = |other: &&PlatformComponent| other.needs.iter().any(|need| need.as_str() == name);
        let is_there = |other: &&PlatformComponent| there.iter().any(|there| there.component == other.name.as_str());
        let others = held.platform.components.iter().filter(needs_it).filter(is_there);
        let needed_by: Vec<String> = others.map(|other| format!("`{}`", other.name)).collect();
        if !needed_by.is_empty() {
            return Err(Refusal::Needed { name: name.to_owned(), needed_by }.into());
        }
        Ok(Aim::Off(inventory.clone()))
    }

    /// Does it, between two lines of the journal. What `others` have, too, is left to them.
    async fn go(
        name: &str,
        api: &Api,
        (aim, others): (&Aim, &[Inventory]),
        held: &Held,
        common: &CommonArgs,
        state: &Path,
    ) -> miette::Result<()> {
        let (clock, stop) = (Timestamp::now, stop()?);
        let reporter = reporter(common, &clock);
        reporter.attach(Box::new(Journal::open(state).map_err(RunError::Report)?));
        let started = Event::RunStarted { command: "rollback".into(), bundle: Some(held.newest.clone()) };
        reporter.emit(started).map_err(RunError::Report)?;
        let plan = Plan { steps: vec![step_of(name, aim)] };
        let act = |_: &Step| async {
            match aim {
                Aim::Back(component, _) => Ok(Came::from(deploy::deploy(api, component, others).await?)),
                Aim::Off(inventory) => Ok::<Came, WorkError>(deploy::remove(api, inventory, others).await?.into()),
            }
        };
        let ended = rollout::run(&plan, 1, || false, |_, step| perform(act, step, &reporter)).await;
        end_run(&reporter, whole(ended, plan.steps.len(), &stop), 0)
    }
}

/// What the site holds of its bundle.
struct Held {
    distribution: &'static dyn distribution::Distribution,
    platform: document::Platform,
    newest: BundleId,
    /// The one to go back to, with its generation; none if there is no earlier one.
    earlier: Option<(VerifiedBundle, u32)>,
}

impl Held {
    fn of(store: &Store, reached: &Reached, to: Option<u32>) -> miette::Result<Self> {
        let wanted = &reached.site.bundle.name;
        let mut held: Vec<Generation> = store.list()?.into_iter().filter(|held| held.receipt.name == *wanted).collect();
        held.sort_by_key(|generation| generation.number);
        let Some(newest) = held.pop() else { return Err(Refusal::NoBundle(wanted.to_string()).into()) };
        let earlier = match to {
            Some(number) => {
                let found = held.into_iter().find(|generation| generation.number == number);
                Some(found.ok_or(Refusal::NoGeneration { number, bundle: wanted.to_string() })?)
            }
            None => held.pop(),
        };
        let bundle = newest.open()?;
        let platform = bundle.document().platform().cloned().ok_or(Refusal::NoDistribution)?;
        let distribution = distribution::of(&platform).ok_or(Refusal::NoDistribution)?;
        let newest = BundleId::new(bundle.document(), bundle.document_digest());
        let earlier = match earlier {
            Some(generation) => Some((generation.open()?, generation.number)),
            None => None,
        };
        Ok(Self { distribution, platform, newest, earlier })
    }

    /// A component as an earlier bundle has it, with what the site says to it today.
    fn component(
        &self,
        earlier: &VerifiedBundle,
        name: &str,
        reached: &Reached,
        state: &Path,
    ) -> miette::Result<Option<Component>> {
        let Some(platform) = earlier.document().platform() else { return Ok(None) };
        let is_it =
            |component: &&PlatformComponent| component.name.as_str() == name && Component::is_something(component);
        let Some(component) = platform.components.iter().find(is_it) else { return Ok(None) };
        let anonymous = Settings::load(state)?.is_some_and(|settings| settings.anonymous);
        let jump_host = &reached.site.jump_host;
        let server = site_server(state, jump_host.address.with_port(jump_host.port), anonymous)?;
        let site = SiteSays { components: &reached.site.components, secrets: &reached.secrets, server: &server };
        Ok(Some(Component::new(earlier, platform, component, site)?))
    }
}

fn step_of(name: &str, aim: &Aim) -> Step {
    let (kind, title, reason) = match aim {
        Aim::Back(component, number) => {
            let title = format!("Bring {name} of {} {} back", component.bundle, component.version);
            (Kind::Component, title, format!("generation {number} has it"))
        }
        Aim::Off(_) => (Kind::Drop, format!("Take {name} off"), "no earlier bundle has it".into()),
    };
    Step { node: None, kind, component: Some(name.to_owned()), title, needed: true, reason, after: Vec::new() }
}

/// What a person is asked.
fn question(name: &str, aim: &Aim) -> String {
    match aim {
        Aim::Back(component, number) => {
            format!(
                "Bring {name} back to what {} {} (generation {number}) says of it?",
                component.bundle, component.version
            )
        }
        Aim::Off(inventory) => {
            format!("Take {name} off the cluster, with {} objects? No earlier bundle has it.", inventory.objects.len())
        }
    }
}
