//! `audit`.

use std::path::{Path, PathBuf};

use airgap_console::OutputArgs;
use serde::Serialize;

use super::args::BundleArgs;
use super::nodes::{ReachArgs, runtime};
use super::report::images;
use crate::distribution;
use crate::proof::audit::Audit;

/// Look which images the cluster of a site has, and whether all of them are the bundle's
///
/// Asks the cluster for every container of every pod, for all that makes pods, and for what nodes have pulled. Changes nothing.
#[derive(Debug, clap::Args)]
pub(super) struct AuditArgs {
    #[command(flatten)]
    bundle: BundleArgs,
    /// The site
    #[arg(long, value_name = "FILE")]
    site: PathBuf,
    #[command(flatten)]
    reach: ReachArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// The cluster has images that the bundle lacks.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{strangers} of {all} images are not the bundle's")]
#[diagnostic(help("add them to the stack, or find out who brought them; `WANTED BY` names who that is"))]
struct Strangers {
    strangers: usize,
    all: usize,
}

/// The bundle makes no cluster.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the bundle says nothing of a distribution of Kubernetes that is known here")]
struct NoDistribution;

/// What was seen, as programs get it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told<'a> {
    schema_version: u32,
    #[serde(flatten)]
    audit: &'a Audit,
}

impl AuditArgs {
    pub(super) fn run(&self, state: &Path) -> miette::Result<()> {
        let bundle = self.bundle.open()?;
        let platform = bundle.document().platform().ok_or(NoDistribution)?;
        let distribution = distribution::of(platform).ok_or(NoDistribution)?;
        let reached = self.reach.reach_to_look(&self.site, state)?;
        let audit = runtime()?.block_on(reached.audit(&bundle, distribution))?;
        self.output.print(&Told { schema_version: 1, audit: &audit }, |told| images(told.audit))?;
        match audit.strangers().count() {
            0 => Ok(()),
            strangers => Err(Strangers { strangers, all: audit.images.len() }.into()),
        }
    }
}
