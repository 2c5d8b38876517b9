//! `airgap-bundle inspect`

use airgap_console::OutputArgs;

use super::bundle::BundleArgs;
use super::trust::{TrustArgs, appraise};
use super::view::Summary;

/// Show what a bundle is
///
/// Takes the same short time for a bundle of any size, and works while volumes are missing.
#[derive(Debug, clap::Args)]
pub(super) struct InspectArgs {
    #[command(flatten)]
    bundle: BundleArgs,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    output: OutputArgs,
}

impl InspectArgs {
    pub(super) fn run(&self) -> miette::Result<()> {
        let trust = self.trust.optional()?;
        let bundle = self.bundle.open_partial()?;
        let trust = appraise(&bundle, trust.as_ref())?;
        self.output.print(&Summary::new(&bundle, trust), Summary::to_string)
    }
}
