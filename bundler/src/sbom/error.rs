//! Why there is no inventory.

use std::io;

use manifests::Digest;
use manifests::bundle::OpenError;

/// Why there is no inventory of a bundle.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum SbomError {
    /// The bundle can't be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Open(#[from] OpenError),
    /// A manifest can't be understood.
    #[error("can't understand the manifest {digest} of {of}")]
    Manifest {
        /// The manifest.
        digest: Digest,
        /// The item.
        of: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// Content is not what was signed, or can't be read.
    #[error("can't read {digest}")]
    #[diagnostic(help("`airgap-bundle verify` says everything that is wrong with the bundle; carry it again"))]
    Blob {
        /// The blob.
        digest: Digest,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file for what has to be read to and fro can't be written.
    #[error("can't write a temporary file in {}", folder.display())]
    #[diagnostic(help("databases and archives of up to 1 GiB within images go there; TMPDIR names another folder"))]
    Temporary {
        /// The folder.
        folder: std::path::PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Somebody stopped it.
    #[error("stopped: nothing was written")]
    #[diagnostic(code(interrupted))]
    Interrupted,
}

impl SbomError {
    pub(super) fn temporary(source: io::Error) -> Self {
        Self::Temporary { folder: std::env::temp_dir(), source }
    }
}
