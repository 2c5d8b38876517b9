//! Why content can't be taken out.

use std::io;
use std::path::{Path, PathBuf};

use manifests::Digest;
use manifests::bundle::reader::OpenError;

/// Why content can't be taken out.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum ExtractError {
    /// The bundle can't be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Open(#[from] OpenError),
    /// A manifest can't be understood.
    #[error("can't read the manifest {0}")]
    Manifest(Digest, #[source] serde_json::Error),
    /// No item has the name.
    #[error("the bundle holds no `{name}`")]
    #[diagnostic(help("{}", if near.is_empty() { "`airgap-bundle list BUNDLE` shows what it holds".to_owned() } else { format!("it holds {}", near.join(", ")) }))]
    NoItem {
        /// The name.
        name: String,
        /// Names that are like it.
        near: Vec<String>,
    },
    /// Several items have the name.
    #[error("`{name}` may be any of {}", .names.join(", "))]
    #[diagnostic(help("give the whole name"))]
    Several {
        /// The name.
        name: String,
        /// The whole names.
        names: Vec<String>,
    },
    /// The item is of a later kind.
    #[error("`{0}` is of a kind that this version does not know")]
    UnknownKind(String),
    /// Something is in the way.
    #[error("`{path}` is there already", path = path.display())]
    #[diagnostic(help("name a folder that is not there yet, or is empty"))]
    Exists {
        /// What is in the way.
        path: PathBuf,
    },
    /// Another process extracts to the same place.
    #[error("another run is extracting to `{path}`", path = path.display())]
    #[diagnostic(help("wait for it to end, or name another folder"))]
    Busy {
        /// The final name.
        path: PathBuf,
    },
    /// Somebody stopped it.
    #[error("stopped: nothing was extracted")]
    #[diagnostic(code(interrupted))]
    Interrupted,
    /// A file or folder can't be written.
    #[error("can't {action} `{path}`", path = path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// A blob can't be read, is damaged, or can't be written.
    #[error("can't extract {digest} to `{path}`", path = path.display())]
    Blob {
        /// The blob.
        digest: Digest,
        /// Where it goes.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: io::Error,
    },
}

impl ExtractError {
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}
