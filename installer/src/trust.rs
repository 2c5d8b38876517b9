//! Where trust comes from at a site: `--trust FILE`, else `/etc/airgap/allowed_signers`. Never from the bundle.

use std::io;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use manifests::signature::{TrustError, TrustRoot};

/// Where an administrator puts whom the site trusts.
pub const DEFAULT_FILE: &str = "/etc/airgap/allowed_signers";

/// Why there is nobody to trust.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum NoTrust {
    /// No file was named and the default one is not there.
    #[error("nobody is trusted to sign bundles: `{}` does not exist", path.display())]
    #[diagnostic(help(
        "put a line `<who> namespaces=\"airgap-bundle\" <public key>` for every signer into {DEFAULT_FILE}, or name such a \
         file with --trust FILE.\nGet the public key from whoever builds the bundles, by another way than the bundle \
         itself: it is the content of their `.pub` file"
    ))]
    Missing {
        /// The file that was looked for.
        path: PathBuf,
    },
    /// The file can't be read.
    #[error("cannot read the allowed signers in `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file says nothing that can be used.
    #[error("cannot use the allowed signers in `{}`", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        #[diagnostic_source]
        source: TrustError,
    },
}

/// Loads whom to trust.
///
/// # Errors
/// [`NoTrust`] when nobody is trusted: there is no way to go on without.
pub fn load(named: Option<&Path>, threshold: NonZeroU32) -> Result<TrustRoot, NoTrust> {
    let path = named.unwrap_or(Path::new(DEFAULT_FILE)).to_owned();
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(source) if source.kind() == io::ErrorKind::NotFound => return Err(NoTrust::Missing { path }),
        Err(source) => return Err(NoTrust::Read { path, source }),
    };
    match TrustRoot::parse(&text, &path.display().to_string()) {
        Ok(root) => Ok(root.with_threshold(threshold)),
        Err(source) => Err(NoTrust::Parse { path, source }),
    }
}
