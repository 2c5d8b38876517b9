//! `airgap-bundle join`

use std::num::NonZeroUsize;
use std::path::PathBuf;

use airgap_console::CommonArgs;

use super::bundle::BundleArgs;
use super::trust::{TrustArgs, verify};
use crate::repack::Repack;

/// Write the volumes of a bundle again as one file: the same bytes that a build without volumes gives
///
/// Volumes can be read as they are; joining them is never needed, only handy.
#[derive(Debug, clap::Args)]
pub(super) struct JoinArgs {
    #[command(flatten)]
    bundle: BundleArgs,
    /// The file to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// How many threads copy; as many as there are processors, if not given
    #[arg(short, long, value_name = "NUMBER")]
    jobs: Option<NonZeroUsize>,
    #[command(flatten)]
    trust: TrustArgs,
}

impl JoinArgs {
    pub(super) fn run(&self, common: &CommonArgs) -> miette::Result<()> {
        let trust = self.trust.required()?;
        let (bundle, _) = verify(self.bundle.open()?, &trust)?;
        Repack { bundle: &bundle, output: &self.output, volume_size: None, jobs: crate::jobs(self.jobs) }
            .run_and_tell("join", &common.progress())
    }
}
