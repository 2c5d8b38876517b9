//! Naming a bundle.

use std::path::PathBuf;

use airgap_console::UsageError;
use airgap_console::bundle::resolve;
use manifests::bundle::UnverifiedBundle;

/// The argument that names a bundle.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct BundleArgs {
    /// The bundle's file; for volumes any of them, the name that they share, or the folder that holds them
    ///
    /// Volumes that lie in several folders are all named.
    #[arg(required = true, value_name = "BUNDLE")]
    pub(super) bundle: Vec<PathBuf>,
}

impl BundleArgs {
    /// The files to open: a folder stands for the one bundle in it.
    pub(super) fn paths(&self) -> Result<Vec<PathBuf>, UsageError> {
        self.bundle.iter().map(|path| resolve(path)).collect()
    }

    /// Opens the bundle, all of whose volumes must be there.
    pub(super) fn open(&self) -> miette::Result<UnverifiedBundle> {
        Ok(UnverifiedBundle::open(&self.paths()?)?)
    }

    /// Opens the bundle, some of whose volumes may be missing.
    pub(super) fn open_partial(&self) -> miette::Result<UnverifiedBundle> {
        Ok(UnverifiedBundle::open_partial(&self.paths()?)?)
    }
}
