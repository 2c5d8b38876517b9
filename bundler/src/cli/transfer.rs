//! What `split` and `join` share: a bundle is checked before it is written again.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use airgap_console::{CommonArgs, Task, UsageError, output};
use manifests::bundle::volume::TransferError;

use super::bundle::BundleArgs;
use super::damage::refuse_damage;
use super::trust::{TrustArgs, verify};

/// The arguments that `split` and `join` share.
#[derive(Debug, clap::Args)]
pub(super) struct TransferArgs {
    #[command(flatten)]
    bundle: BundleArgs,
    /// The file to write, or the name that the volumes will share; nothing is overwritten
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// How many threads check content; as many as there are processors, if not given
    #[arg(short, long, value_name = "NUMBER")]
    jobs: Option<NonZeroUsize>,
    #[command(flatten)]
    trust: TrustArgs,
}

impl TransferArgs {
    /// Checks the bundle, has it written by `write`, and prints the names of the files, which it returns. None of `names`
    /// may be there.
    pub(super) fn run(
        &self,
        common: &CommonArgs,
        names: impl IntoIterator<Item = PathBuf>,
        write: impl FnOnce(&[PathBuf], &Path, &Task) -> Result<Vec<PathBuf>, TransferError>,
    ) -> miette::Result<Vec<PathBuf>> {
        let trust = self.trust.required()?;
        if let Some(taken) = names.into_iter().find(|name| name.symlink_metadata().is_ok()) {
            return Err(UsageError::new(format!("`{}` is there already", taken.display()))
                .with_help("give another name with --output, or remove it first")
                .into());
        }
        let (bundle, _) = verify(self.bundle.open()?, &trust)?;
        let task = common.progress().bytes("check", Some(bundle.archive_size()));
        refuse_damage(bundle.check(crate::jobs(self.jobs), &|bytes| task.advance(bytes)))?;
        task.finish();
        let task = common.progress().bytes("write", Some(bundle.archive_size()));
        let files = write(&self.bundle.paths()?, &self.output, &task)?;
        task.finish();
        files.iter().try_for_each(|file| output::print(&file.display().to_string()))?;
        Ok(files)
    }

    pub(super) fn output(&self) -> &Path {
        &self.output
    }
}
