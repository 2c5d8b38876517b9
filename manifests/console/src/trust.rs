//! Whom to trust: `--trust FILE`, else what `AIRGAP_TRUST` names, else the machine's own file. Never the bundle.

use std::io;
use std::path::{Path, PathBuf};

/// Where an administrator puts whom the machine trusts.
pub const DEFAULT_FILE: &str = "/etc/airgap/allowed_signers";
/// Names another file.
const VARIABLE: &str = "AIRGAP_TRUST";

/// Why there is nobody to trust.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum NoTrust {
    /// No file was named and the machine has none. Exit code 2.
    #[error("nothing says whose signatures count")]
    #[diagnostic(
        code(usage),
        help(
            "name a file with --trust FILE, or make {DEFAULT_FILE}; each of its lines is `principal \
             namespaces=\"airgap-bundle\" keytype key`: `airgap-bundle keygen` prints it for a new key, see \
             docs/signing.md.\nGet it from whoever builds the bundles, by another way than the bundle itself"
        )
    )]
    Nobody,
    /// The file that was named is not there.
    #[error("nobody is trusted to sign bundles: `{}` does not exist", path.display())]
    #[diagnostic(help(
        "name another file with --trust FILE, or leave it out where the machine has {DEFAULT_FILE}; docs/signing.md says what stands in it"
    ))]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file can't be read.
    #[error("can't read `{}`, which says whose signatures count", path.display())]
    #[diagnostic(help("run the command as a user who may read it, or name another file with --trust FILE"))]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// What a file says about whose signatures count: still to be parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustFile {
    /// The file's name, for messages.
    pub name: String,
    /// What stands in it.
    pub text: String,
}

/// Reads the file that says whom to trust.
///
/// # Errors
/// [`NoTrust`] when nobody is trusted: there is no way to go on without.
pub fn read(named: Option<&Path>) -> Result<TrustFile, NoTrust> {
    let default = Path::new(DEFAULT_FILE);
    let path = match named.map(Path::to_owned).or_else(from_environment) {
        Some(path) => path,
        None if default.exists() => default.to_owned(),
        None => return Err(NoTrust::Nobody),
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(TrustFile { name: path.display().to_string(), text }),
        Err(source) if source.kind() == io::ErrorKind::NotFound => Err(NoTrust::Missing { path }),
        Err(source) => Err(NoTrust::Read { path, source }),
    }
}

fn from_environment() -> Option<PathBuf> {
    std::env::var_os(VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from)
}
