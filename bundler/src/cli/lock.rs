//! `airgap-bundle lock`

use std::fmt;
use std::path::PathBuf;

use airgap_console::{CommonArgs, OutputArgs, OutputFormat};
use manifests::evidence::Finding;
use serde::Serialize;

use super::changes::Changes;
use super::findings::{Findings, print_refused};
use super::resolve::{ResolveArgs, run_until_signal};
use super::view::SCHEMA_VERSION;
use crate::build::relock;
use crate::compare::{Comparison, Contents};
use crate::lock::{Update, write};

/// Write the lock of a stack: what every tag, range, file and package stands for now
///
/// `platform.lock.yaml` for `platform.yaml`. Look at it and commit it: `build` takes what it has, and `build --locked`
/// nothing else. What is in a lock already stays as it is, and nobody is asked about it; what the stack asks for anew is
/// looked up, and what it does not ask for any more is dropped.
#[derive(Debug, clap::Args)]
pub(super) struct LockArgs {
    /// Move these to what upstream has now: images, charts, files, mirrors, and series for their packages; everything, if
    /// none is named
    #[arg(long, value_name = "ITEM", num_args = 0..)]
    update: Option<Vec<String>>,
    #[command(flatten)]
    resolve: ResolveArgs,
    /// More stacks, each with a lock of its own; one that can't be locked ends it
    #[arg(value_name = "STACK")]
    others: Vec<PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    schema_version: u32,
    lock: PathBuf,
    written: bool,
    #[serde(flatten)]
    comparison: Comparison,
    /// What is to be told: warnings, and what was let pass.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<Finding>,
}

/// What became of several stacks.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reports {
    schema_version: u32,
    locks: Vec<Report>,
}

impl LockArgs {
    pub(super) fn run(self, common: &CommonArgs) -> miette::Result<()> {
        let update = match self.update {
            None => Update::Nothing,
            Some(items) if items.is_empty() => Update::All,
            Some(items) => Update::Items(items),
        };
        let mut locks = vec![lock(self.resolve.clone(), &update, self.output, common)?];
        for stack in self.others {
            let mut resolve = self.resolve.clone();
            resolve.stack = stack;
            locks.push(lock(resolve, &update, self.output, common)?);
        }
        match (self.output.format, locks.len()) {
            // Each was told when it was written.
            (OutputFormat::Table, _) => Ok(()),
            (_, 1) => self.output.print(&locks[0], Report::to_string),
            _ => self.output.print(&Reports { schema_version: SCHEMA_VERSION, locks }, |_| ""),
        }
    }
}

/// Locks one stack, and tells people of it.
fn lock(resolve: ResolveArgs, update: &Update, output: OutputArgs, common: &CommonArgs) -> miette::Result<Report> {
    let (options, progress) = (resolve.options()?, common.progress());
    let relocked = run_until_signal(|stop| async move { relock(options, update, progress, stop).await })
        .inspect_err(|error| print_refused(error, output))?;
    let written = write(&relocked.path, &relocked.lock)?;
    let nothing = || Contents::nothing(relocked.lock.stack.clone());
    let before = relocked.before.as_ref().map_or_else(nothing, Contents::of_lock);
    let comparison = Comparison::between(&before, &Contents::of_lock(&relocked.lock));
    let report = Report {
        schema_version: SCHEMA_VERSION,
        lock: relocked.path,
        written,
        comparison,
        findings: relocked.findings,
    };
    if output.format == OutputFormat::Table {
        output.print(&report, Report::to_string)?;
    }
    Ok(report)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lock = self.lock.display();
        let changes = Changes(&self.comparison);
        match (self.written, self.comparison.is_empty()) {
            (false, _) => writeln!(f, "{lock} is up to date"),
            (true, true) => writeln!(f, "wrote {lock}: the same items"),
            (true, false) => write!(f, "wrote {lock}\n\n{changes}"),
        }?;
        if self.findings.is_empty() { Ok(()) } else { write!(f, "\n{}", Findings(&self.findings)) }
    }
}
