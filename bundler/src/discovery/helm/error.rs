//! What is wrong with the Helm that is there.

use std::io;
use std::path::PathBuf;

use miette::Diagnostic;
use semver::Version;
use thiserror::Error;

/// A Helm that can't be used.
#[derive(Debug, Error, Diagnostic)]
pub enum HelmError {
    /// There is none.
    #[error("charts can't be rendered: there is no `helm` in the search path")]
    #[diagnostic(help(
        "install Helm 3.8 or later, or name it with --helm or AIRGAP_HELM; it is never downloaded by itself"
    ))]
    Absent,
    /// It can't be started.
    #[error("can't start {}", program.display())]
    #[diagnostic(help("name another Helm with --helm or AIRGAP_HELM"))]
    Start {
        /// The program.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It does not say its version.
    #[error("{} does not say which version of Helm it is: `{said}`", program.display())]
    #[diagnostic(help("name a Helm of 3.8 or later with --helm or AIRGAP_HELM"))]
    NoVersion {
        /// The program.
        program: PathBuf,
        /// What it says.
        said: String,
    },
    /// It is of a version that is not known to do.
    #[error("{} is Helm {version}; 3.8 and later and 4 are known to do", program.display())]
    #[diagnostic(help("name another Helm with --helm or AIRGAP_HELM"))]
    Version {
        /// The program.
        program: PathBuf,
        /// Its version.
        version: Version,
    },
    /// No folder for its work can be made.
    #[error("can't make a temporary folder for Helm")]
    #[diagnostic(help("TMPDIR names another place for temporary files"))]
    Folder(#[source] io::Error),
    /// What it shall read can't be written.
    #[error("can't write {}", path.display())]
    #[diagnostic(help("TMPDIR names another place for temporary files"))]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}
