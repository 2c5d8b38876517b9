//! What can be wrong with a git repository.

use std::io;
use std::path::PathBuf;

use manifests::component::{GitCommit, GitName};

use crate::http::FetchError;

/// Why a git repository can't be carried.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum GitProblem {
    /// There is no git.
    #[error("there is no `git` in the search path")]
    #[diagnostic(help("install git 2.31 or later where bundles are built: it fetches and packs repositories"))]
    Absent,
    /// It is of a version that is not known to do.
    #[error("{} says that it is `{said}`; git 2.31 or later is needed", program.display())]
    #[diagnostic(help("put a newer git before it in the search path"))]
    Version {
        /// The program.
        program: PathBuf,
        /// What it says.
        said: String,
    },
    /// It can't be started.
    #[error("can't start {}", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It did not do what it was asked for.
    #[error("git can't {what}: {said}")]
    #[diagnostic(help(
        "git is run without this machine's configuration: credentials come from ~/.netrc, keys from the SSH agent or ~/.ssh, \
         a CA from `registries:` of the stack; nobody is asked"
    ))]
    Failed {
        /// What it was asked for.
        what: String,
        /// What it said.
        said: String,
    },
    /// Upstream has no such branch or tag.
    #[error("{place} has no branch and no tag `{name}`")]
    NoRef {
        /// The repository.
        place: String,
        /// What is wanted.
        name: String,
        /// What to do.
        #[help]
        help: String,
    },
    /// A name is that of a branch and of a tag.
    #[error("{place} has a branch and a tag `{name}`")]
    #[diagnostic(help("write `refs/heads/{name}` or `refs/tags/{name}`"))]
    TwoRefs {
        /// The repository.
        place: String,
        /// What is wanted.
        name: String,
    },
    /// Upstream's `HEAD` is no branch.
    #[error("HEAD of {place} is no branch")]
    #[diagnostic(help("name a branch or a tag with `ref:`"))]
    NoHead {
        /// The repository.
        place: String,
    },
    /// A tag is at another commit than the stack says.
    #[error("`{name}` is at {actual}, and not at {expected}")]
    #[diagnostic(help("the tag was moved: find out why; if that is right, write the new commit"))]
    OtherCommit {
        /// The tag.
        name: String,
        /// The commit that the stack names.
        expected: GitCommit,
        /// The commit that it is at.
        actual: String,
    },
    /// What a lock names is not there any more.
    #[error("upstream does not have {commit} any more, which is `{name}` in the lock: {said}")]
    #[diagnostic(help(
        "its history was written anew: an earlier bundle (`--reuse`) or the cache may have it; \
         `airgap-bundle lock STACK --update {name}` takes what is there now"
    ))]
    Gone {
        /// The repository.
        name: GitName,
        /// The commit.
        commit: GitCommit,
        /// What git said.
        said: String,
    },
    /// The commit is as locked, and the file is not.
    #[error(
        "`{name}` is at the commit that is locked, but packed by git {now} it is another file than packed by git {then}"
    )]
    #[diagnostic(help(
        "build with the version of git that the lock names, or take this one's with `airgap-bundle lock STACK --update {name}`"
    ))]
    OtherBytes {
        /// The repository.
        name: GitName,
        /// The version of git that the lock names.
        then: String,
        /// The one here.
        now: String,
    },
    /// It has submodules that are not carried.
    #[error("it has submodules that are not carried: {}", .paths.join(", "))]
    Submodules {
        /// Where they are.
        paths: Vec<String>,
        /// What to write.
        #[help]
        help: String,
    },
    /// It keeps files in LFS.
    #[error("it keeps files in LFS, which are not carried: {} says so", .said_in.join(", "))]
    #[diagnostic(help(
        "`lfs: carry` carries them too; `lfs: pointers` carries it without them: whoever checks it out at the site gets what \
         stands for them"
    ))]
    Lfs {
        /// The files that say so.
        said_in: Vec<String>,
    },
    /// A server of LFS does not have what the repository keeps there.
    #[error("{place} does not have what it keeps in LFS: {}", told(missing))]
    #[diagnostic(help(
        "`lfs: pointers` carries it without these files; `git lfs fetch` brings them into a repository on disk; credentials for the server come from ~/.netrc, and some servers say so \
         where somebody may not read them"
    ))]
    LfsAbsent {
        /// The server.
        place: String,
        /// The objects, and what it says of each.
        missing: Vec<String>,
    },
    /// A server of LFS answers something else.
    #[error("{place} answers what is none of LFS")]
    #[diagnostic(help("`lfs.url` in a file .lfsconfig of the repository names another server"))]
    LfsAnswer {
        /// The server.
        place: String,
        /// Why it is none.
        source: serde_json::Error,
    },
    /// The repository names a place that nothing is fetched from.
    #[error("what it keeps in LFS is at no place that is fetched from: {place}")]
    #[diagnostic(help("`lfs.url` in .lfsconfig has to be a URL with `https://`, without a user and a password"))]
    LfsPlace {
        /// What names it.
        place: String,
    },
    /// A web server, or the way to it, failed.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Fetch(Box<FetchError>),
    /// A folder or file for its work can't be used.
    #[error("can't write {}", path.display())]
    #[diagnostic(help("repositories are fetched into a temporary folder: TMPDIR names another place for it"))]
    Work {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The build was stopped, or its time is over.
    #[error("stopped")]
    Stopped,
}

impl From<FetchError> for GitProblem {
    fn from(error: FetchError) -> Self {
        Self::Fetch(Box::new(error))
    }
}

/// So many are told by name.
const TOLD: usize = 20;

/// Some names, of which the first are told.
fn told(names: &[String]) -> String {
    let more = names.len().saturating_sub(TOLD);
    let told = names.iter().take(TOLD).map(String::as_str).collect::<Vec<_>>().join(", ");
    if more == 0 { told } else { format!("{told}, and {more} more") }
}
