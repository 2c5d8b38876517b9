//! `airgap-bundle split`

use std::num::NonZeroUsize;
use std::path::PathBuf;

use airgap_console::{ByteSize, CommonArgs};

use super::bundle::BundleArgs;
use super::trust::{TrustArgs, verify};
use crate::repack::Repack;

/// Write a bundle again as volumes for small media: OUTPUT.001, OUTPUT.002, … with the same signatures
#[derive(Debug, clap::Args)]
pub(super) struct SplitArgs {
    #[command(flatten)]
    bundle: BundleArgs,
    /// Volumes are smaller than this, such as 4GiB for FAT32
    #[arg(long, value_name = "SIZE")]
    size: ByteSize,
    /// The name that the volumes share
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// How many threads copy; as many as there are processors, if not given
    #[arg(short, long, value_name = "NUMBER")]
    jobs: Option<NonZeroUsize>,
    #[command(flatten)]
    trust: TrustArgs,
}

impl SplitArgs {
    pub(super) fn run(&self, common: &CommonArgs) -> miette::Result<()> {
        let trust = self.trust.required()?;
        let (bundle, _) = verify(self.bundle.open()?, &trust)?;
        Repack { bundle: &bundle, output: &self.output, volume_size: Some(self.size.0), jobs: crate::jobs(self.jobs) }
            .run_and_tell("split", &common.progress())
    }
}
