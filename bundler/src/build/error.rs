//! What can go wrong in a build, all of it listed together.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use manifests::bundle::writer::WriteError;
use manifests::lock::LockedImage;
use manifests::yaml::Problem;
use manifests::{Digest, ImageReference};
use miette::Diagnostic;
use reqwest::StatusCode;
use tokio_util::sync::CancellationToken;

use super::output::OutputError;
use super::selection::SizeConflict;
use crate::archives::LocalImageError;
use crate::charts::{ChartError, HelmRepositoriesError};
use crate::closed::Refusal;
use crate::content::BlobError;
use crate::credentials::CredentialError;
use crate::discovery::HelmError;
use crate::files::{FileError, FileProblem};
use crate::git::GitProblem;
use crate::http::FetchError;
use crate::item::ItemError;
use crate::lock::{LockFileError, UnknownItem};
use crate::oci::OciError;
use crate::packages::PackagesError;
use crate::resolve::stack::ResolvedImage;
use crate::sign::SignError;
use crate::volume_set::VolumeSetError;

/// A build that did not come to its end. What it fetched is kept beside the output file, and the next build goes on
/// from there.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum BuildError {
    /// The stack or one of its components is wrong.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Stack(#[from] crate::resolve::stack::ResolveError),
    /// The bundle must not, or can't, be written to its name.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Output(#[from] OutputError),
    /// The bundle has no date.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Created(#[from] crate::resolve::stack::CreatedError),
    /// Settings of the network can't be used.
    #[error("can't set up the network")]
    Network(
        #[source]
        #[diagnostic_source]
        FetchError,
    ),
    /// Credentials can't be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Credentials(#[from] CredentialError),
    /// Helm's logins can't be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Helm(#[from] HelmRepositoriesError),
    /// Items could not be found or understood.
    #[error("{} of {of} items can't be had", .failures.len())]
    Unresolved {
        /// What failed.
        #[related]
        failures: Vec<ItemFailure>,
        /// How many items the stack asks for.
        of: usize,
    },
    /// Content could not be fetched.
    #[error("{} of {of} blobs can't be had", .failures.len())]
    Unfetched {
        /// What failed.
        #[related]
        failures: Vec<BlobFailure>,
        /// How many blobs the bundle has.
        of: usize,
        /// What to do.
        #[help]
        help: &'static str,
    },
    /// The lock can't be read or written.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Lock(#[from] LockFileError),
    /// What is to be moved is not there.
    #[error(transparent)]
    #[diagnostic(transparent)]
    UnknownItem(#[from] UnknownItem),
    /// The stack asks for something else than its lock has.
    #[error("the stack has moved since {} was written", lock.display())]
    #[diagnostic(help("look at each of these, then bring the lock up to date with `airgap-bundle lock {}`", stack.display()))]
    Moved {
        /// The lock.
        lock: PathBuf,
        /// The stack.
        stack: PathBuf,
        /// What is not as the lock has it.
        #[related]
        problems: Vec<Problem>,
    },
    /// It would refer to what it does not hold.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Refused(#[from] Refusal),
    /// Charts can't be rendered.
    #[error("can't see what the charts refer to")]
    Unseen(
        #[from]
        #[diagnostic_source]
        HelmError,
    ),
    /// A temporary file can't be written.
    #[error("can't write a temporary file")]
    #[diagnostic(help("TMPDIR names another place for temporary files"))]
    Temporary(#[source] io::Error),
    /// The evidence can't be put into the bundle.
    #[error("the evidence can't be put into the bundle")]
    Evidence(
        #[source]
        #[diagnostic_source]
        FileProblem,
    ),
    /// What the stack has rules for is not signed as they ask.
    #[error("{}", breaches(.problems.len()))]
    Untrusted {
        /// What is wrong, each at its rule.
        #[related]
        problems: Vec<Problem>,
    },
    /// Two sources contradict each other.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Conflict(#[from] SizeConflict),
    /// The bundle can't be written.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Write(#[from] WriteError),
    /// The set document of the volumes can't be written or signed.
    #[error("the volumes are written, but not the document that lists them")]
    #[diagnostic(help("run the same command again: nothing is fetched again, and the document is written"))]
    Set(
        #[from]
        #[diagnostic_source]
        VolumeSetError,
    ),
    /// Signatures can't be added to the bundle that is there.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Attach(#[from] manifests::bundle::AttachError),
    /// An earlier bundle that was named can't be used.
    #[error("can't reuse {path}", path = .path.display())]
    Reuse {
        /// The bundle.
        path: PathBuf,
        /// Why.
        #[source]
        #[diagnostic_source]
        source: Cause,
    },
    /// The bundle can't be signed.
    #[error("the bundle is fetched, but can't be signed")]
    #[diagnostic(help("run the same command again once the key can be used: nothing is fetched again"))]
    Sign(
        #[source]
        #[diagnostic_source]
        SignError,
    ),
    /// Somebody stopped it.
    #[error("stopped{}", kept(.partial.as_deref()))]
    #[diagnostic(code(interrupted), help("run the same command again, and it goes on where it was"))]
    Interrupted {
        /// The unfinished file; none while the items were still being resolved.
        partial: Option<PathBuf>,
    },
    /// It took longer than it was given.
    #[error("the deadline has passed{}", kept(.partial.as_deref()))]
    #[diagnostic(help("run the same command again, and it goes on where it was; or give it more time"))]
    Deadline {
        /// The unfinished file; none while the items were still being resolved.
        partial: Option<PathBuf>,
        /// What was being waited for, and what had failed by then.
        #[related]
        failures: Vec<LateFailure>,
    },
}

fn breaches(problems: usize) -> String {
    let times = if problems == 1 { "in one place".to_owned() } else { format!("in {problems} places") };
    format!("the stack's rules of trust are not kept {times}")
}

fn kept(partial: Option<&Path>) -> String {
    match partial {
        Some(path) => format!(": what was fetched is kept in {}", path.display()),
        None => " before all items were found: nothing was fetched yet".to_owned(),
    }
}

/// What was not there when the deadline passed.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum LateFailure {
    /// An item.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Item(#[from] ItemFailure),
    /// A blob.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Blob(#[from] BlobFailure),
}

