//! The git repositories of bundles, unpacked once each and served by the machine's own git.
//!
//! ```text
//! <state>/git/<digest>/           a bare repository, by the digest of the file that it is packed in
//! <state>/git/.making-<random>/   one that is being unpacked: never served, swept away by the next start
//! ```
//!
//! A repository appears by one rename. Nothing but `git upload-pack` ever runs for a request, and no part of a request is among
//! its arguments.

pub(crate) mod lfs;
mod program;
mod serve;
mod unpack;

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use manifests::Digest;
use tokio::sync::{OnceCell, Semaphore};

use crate::content::{BlobError, Content};

pub use program::{alone, check};
pub(crate) use serve::Asked;
pub use unpack::Unpacked;

/// The folder in a site's state.
pub(crate) const FOLDER: &str = "git";
/// The beginning of the names of those that are being unpacked.
const MAKING: &str = ".making-";
/// Programs that run for requests at one time.
const RUNNING: usize = 16;

/// The unpacked repositories of a server.
#[derive(Debug)]
pub(crate) struct Repositories {
    root: PathBuf,
    /// A cell is set once the repository is there.
    known: Mutex<HashMap<Digest, Arc<OnceCell<PathBuf>>>>,
    running: Arc<Semaphore>,
}

/// Why a repository is not served.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum GitError {
    /// There is no git.
    #[error("`git` is not installed on this machine")]
    #[diagnostic(help(
        "install it (`apt-get install git`): the site's server serves the git repositories of bundles with it"
    ))]
    Absent,
    /// It is of a version that is not known to do.
    #[error("git {0} is too old to serve the git repositories of bundles")]
    #[diagnostic(help("install git 2.31 or later"))]
    Version(String),
    /// The file that it is packed in can't be read.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// Its folder can't be made.
    #[error("can't unpack a git repository in {}", path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Git refuses it.
    #[error("git can't unpack it: {0}")]
    Refused(String),
    /// Too many are at work.
    #[error("too many requests to git repositories at one time")]
    Busy,
}

impl Repositories {
    /// Those of a server that starts with `content`. What a killed one has left is swept away.
    pub(crate) fn start(state: &Path, content: &Content) -> Self {
        let root = state.join(FOLDER);
        let repositories = Self { root, known: Mutex::default(), running: Arc::new(Semaphore::new(RUNNING)) };
        repositories.drop_all_but(|name| Digest::from_hex(name).is_ok_and(|digest| served(content).contains(&digest)));
        repositories
    }

    /// Drops those that nobody serves any more.
    pub(crate) fn sweep(&self, content: &Content) {
        let served = served(content);
        self.known().retain(|digest, _| served.contains(digest));
        self.drop_all_but(|name| {
            name.starts_with(MAKING) || Digest::from_hex(name).is_ok_and(|digest| served.contains(&digest))
        });
    }

    fn drop_all_but(&self, keep: impl Fn(&str) -> bool) {
        let entries = std::fs::read_dir(&self.root).into_iter().flatten().flatten();
        for entry in entries.filter(|entry| !keep(&entry.file_name().to_string_lossy())) {
            if let Err(error) = std::fs::remove_dir_all(entry.path()) {
                tracing::warn!(path = %entry.path().display(), %error, "can't remove an unpacked git repository");
            }
        }
    }

    /// The folder of a repository, which is unpacked if it is not there yet. Those who come meanwhile wait for the same.
    async fn open(&self, content: &Content, digest: &Digest) -> Result<PathBuf, GitError> {
        let cell = Arc::clone(self.known().entry(*digest).or_default());
        let path = cell.get_or_try_init(|| unpack::unpack(&self.root, content, digest)).await?.clone();
        if path.is_dir() {
            return Ok(path);
        }
        // Somebody has cleared the folder.
        self.known().remove(digest);
        unpack::unpack(&self.root, content, digest).await
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Digest, Arc<OnceCell<PathBuf>>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The files in which the repositories of `content` are packed.
fn served(content: &Content) -> HashSet<Digest> {
    content.files.values().flat_map(|set| set.repositories.values()).map(|git| git.digest).collect()
}
