//! `airgap-bundle split`

use airgap_console::{ByteSize, CommonArgs, output};

use super::keys::KeyArgs;
use super::transfer::TransferArgs;
use crate::volume_set;

/// Write a bundle again as volumes for small media
///
/// They are FILE.001, FILE.002, … and carry the same signatures. FILE.set.json lists them; it is signed when a key is
/// given.
#[derive(Debug, clap::Args)]
pub(super) struct SplitArgs {
    /// Volumes are smaller than this, such as 4GiB for FAT32
    #[arg(long, value_name = "SIZE")]
    size: ByteSize,
    #[command(flatten)]
    transfer: TransferArgs,
    #[command(flatten)]
    keys: KeyArgs,
}

impl SplitArgs {
    pub(super) fn run(&self, common: &CommonArgs) -> miette::Result<()> {
        let signers = self.keys.signers()?;
        let volumes = self.transfer.run(common, Some(self.size.0))?;
        let set = volume_set::write(&volumes, &signers)?;
        set.paths.iter().try_for_each(|file| output::print(&file.display().to_string()))
    }
}
