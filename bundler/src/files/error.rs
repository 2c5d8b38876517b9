//! What can be wrong with a file.

use std::io;
use std::path::PathBuf;

use manifests::Digest;
use manifests::reference::ReferenceError;

use crate::git::GitProblem;
use crate::http::FetchError;
use crate::item::ItemError;
use crate::resolve::stack::{ResolvedFile, ResolvedGit};

/// A file that can't be had, and who asked for it.
pub type FileError = ItemError<FileProblem>;

impl FileError {
    pub(super) fn new(file: &ResolvedFile, problem: FileProblem) -> Self {
        Self::at(&file.location, &file.component, "file", &file.path, problem)
    }

    pub(crate) fn of_git(git: &ResolvedGit, problem: FileProblem) -> Self {
        Self::at(&git.wanted.location, &git.component, "git repository", &git.wanted.name, problem)
    }
}

/// Why a file can't be had.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum FileProblem {
    /// The web server, or the way to it, failed.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Fetch(#[from] FetchError),
    /// A git repository can't be packed.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Git(#[from] GitProblem),
    /// The content is not what the component says.
    #[error("{place}: expected {expected}, but it is now {actual} with {size} bytes")]
    #[diagnostic(help(
        "the file was changed where it comes from: find out why; if the change is right, write the new digest into the \
         component"
    ))]
    Changed {
        /// The URL or path.
        place: String,
        /// What the component says.
        expected: Digest,
        /// What it is.
        actual: Digest,
        /// How many bytes it has now.
        size: u64,
    },
    /// The list of checksums that it is held against says otherwise.
    #[error("`{list}`, which it is held against, {why}")]
    #[diagnostic(help(
        "one of the two was changed where it comes from, or the list is of another version: find out why before anything is carried"
    ))]
    NotAsListed {
        /// The path of the list.
        list: String,
        /// What it says.
        why: String,
    },
    /// It is larger than what is read of it.
    #[error("{place} has more than {limit} bytes")]
    #[diagnostic(help("look whether it is the file that is meant"))]
    TooLarge {
        /// The URL or path.
        place: String,
        /// How much is read.
        limit: u64,
    },
    /// A temporary file can't be written.
    #[error("can't write to {}", path.display())]
    #[diagnostic(help("TMPDIR names another place for temporary files"))]
    Work {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A local file can't be read.
    #[error("can't read {}", path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A folder, a pipe or a device.
    #[error("{} is not a file", .0.display())]
    #[diagnostic(help("name each file of a folder, or pack the folder into an archive"))]
    NotAFile(PathBuf),
    /// The component's name gives no name at the site.
    #[error("the files have no valid name at the site")]
    Reference(#[source] ReferenceError),
}
