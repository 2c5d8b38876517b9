//! `verify` without a bundle: what the site holds.

use std::path::Path;

use airgap_console::{ByteSize, CommonArgs, OutputArgs, Table};
use jiff::Timestamp;
use registry::store::{Generation, Store};
use serde::Serialize;

use super::args::{reporter, stop, threads};
use crate::engine::{RunError, StepError, chain};
use crate::event::{BundleId, Event, Outcome, Reporter, StepId};
use crate::held::{Broken, examine};
use crate::meter::Meter;
use crate::site;
use crate::stop::Stop;

/// What the site holds, read to the last byte.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Verified {
    schema_version: u32,
    generations: Vec<Checked>,
}

/// A generation.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Checked {
    generation: u32,
    #[serde(flatten)]
    bundle: BundleId,
    in_place: bool,
    /// Bytes of the archive.
    size: u64,
    whole: bool,
}

/// Some generations are not whole.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{} of {of} generations are not whole", broken.len())]
#[diagnostic(help(
    "install the same bundle again: it takes the place of the damaged one; `airgap-install remove` removes one that is \
     not needed"
))]
struct NotWhole {
    #[related]
    broken: Vec<Broken>,
    of: usize,
}

/// Reads every generation; fails when one is not whole, after all were read.
pub(super) fn run(output: &OutputArgs, common: &CommonArgs, state: &Path) -> miette::Result<()> {
    let stop = stop()?;
    let clock = Timestamp::now;
    let reporter = reporter(common, &clock);
    let mut verified = Verified { schema_version: 1, generations: Vec::new() };
    let mut broken = Vec::new();
    let (generations, unreadable) = Store::at(state).look()?;
    for generation in generations {
        let found = one(&generation, &reporter, &stop)?;
        let site::Held { generation: number, bundle, in_place, .. } = site::held(&generation);
        let (size, whole) = (generation.receipt.archive_size, found.is_none());
        verified.generations.push(Checked { generation: number, bundle, in_place, size, whole });
        broken.extend(found);
    }
    output.print(&verified, table)?;
    let of = verified.generations.len() + unreadable.len();
    broken.extend(unreadable.into_iter().map(Broken::from));
    if broken.is_empty() { Ok(()) } else { Err(NotWhole { broken, of }.into()) }
}

fn one(generation: &Generation, reporter: &Reporter<'_>, stop: &Stop) -> miette::Result<Option<Broken>> {
    let size = generation.receipt.archive_size;
    let meter = Meter::new(reporter, StepId::Verify, size);
    let broken = examine(generation, threads(), stop, &|bytes| meter.advance(bytes)).map_err(StepError::from)?;
    let outcome = match &broken {
        None => Outcome::done(format!("generation {}: {} read", generation.number, ByteSize(size))),
        Some(broken) => Outcome::Failed { error: chain(broken) },
    };
    reporter.emit(Event::StepFinished { step: StepId::Verify, outcome }).map_err(RunError::Report)?;
    Ok(broken)
}

fn table(verified: &Verified) -> String {
    if verified.generations.is_empty() {
        return "This site holds no bundle.\n".to_owned();
    }
    let mut table = Table::new(&[">GENERATION", "BUNDLE", "VERSION", ">SIZE", "WHOLE"]);
    for checked in &verified.generations {
        table.row([
            checked.generation.to_string(),
            checked.bundle.name.clone(),
            checked.bundle.version.clone(),
            ByteSize(checked.size).to_string(),
            if checked.whole { "yes" } else { "NO" }.to_owned(),
        ]);
    }
    table.to_string()
}
