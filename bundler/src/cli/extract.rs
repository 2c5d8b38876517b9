//! `airgap-bundle extract`

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use airgap_console::{CommonArgs, output};

use super::bundle::BundleArgs;
use super::interrupt;
use super::trust::{TrustArgs, verify};
use crate::extract::Extraction;

/// Take the content, or one item, out of a bundle
///
/// All of it, or an image, becomes an OCI image layout; a chart becomes its .tgz, a set of files its files. Only
/// verified content is written, aside first: a folder under its final name is whole.
#[derive(Debug, clap::Args)]
pub(super) struct ExtractArgs {
    #[command(flatten)]
    bundle: BundleArgs,
    /// The folder to write; it must not be there yet, or be empty. A chart is added to a folder that is there
    #[arg(short, long, value_name = "FOLDER")]
    output: PathBuf,
    /// Only this item: an image's or chart's name as `list` shows it, a chart's name, or the name of a set of files
    #[arg(long, value_name = "NAME")]
    item: Option<String>,
    /// How many threads write; as many as there are processors, if not given
    #[arg(short, long, value_name = "NUMBER")]
    jobs: Option<NonZeroUsize>,
    #[command(flatten)]
    trust: TrustArgs,
}

impl ExtractArgs {
    pub(super) fn run(&self, common: &CommonArgs) -> miette::Result<()> {
        let trust = self.trust.required()?;
        let (bundle, _) = verify(self.bundle.open()?, &trust)?;
        let extraction = match &self.item {
            None => Extraction::everything(&bundle)?,
            Some(name) => Extraction::item(&bundle, name)?,
        };
        let task = common.progress().bytes("extract", Some(extraction.size()));
        let stopped = interrupt::watch();
        let go_on = |bytes| {
            task.advance(bytes);
            !stopped.load(Ordering::Relaxed)
        };
        let path = extraction.write(&self.output, crate::jobs(self.jobs), &go_on)?;
        task.finish();
        output::print(&path.display().to_string())
    }
}
