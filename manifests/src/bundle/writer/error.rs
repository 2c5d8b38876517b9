//! Why a bundle can't be planned or written.

use std::io;
use std::path::{Path, PathBuf};

use crate::Digest;
use crate::bundle::OccupiedError;
use crate::bundle::slot::SlotError;
use crate::digest::ContentMismatch;
use crate::document::DocumentError;

/// Why a bundle can't be planned or written.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum WriteError {
    /// A file can't be read or written.
    #[error("can't {action} {path}", path = path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// The file system is full.
    #[error("no space left for {path}: {needed} bytes are needed, {free} are free", path = path.display())]
    #[diagnostic(help("make room and run the same command again: it goes on where it stopped"))]
    NoSpace {
        /// The file that is being written.
        path: PathBuf,
        /// How many bytes are still to be written.
        needed: u64,
        /// How many are free.
        free: u64,
    },
    /// Another process writes to the same place.
    #[error("another build is writing {path}", path = path.display())]
    #[diagnostic(help("wait for it to end, or choose another output file"))]
    Locked {
        /// The final name of the bundle.
        path: PathBuf,
    },
    /// Something else than a bundle has the name.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Occupied(#[from] OccupiedError),
    /// One blob was planned with two sizes or encodings.
    #[error("blob {0} is planned twice, with different sizes or encodings")]
    Conflict(Digest),
    /// What would be written is no valid bundle.
    #[error("the bundle can't be written")]
    Document(#[source] DocumentError),
    /// The document can't be put into JSON.
    #[error("bundle.json can't be written")]
    Json(#[source] serde_json::Error),
    /// The bundle does not fit into volumes of the size.
    #[error("volumes of {size} bytes are too small for this bundle: at least {least} are needed")]
    #[diagnostic(code(usage), help("give a larger size, such as {}MiB", least.div_ceil(1 << 20)))]
    VolumeTooSmall {
        /// The size that was asked for.
        size: u64,
        /// The least that works.
        least: u64,
    },
    /// The bundle needs more volumes than a set can have.
    #[error("more than {0} volumes would be needed")]
    #[diagnostic(help("choose a larger size for the volumes"))]
    TooManyVolumes(usize),
    /// The blob is not part of the plan.
    #[error("blob {0} is not planned")]
    Unknown(Digest),
    /// The blob is in place already, or somebody else is writing it.
    #[error("blob {0} is written already")]
    Taken(Digest),
    /// The bytes are not those that were planned.
    #[error("wrong content for blob {digest}")]
    Content {
        /// The blob.
        digest: Digest,
        /// What is wrong.
        #[source]
        source: ContentMismatch,
    },
    /// Blobs are missing at the end.
    #[error("{missing} blobs are not written yet, {first} among them")]
    Incomplete {
        /// How many.
        missing: usize,
        /// One of them.
        first: Digest,
    },
    /// The writer was told to stop.
    #[error("writing was cancelled")]
    Cancelled,
    /// The signatures don't fit.
    #[error("the signatures can't be written")]
    Signatures(#[source] SlotError),
}

impl WriteError {
    /// An error of input or output. A full file system becomes [`WriteError::NoSpace`] where the need is known.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}

/// For [`io::Write`], which a sink implements: the error keeps its text, and its kind where it has one.
impl From<WriteError> for io::Error {
    fn from(error: WriteError) -> Self {
        let kind = match &error {
            WriteError::Io { source, .. } => source.kind(),
            WriteError::NoSpace { .. } => io::ErrorKind::StorageFull,
            WriteError::Content { .. } => io::ErrorKind::InvalidData,
            _ => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}
