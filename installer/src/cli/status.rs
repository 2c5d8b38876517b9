//! `status`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use airgap_console::{ByteSize, OutputArgs, Table};
use jiff::Timestamp;
use miette::{Context as _, IntoDiagnostic as _};
use registry::store::{Generation, Store, StoreError, Unreadable};
use serde::Serialize;

use crate::engine::chain;
use crate::event::BundleId;
use crate::journal::{self, UnderWay};
use crate::preflight;
use crate::service::{self, ServerState};
use crate::site;

/// Show what this site holds and serves
#[derive(Debug, clap::Args)]
pub(super) struct StatusArgs {
    #[command(flatten)]
    output: OutputArgs,
}

/// What a site holds and serves.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    schema_version: u32,
    state: PathBuf,
    generations: Vec<Held>,
    /// Those whose receipts can't be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unreadable: Vec<Lost>,
    server: ServerState,
    /// The last command that changes the site, if it has not ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    work: Option<Work>,
    /// The lowest version of each bundle that is still accepted.
    floors: BTreeMap<String, String>,
    /// Bytes that generations and broken imports take on the disk.
    disk_used: u64,
    /// Bytes that are free on that disk.
    disk_free: u64,
}

/// A command that has not ended.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Work {
    /// Whether it is at work; else it was killed.
    alive: bool,
    #[serde(flatten)]
    under_way: UnderWay,
}

/// A generation.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Held {
    generation: u32,
    #[serde(flatten)]
    bundle: BundleId,
    imported_at: Timestamp,
    signers: Vec<String>,
    in_place: bool,
    /// Bytes of the archive.
    size: u64,
    /// Whether its files can be opened.
    usable: bool,
}

/// A generation whose receipt can't be read.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Lost {
    generation: u32,
    problem: String,
}

impl StatusArgs {
    pub(super) fn run(&self, state: &Path) -> miette::Result<()> {
        let store = Store::at(state);
        let (generations, unreadable) = store.look()?;
        let lost = |lost: &Unreadable| Lost { generation: lost.number, problem: chain(lost) };
        let floors = store.floors()?;
        let floors = floors.iter().map(|(name, floor)| (name.to_owned(), floor.version.to_string())).collect();
        let status = Status {
            schema_version: 1,
            state: state.to_owned(),
            generations: generations.iter().map(held).collect(),
            unreadable: unreadable.iter().map(lost).collect(),
            server: service::server_state(state),
            work: work(&store)?,
            floors,
            disk_used: site::disk_use(&store.generations_path()),
            disk_free: preflight::free(preflight::nearest_existing(state)).unwrap_or_default(),
        };
        self.output.print(&status, table)
    }
}

/// What is under way. The lock is tried only where a run has not ended, and given back at once.
fn work(store: &Store) -> miette::Result<Option<Work>> {
    let journaled = journal::read(store.root()).into_diagnostic().wrap_err("cannot read the journal")?;
    let Some(under_way) = journal::under_way(&journaled.records) else { return Ok(None) };
    let alive = matches!(store.lock(), Err(StoreError::Locked(_)));
    Ok(Some(Work { alive, under_way }))
}

fn told(work: &Work) -> String {
    let UnderWay { run, done, failed, begun_steps } = &work.under_way;
    let since = run.begun.strftime("%Y-%m-%d %H:%M");
    let mut text = match work.alive {
        true => format!("{} since {since}: {done} steps done", run.command),
        false => format!("{} of {since} was cut off after {done} steps; run it again to go on", run.command),
    };
    if !begun_steps.is_empty() {
        text.push_str(&format!("; {}: {}", if work.alive { "at" } else { "in" }, begun_steps.join(", ")));
    }
    if !failed.is_empty() {
        text.push_str(&format!("; failed: {}", failed.join(", ")));
    }
    text
}

fn held(generation: &Generation) -> Held {
    let receipt = &generation.receipt;
    let site::Held { generation: number, bundle, in_place, usable } = site::held(generation);
    Held {
        generation: number,
        bundle,
        imported_at: receipt.imported_at,
        signers: receipt.signers.iter().map(|signer| signer.principal.clone()).collect(),
        in_place,
        size: receipt.archive_size,
        usable,
    }
}

fn table(status: &Status) -> String {
    let mut text = String::new();
    if status.generations.is_empty() && status.unreadable.is_empty() {
        text.push_str(&format!("`{}` holds no bundle.\n", status.state.display()));
    } else {
        let mut table = Table::new(&[">GENERATION", "BUNDLE", "VERSION", ">SIZE", "IMPORTED", "SIGNED BY", "NOTE"]);
        for held in &status.generations {
            let note = match (held.usable, held.in_place) {
                (false, _) => "NOT USABLE",
                (true, true) => "in place",
                (true, false) => "",
            };
            table.row([
                held.generation.to_string(),
                held.bundle.name.clone(),
                held.bundle.version.clone(),
                ByteSize(held.size).to_string(),
                held.imported_at.strftime("%Y-%m-%d %H:%M").to_string(),
                held.signers.join(", "),
                note.to_owned(),
            ]);
        }
        for lost in &status.unreadable {
            let row = [&lost.generation.to_string(), "?", "?", "", "", "", "NOT USABLE"];
            table.row(row.map(str::to_owned));
        }
        text.push_str(&table.to_string());
        for lost in &status.unreadable {
            text.push_str(&format!("\n{}\n", lost.problem));
        }
    }
    let mut pairs = Table::pairs();
    pairs.row(["server".to_owned(), status.server.to_string()]);
    if let Some(work) = &status.work {
        pairs.row(["work".to_owned(), told(work)]);
    }
    for (name, version) in &status.floors {
        pairs.row(["floor".to_owned(), format!("{name} {version}")]);
    }
    let (used, free) = (ByteSize(status.disk_used), ByteSize(status.disk_free));
    pairs.row(["disk".to_owned(), format!("{used} used, {free} free in {}", status.state.display())]);
    text.push('\n');
    text.push_str(&pairs.to_string());
    text
}