impl BuildError {
    /// Whether a web server does not have any more what it listed while everything was resolved. An archive of packages
    /// drops what it replaces.
    pub(super) fn is_of_something_vanished(&self) -> bool {
        let Self::Unfetched { failures, .. } = self else { return false };
        failures.iter().any(|failure| match failure {
            BlobFailure::Fetch { source: BlobError::Web(error), .. } => {
                matches!(error.status(), Some(StatusCode::NOT_FOUND | StatusCode::GONE))
            }
            _ => false,
        })
    }

    /// The same failure of a look at what there is, unless the build was stopped or is late.
    pub(super) fn unless_stopped(self, stop: &CancellationToken, deadline: Option<Instant>) -> Self {
        match self {
            _ if stop.is_cancelled() => Self::Interrupted { partial: None },
            Self::Unresolved { .. } | Self::Unfetched { .. } if deadline.is_some_and(|end| Instant::now() >= end) => {
                Self::Deadline { partial: None, failures: self.into_late() }
            }
            other => other,
        }
    }

    fn into_late(self) -> Vec<LateFailure> {
        match self {
            Self::Unresolved { failures, .. } => failures.into_iter().map(LateFailure::from).collect(),
            Self::Unfetched { failures, .. } => failures.into_iter().map(LateFailure::from).collect(),
            _ => Vec::new(),
        }
    }

    /// The same failure as one of the deadline, should that have passed.
    pub(super) fn when_late(self, partial: PathBuf) -> Self {
        match self {
            Self::Unresolved { .. } => Self::Deadline { partial: None, failures: self.into_late() },
            Self::Unfetched { .. } => Self::Deadline { partial: Some(partial), failures: self.into_late() },
            other => other,
        }
    }
}

/// Any error that can be shown.
pub type Cause = Box<dyn Diagnostic + Send + Sync>;

