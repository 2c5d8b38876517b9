//! What can be wrong with a repository.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use manifests::component::PackageRepository;
use manifests::debian::release::ReleaseError;
use miette::{Diagnostic, NamedSource, SourceSpan};

use super::PocketRequest;
use super::openpgp::{ClearsignError, KeyringError, VerifyError};
use crate::build::Cause;
use crate::content::BlobError;
use crate::http::{FetchError, shown};

/// A suite of a repository that can't be used, shown where the repository is named.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("can't use the repository {place}")]
pub struct RepositoryError {
    place: String,
    #[source_code]
    definition: NamedSource<Arc<str>>,
    #[label("named here")]
    span: SourceSpan,
    #[source]
    #[diagnostic_source]
    problem: RepositoryProblem,
}

impl RepositoryError {
    pub(crate) fn new(request: &PocketRequest, problem: RepositoryProblem) -> Self {
        Self { place: request.place().shown(), ..Self::of(&request.repository, problem) }
    }

    /// A problem of a whole repository.
    pub(crate) fn of(repository: &PackageRepository, problem: RepositoryProblem) -> Self {
        let location = &repository.location;
        Self { place: shown(&repository.url), definition: location.source_code(), span: location.span(), problem }
    }

    /// Why it can't be used.
    pub fn problem(&self) -> &RepositoryProblem {
        &self.problem
    }
}

/// Why a repository can't be used.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum RepositoryProblem {
    /// The key's file can't be read.
    #[error("can't read its key {path}", path = .path.display())]
    #[diagnostic(help("the path is relative to the folder of the file that names it"))]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The key is none.
    #[error("can't use its key{name}")]
    #[diagnostic(help("get the key that its publisher names, such as /usr/share/keyrings/… of a system that uses it"))]
    Keyring {
        /// ` <file>`; empty for an inline key.
        name: String,
        /// Why.
        #[source]
        source: KeyringError,
    },
    /// A file can't be fetched.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Fetch(#[from] FetchError),
    /// There is no signature.
    #[error("it is not signed: it has neither InRelease nor Release.gpg")]
    #[diagnostic(help("nothing unsigned is taken; check the URL and the suite, or ask its publisher"))]
    Unsigned,
    /// `InRelease` is something else.
    #[error("InRelease is not a signed text")]
    #[diagnostic(help("check the URL: a proxy or a portal may have answered in the archive's place"))]
    Clearsigned {
        /// Why.
        #[source]
        source: ClearsignError,
    },
    /// The signature does not count.
    #[error("{file} is not signed by a key of the repository")]
    #[diagnostic(help(
        "`key` names who may sign this repository: get the current keyring from its publisher by a way that you trust, \
         and compare the fingerprints"
    ))]
    Signature {
        /// The file.
        file: &'static str,
        /// What is to be said of each signature.
        #[source]
        source: VerifyError,
    },
    /// What is signed can't be read.
    #[error("{file} can't be read")]
    Release {
        /// The file.
        file: &'static str,
        /// Why.
        #[source]
        source: ReleaseError,
    },
    /// Its digests can be forged.
    #[error("{file} lists no index by SHA-256")]
    #[diagnostic(help("MD5 and SHA-1 are not enough; ask its publisher"))]
    NoSha256 {
        /// The file.
        file: &'static str,
    },
    /// It is from the future.
    #[error("it was made on {date}, but here it is {now}")]
    #[diagnostic(help("set the clock of this machine; if that is right, the archive's is not"))]
    FromTheFuture {
        /// When it was made.
        date: Timestamp,
        /// What our clock says.
        now: Timestamp,
    },
    /// It is not valid any more.
    #[error("it was valid until {until}, and here it is {now}")]
    #[diagnostic(help(
        "the archive, or a mirror of it, is not kept up to date any more; for a snapshot, which is old on purpose, write \
         `allowExpired: true`"
    ))]
    Expired {
        /// Until when.
        until: Timestamp,
        /// What our clock says.
        now: Timestamp,
    },
    /// It has no such component.
    #[error("it has no component `{component}`")]
    #[diagnostic(help("it has {}", offered.join(", ")))]
    NoComponent {
        /// What is asked for.
        component: String,
        /// What there is.
        offered: Vec<String>,
    },
    /// It has nothing for these machines.
    #[error("it has no packages for {}", wanted.join(", "))]
    #[diagnostic(help("it has {}", offered.join(", ")))]
    NoArchitecture {
        /// What is asked for.
        wanted: Vec<String>,
        /// What there is.
        offered: Vec<String>,
    },
    /// An index can't be had.
    #[error("can't get {path} as its signed release lists it")]
    Index {
        /// The index, below the suite.
        path: String,
        /// Why.
        #[source]
        #[diagnostic_source]
        source: Cause,
    },
    /// A package can't be fetched safely.
    #[error("{package} {version} has no `{field}` in its index")]
    #[diagnostic(help("packages are taken by SHA-256 only: ask its publisher"))]
    Incomplete {
        /// The package's name.
        package: String,
        /// The package's version.
        version: String,
        /// What it lacks.
        field: &'static str,
    },
    /// A file's place can't be one of a mirror.
    #[error("it has a file at a place that no mirror can have")]
    #[diagnostic(help("ask its publisher"))]
    Path(#[source] manifests::document::DocumentError),
    /// Two files of one path.
    #[error("it lists two different files as `{0}`")]
    #[diagnostic(help(
        "the suites are not of one archive, or are being written: build again later, or ask its publisher"
    ))]
    TwoContents(String),
    /// There is more than a bundle holds.
    #[error("it has {count} files to carry; a bundle holds at most {limit}")]
    #[diagnostic(help(
        "mirror fewer components, suites or architectures, or put some of them into a stack of their own"
    ))]
    TooMany {
        /// The files.
        count: usize,
        /// The limit.
        limit: usize,
    },
    /// It has moved on since it was locked.
    #[error("its signed release of {date}, which the lock names, is not to be had any more")]
    #[diagnostic(help(
        "an archive replaces its signed indexes as it moves on; a bundle carries them, so the packages alone are not enough. \
         Give `--cache` the folder that `lock` was run with, or `--reuse` a bundle that was built from this lock. Without \
         either, take what is there now with `airgap-bundle lock STACK --update`; to build it again later, run `lock` with \
         `--cache DIR` and keep that folder, or name a `snapshot` of the repository in the stack"
    ))]
    Superseded {
        /// When the release was made.
        date: String,
    },
    /// It does not stand still.
    #[error("it changed each of the {attempts} times that it was read")]
    #[diagnostic(help(
        "it is being written: run the same command again later, or name a snapshot of it as `snapshot`"
    ))]
    Changing {
        /// How often it was read.
        attempts: u32,
    },
}

/// Why an index can't be had.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum IndexProblem {
    /// It can't be fetched, or is something else than the release says.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Fetch(BlobError),
    /// It can't be unpacked.
    #[error("it can't be unpacked")]
    Unpack(#[source] io::Error),
    /// Packed it is what the release says, unpacked it is not.
    #[error("it unpacks to something else than the signed release lists")]
    OtherContent,
    /// The release lists it in no form that is read.
    #[error("the signed release lists it in no form that is read: .xz, .zst, .gz or plain")]
    NoForm,
    /// It is no control file.
    #[error("it can't be read")]
    Control(#[source] manifests::debian::ControlError),
    /// It describes something that is no package.
    #[error("it can't be read")]
    Package(#[source] manifests::debian::PackageError),
    /// It is too large.
    #[error("it has {size} bytes; at most {limit} are read")]
    TooLarge {
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
}
