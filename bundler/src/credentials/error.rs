//! What can be wrong with credentials.

use std::io;
use std::path::PathBuf;

use miette::Diagnostic;
use thiserror::Error;

/// Credentials that can't be had. No message holds any of them.
#[derive(Debug, Error, Diagnostic)]
pub enum CredentialError {
    /// A file can't be read.
    #[error("can't read the credentials in {}", path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file is not what it should be.
    #[error("{} is not a valid file of credentials: {problem}", path.display())]
    #[diagnostic(help("`docker login` and `skopeo login` write such files"))]
    Format {
        /// Which one.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A credential helper failed.
    #[error("the credential helper `docker-credential-{helper}`, set in {}, failed for {registry}: {problem}", file.display())]
    #[diagnostic(help("try it by hand: echo {registry} | docker-credential-{helper} get"))]
    Helper {
        /// Its name.
        helper: String,
        /// The file that names it.
        file: PathBuf,
        /// For which registry it was asked.
        registry: String,
        /// How it failed.
        problem: String,
    },
}