/// An item that can't be had, shown at the place that asks for it.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum ItemFailure {
    /// An image.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Image(#[from] ImageFailure),
    /// A chart.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Chart(#[from] ChartError),
    /// A file.
    #[error(transparent)]
    #[diagnostic(transparent)]
    File(#[from] FileError),
    /// The packages of a system.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Packages(#[from] PackagesError),
}

/// An image that can't be had, and who asked for it.
pub type ImageFailure = ItemError<ImageProblem>;

/// Why an image can't be had.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum ImageProblem {
    /// Its registry has it not, or not as it should be.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Registry(#[from] OciError),
    /// The layout or archive that it comes from has it not.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Local(#[from] LocalImageError),
    /// An image from elsewhere is another one than its name pins.
    #[error("what comes from there is not what its name says: it is {actual}, and not {expected}")]
    #[diagnostic(help("name the image from which it comes by the digest that is asked for, if it has it"))]
    OtherContent {
        /// What the name says.
        expected: Digest,
        /// What there is.
        actual: Digest,
    },
    /// What a lock names is not there any more.
    #[error("upstream does not have {digest} any more, which is {image} in the lock")]
    #[diagnostic(help(
        "its registry dropped it when the tag moved on: `airgap-bundle lock STACK --update {image}` takes what \
         the tag names now"
    ))]
    Gone {
        /// The image.
        image: ImageReference,
        /// What the lock has.
        digest: Digest,
        /// What its registry answered.
        #[source]
        #[diagnostic_source]
        source: OciError,
    },
    /// The build was stopped.
    #[error("stopped")]
    Stopped,
}

impl ImageProblem {
    /// What is wrong with an image that a lock names.
    pub(super) fn since_locked(locked: &LockedImage, source: OciError) -> Self {
        if source.is_refusal() {
            Self::Gone { image: locked.image.clone(), digest: locked.digest, source }
        } else {
            source.into()
        }
    }
}

impl ImageFailure {
    pub(super) fn new(image: &ResolvedImage, problem: ImageProblem) -> Self {
        Self::at(&image.location, &image.component, "image", &image.reference, problem)
    }
}

/// A blob that can't be had.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum BlobFailure {
    /// No place that has it gave it.
    #[error("can't get blob {} of {owner}", .digest.short())]
    Fetch {
        /// The blob.
        digest: Digest,
        /// The first item that needs it.
        owner: String,
        /// Why.
        #[source]
        #[diagnostic_source]
        source: BlobError,
    },
    /// It could not be written.
    #[error("can't write blob {} of {owner}", .digest.short())]
    Write {
        /// The blob.
        digest: Digest,
        /// The first item that needs it.
        owner: String,
        /// Why.
        #[source]
        source: io::Error,
        /// What to do.
        #[help]
        help: Option<String>,
    },
    /// The build was stopped before it was there: a consequence, not worth a line of its own.
    #[error("blob {digest} was not fetched any more")]
    Stopped {
        /// The blob.
        digest: Digest,
    },
}

impl BlobFailure {
    pub(super) fn fetch(digest: Digest, owner: Option<&str>, source: BlobError) -> Self {
        match source {
            BlobError::Registry(error) if error.is_cancelled() => Self::Stopped { digest },
            BlobError::Web(error) if error.is_cancelled() => Self::Stopped { digest },
            BlobError::Git(GitProblem::Stopped) => Self::Stopped { digest },
            BlobError::Store(source) => Self::write(digest, owner, source),
            source => Self::Fetch { digest, owner: owner.unwrap_or_default().to_owned(), source },
        }
    }

    pub(super) fn write(digest: Digest, owner: Option<&str>, source: io::Error) -> Self {
        let help = (source.kind() == io::ErrorKind::StorageFull)
            .then(|| "make room and run the same command again: it goes on where it was".to_owned());
        Self::Write { digest, owner: owner.unwrap_or_default().to_owned(), source, help }
    }

    pub(super) fn stopped(digest: Digest) -> Self {
        Self::Stopped { digest }
    }

    pub(super) fn is_stopped(&self) -> bool {
        matches!(self, Self::Stopped { .. })
    }
}
