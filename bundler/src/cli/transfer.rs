//! What `split` and `join` share: a bundle is checked before it is written again.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use airgap_console::{CommonArgs, UsageError, output};
use manifests::bundle::volume;

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
    /// Checks the bundle and writes it again: as volumes smaller than `volume_size` bytes, or as one file. Prints the
    /// names of the files, and returns them.
    pub(super) fn run(&self, common: &CommonArgs, volume_size: Option<u64>) -> miette::Result<Vec<PathBuf>> {
        let trust = self.trust.required()?;
        self.check_names(volume_size.is_some())?;
        let (bundle, _) = verify(self.bundle.open()?, &trust)?;
        if let Some(size) = volume_size {
            volume::check_size(&bundle, size)?;
        }
        let task = common.progress().bytes("check", Some(bundle.archive_size()));
        refuse_damage(bundle.check(crate::jobs(self.jobs), &|bytes| task.advance(bytes)))?;
        task.finish();
        let task = common.progress().bytes("write", Some(bundle.archive_size()));
        let paths = self.bundle.paths()?;
        let files = match volume_size {
            Some(size) => volume::split(&paths, &self.output, size, &|bytes| task.advance(bytes)),
            None => volume::join(&paths, &self.output, &|bytes| task.advance(bytes)),
        }?;
        task.finish();
        files.iter().try_for_each(|file| output::print(&file.display().to_string()))?;
        Ok(files)
    }

    /// None of the names may be taken that the files may get.
    fn check_names(&self, in_volumes: bool) -> Result<(), UsageError> {
        let volumes = || volume::names(&self.output);
        let names: Vec<PathBuf> = if in_volumes {
            volumes().chain(volumes().take(1).flat_map(|first| volume::set_names(&first))).collect()
        } else {
            vec![self.output.clone()]
        };
        match names.into_iter().find(|name| name.symlink_metadata().is_ok()) {
            Some(taken) => Err(UsageError::new(format!("`{}` is there already", taken.display()))
                .with_help("give another name with --output, or remove it first")),
            None => Ok(()),
        }
    }
}
