//! `airgap-bundle cache`

use std::path::PathBuf;

use airgap_console::{ByteSize, OutputArgs, Table};
use serde::Serialize;

use super::view::SCHEMA_VERSION;
use crate::cache::{Cache, CacheInfo, DEFAULT_LIMIT, Pruned};

/// Look at a cache of `build --cache`, or make it smaller
#[derive(Debug, clap::Args)]
pub(super) struct CacheArgs {
    #[command(subcommand)]
    command: CacheCommand,
}

#[derive(Debug, clap::Subcommand)]
enum CacheCommand {
    /// Show how much a cache holds
    Info(InfoArgs),
    /// Remove from a cache what was not used for the longest time
    Prune(PruneArgs),
}

#[derive(Debug, clap::Args)]
struct InfoArgs {
    /// The cache's folder
    folder: PathBuf,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Args)]
struct PruneArgs {
    /// The cache's folder
    folder: PathBuf,
    /// What may stay, such as 10GiB; 0 empties the cache
    #[arg(long, value_name = "SIZE")]
    keep: ByteSize,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    schema_version: u32,
    folder: PathBuf,
    blobs: usize,
    bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    removed_blobs: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    removed_bytes: Option<u64>,
}

impl CacheArgs {
    pub(super) fn run(&self) -> miette::Result<()> {
        match &self.command {
            CacheCommand::Info(args) => args.run(),
            CacheCommand::Prune(args) => args.run(),
        }
    }
}

impl InfoArgs {
    fn run(&self) -> miette::Result<()> {
        let cache = Cache::existing(&self.folder, DEFAULT_LIMIT)?;
        print(self.output, &cache, None)
    }
}

impl PruneArgs {
    fn run(&self) -> miette::Result<()> {
        let cache = Cache::existing(&self.folder, DEFAULT_LIMIT)?;
        let pruned = cache.prune(self.keep.0)?;
        print(self.output, &cache, Some(pruned))
    }
}

fn print(output: OutputArgs, cache: &Cache, pruned: Option<Pruned>) -> miette::Result<()> {
    let CacheInfo { blobs, bytes, .. } = cache.info()?;
    let report = Report {
        schema_version: SCHEMA_VERSION,
        folder: cache.folder().to_owned(),
        blobs,
        bytes,
        removed_blobs: pruned.map(|pruned| pruned.blobs),
        removed_bytes: pruned.map(|pruned| pruned.bytes),
    };
    output.print(&report, |report| {
        let mut table = Table::pairs();
        table.row(["cache", &report.folder.display().to_string()]);
        table.row(["holds", &format!("{} in {} blobs", ByteSize(report.bytes), report.blobs)]);
        if let (Some(blobs), Some(bytes)) = (report.removed_blobs, report.removed_bytes) {
            table.row(["removed", &format!("{} in {blobs} blobs", ByteSize(bytes))]);
        }
        table
    })
}
