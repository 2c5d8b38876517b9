//! `preflight`.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use airgap_console::OutputArgs;
use jiff::Timestamp;

use super::args::BundleArgs;
use super::nodes::{ReachArgs, runtime};
use crate::checks::{Carried, Waivers};
use crate::cluster_files;
use crate::distribution::{self, Distribution};
use crate::readiness::{self, Circumstances, Report, Status};
use crate::site_file;

/// Look whether the nodes of a site are ready for a cluster, and change nothing
#[derive(Debug, clap::Args)]
pub(super) struct PreflightArgs {
    /// The site
    #[arg(long, value_name = "FILE")]
    site: PathBuf,
    /// The bundle that is to be installed: for its size, its date and what it makes of the nodes
    #[arg(long, value_name = "PATH", num_args = 1.., help_heading = "Bundle")]
    bundle: Vec<PathBuf>,
    /// Whose signatures count: an OpenSSH allowed_signers file [env: AIRGAP_TRUST] [default: /etc/airgap/allowed_signers]
    #[arg(long, value_name = "FILE", requires = "bundle", help_heading = "Bundle")]
    trust: Option<PathBuf>,
    /// How many different signers it takes
    #[arg(long, value_name = "N", default_value = "1", requires = "bundle", help_heading = "Bundle")]
    threshold: NonZeroU32,
    /// Ignore a check, for a reason that is kept in the report; may be repeated
    #[arg(long, value_name = "ID=REASON")]
    ignore: Vec<String>,
    /// Apply the remedies that can do no harm, and look again; each says what it changed and how that is taken back
    #[arg(long)]
    fix: bool,
    #[command(flatten)]
    reach: ReachArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// The nodes are not ready.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{failed} of the checks failed, on {nodes} of {all} nodes")]
#[diagnostic(help("do what the report says, or ignore a check that does not matter here: --ignore ID=REASON"))]
struct NotReady {
    failed: usize,
    nodes: usize,
    all: usize,
}

impl PreflightArgs {
    pub(super) fn run(&self, state: &Path) -> miette::Result<()> {
        let said = Waivers::parse(&self.ignore)?;
        let site = site_file::load(&self.site)?;
        let waivers = Waivers::of_site(&site)?.and(said);
        let (bundle, distribution) = self.carried()?;
        let hosts = self.reach.to_look(&site, self.site.parent().unwrap_or(Path::new("")), state)?;
        let parallel = self.reach.parallel.get().into();
        let claim = cluster_files::claim(state, &site)?;
        let circumstances = Circumstances { bundle, distribution, claim, parallel, now: &Timestamp::now };
        let report = runtime()?.block_on(readiness::preflight(&site, &hosts, &circumstances, &waivers, self.fix));
        self.output.print(&report, ToString::to_string)?;
        ready(&report)
    }

    fn carried(&self) -> miette::Result<(Option<Carried>, Option<&'static dyn Distribution>)> {
        if self.bundle.is_empty() {
            return Ok((None, None));
        }
        let Self { bundle, trust, threshold, .. } = self;
        let args = BundleArgs { paths: bundle.clone(), trust: trust.clone(), threshold: *threshold };
        let bundle = args.open()?;
        let platform = bundle.document().platform();
        let distribution = platform.and_then(distribution::of);
        Ok((Some(Carried::of(&bundle)), distribution))
    }
}

fn ready(report: &Report) -> miette::Result<()> {
    if report.ready {
        return Ok(());
    }
    let nodes = report.with(Status::Fail).map(|(node, _)| node).collect::<std::collections::BTreeSet<_>>().len();
    Err(NotReady { failed: report.failed().len(), nodes, all: report.nodes.len() }.into())
}
