//! `remove`.

use std::path::Path;

use airgap_console::{CommonArgs, UsageError};
use jiff::Timestamp;
use registry::store::{Generation, Store};

use super::args::reporter;
use crate::engine::RunError;
use crate::event::{Event, Outcome, StepId};
use crate::journal::Journal;

/// Remove a generation
///
/// The version floor stays: removing a version does not make an older one acceptable.
#[derive(Debug, clap::Args)]
pub(super) struct RemoveArgs {
    /// Its number, as `status` shows it
    generation: u32,
    /// Remove it without asking
    #[arg(long, short)]
    yes: bool,
    /// Remove it even if it is the newest of its bundle, which clients use
    #[arg(long)]
    force: bool,
}

/// The generation is in use.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("generation {generation} is the newest of `{name}`: clients are served from it")]
#[diagnostic(help("import its successor first, or remove it all the same with --force"))]
struct InUse {
    generation: u32,
    name: String,
}

impl RemoveArgs {
    pub(super) fn run(&self, common: &CommonArgs, state: &Path) -> miette::Result<()> {
        let store = Store::at(state);
        let generation = self.admit(&store)?;
        let bundle = generation.as_ref().map(|generation| crate::site::held(generation).bundle);
        let what = match &bundle {
            Some(bundle) => format!("generation {} ({} {})", self.generation, bundle.name, bundle.version),
            None => format!("generation {}, whose receipt can't be read", self.generation),
        };
        if !self.yes && !super::args::confirm(&format!("Remove {what}?"))? {
            return Err(UsageError::new("nothing was removed").with_help("confirm with --yes").into());
        }
        let lock = store.lock()?;
        let clock = Timestamp::now;
        let reporter = reporter(common, &clock);
        reporter.attach(Box::new(Journal::open(state).map_err(RunError::Report)?));
        let emit = |event| reporter.emit(event).map_err(RunError::Report);
        emit(Event::RunStarted { command: "remove".into(), bundle })?;
        store.remove(&lock, self.generation)?;
        let outcome = Outcome::done(format!("{what} is gone; the version floor stays"));
        emit(Event::StepFinished { step: StepId::Remove, outcome: outcome.clone() })?;
        Ok(emit(Event::RunFinished { outcome })?)
    }

    /// The generation, unless it is in use. `None` for one whose receipt can't be read: it is not served.
    fn admit(&self, store: &Store) -> miette::Result<Option<Generation>> {
        let (generations, unreadable) = store.look()?;
        if unreadable.iter().any(|other| other.number == self.generation) {
            return Ok(None);
        }
        let generation = store.generation(self.generation)?;
        let newest = generations.into_iter().rfind(|other| other.receipt.name == generation.receipt.name);
        if !self.force && newest.is_some_and(|newest| newest.number == generation.number) {
            let name = generation.receipt.name.to_string();
            return Err(InUse { generation: generation.number, name }.into());
        }
        Ok(Some(generation))
    }
}
