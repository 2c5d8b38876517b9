//! Why a bundle can't be opened, verified or read.

use std::io;
use std::path::{Path, PathBuf};

use crate::Digest;
use crate::bundle::slot::SlotError;
use crate::bundle::volume::VolumeError;
use crate::digest::ContentMismatch;
use crate::document::DocumentError;
use crate::signature::TrustError;

/// Why a bundle can't be opened, verified or read.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum OpenError {
    /// A file can't be read.
    #[error("can't {action} {path}", path = path.display())]
    #[diagnostic(help(
        "name a bundle that is there and may be read: a file `*.tar.zst`, its volumes, or their folder"
    ))]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// The file is something else.
    #[error("{path} is not a bundle: {reason}", path = path.display())]
    #[diagnostic(help("name a bundle: a file `*.tar.zst`, its volumes, or their folder"))]
    NotABundle {
        /// The file.
        path: PathBuf,
        /// What is there instead.
        reason: &'static str,
    },
    /// The bundle's document breaks a rule, or needs a newer reader.
    #[error("can't read the bundle {path}", path = path.display())]
    Document {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: DocumentError,
    },
    /// The archive is not what the document says.
    #[error("the bundle {path} is damaged: {problem}", path = path.display())]
    #[diagnostic(help("carry the file again"))]
    Damaged {
        /// The file, or the volume.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The signatures can't be read.
    #[error("can't read the signatures of {path}", path = path.display())]
    Signatures {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: SlotError,
    },
    /// Nobody who is trusted vouches for it.
    #[error("{path} is not trusted", path = path.display())]
    Untrusted {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        #[diagnostic_source]
        source: TrustError,
    },
    /// It is not the bundle that the receipt is for.
    #[error("{path} holds the bundle {actual} instead of {expected}", path = path.display())]
    WrongBundle {
        /// The file.
        path: PathBuf,
        /// The digest of the document that was remembered.
        expected: Digest,
        /// That of the one found.
        actual: Digest,
    },
    /// Something is wrong with a set of volumes.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Volumes(#[from] VolumeError),
    /// The bundle has no such blob.
    #[error("the bundle holds no blob {0}")]
    NoBlob(Digest),
    /// The blob is larger than the caller wants to hold.
    #[error("blob {digest} has {size} bytes; at most {limit} are read here")]
    TooLarge {
        /// The blob.
        digest: Digest,
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The bytes are not those that the document names.
    #[error("{what} of {path} is damaged", path = path.display())]
    #[diagnostic(help("carry the file again"))]
    Content {
        /// What was read.
        what: String,
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: ContentMismatch,
    },
}

impl OpenError {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}
