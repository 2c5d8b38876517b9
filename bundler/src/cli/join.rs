//! `airgap-bundle join`

use airgap_console::CommonArgs;

use super::transfer::TransferArgs;

/// Write the volumes of a bundle again as one file
///
/// The same bytes that a build without volumes gives. Volumes can be read as they are: joining them is never needed.
#[derive(Debug, clap::Args)]
pub(super) struct JoinArgs {
    #[command(flatten)]
    transfer: TransferArgs,
}

impl JoinArgs {
    pub(super) fn run(&self, common: &CommonArgs) -> miette::Result<()> {
        self.transfer.run(common, None)?;
        Ok(())
    }
}
