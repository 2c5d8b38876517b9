//! `report`.

mod text;

pub(super) use text::images;

use std::path::{Path, PathBuf};

use airgap_console::OutputArgs;
use jiff::Timestamp;
use manifests::Digest;
use miette::{Context as _, IntoDiagnostic as _};
use registry::store::{SignedBy, Store};
use serde::Serialize;

use crate::cluster_files;
use crate::journal::{self, Run};
use crate::proof::record::Record;

/// Show what was installed, when, by which commands, and what shows that all of it came from the bundle
///
/// Reads what the jump host keeps and asks no node.
#[derive(Debug, clap::Args)]
pub(super) struct ReportArgs {
    /// Write a component with the images that the cluster has and the bundle lacks, to be added to the stack, and nothing else
    #[arg(long, conflicts_with = "format")]
    patch: bool,
    #[command(flatten)]
    output: OutputArgs,
}

/// What is known of a site.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    schema_version: u32,
    /// When the report was made.
    at: Timestamp,
    state: PathBuf,
    bundles: Vec<Bundle>,
    /// The cluster, if one was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster: Option<Record>,
    /// What was done to the site, oldest first.
    runs: Vec<Run>,
    /// The numbers of lines of the journal that were cut short or damaged.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    damaged: Vec<usize>,
}

/// A bundle that the site holds.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Bundle {
    generation: u32,
    name: String,
    version: String,
    digest: Digest,
    created: Timestamp,
    imported_at: Timestamp,
    signers: Vec<SignedBy>,
    /// Bytes of the archive.
    size: u64,
}

impl ReportArgs {
    pub(super) fn run(&self, state: &Path) -> miette::Result<()> {
        let report = Report::of(state)?;
        if self.patch {
            let patch = report.cluster.as_ref().and_then(|cluster| cluster.audit.patch());
            return airgap_console::output::print(&patch.unwrap_or_default());
        }
        self.output.print(&report, text::report)
    }
}

impl Report {
    fn of(state: &Path) -> miette::Result<Self> {
        let journaled = journal::read(state).into_diagnostic().wrap_err("cannot read the journal")?;
        let bundle = |generation: registry::store::Generation| {
            let receipt = generation.receipt;
            Bundle {
                generation: generation.number,
                name: receipt.name.to_string(),
                version: receipt.version.to_string(),
                digest: receipt.bundle,
                created: receipt.created,
                imported_at: receipt.imported_at,
                signers: receipt.signers,
                size: receipt.archive_size,
            }
        };
        Ok(Self {
            schema_version: 1,
            at: Timestamp::now(),
            state: state.to_owned(),
            bundles: Store::at(state).list()?.into_iter().map(bundle).collect(),
            cluster: cluster_files::record(state)?,
            runs: journal::runs(&journaled.records),
            damaged: journaled.damaged,
        })
    }
}
