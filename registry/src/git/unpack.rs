//! From the file in a bundle to a repository.

use std::fs::{self, File};
use std::io::{self, BufRead as _, Read as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use manifests::Digest;
use manifests::bundle::VerifiedBundle;

use super::program::{git, not_started};
use super::{GitError, MAKING};
use crate::content::Content;

/// How long git may take to unpack one.
const PATIENCE: Duration = Duration::from_secs(1800);
/// The list of names at the beginning of a packed repository that is read, in bytes.
const HEADER: u64 = 4 << 20;
/// The file's name while it is unpacked.
const PACKED: &str = "carried.bundle";
/// What is said of every repository: a client may ask for a commit by itself, and for a part of the files.
const SETTINGS: [(&str, &str); 3] = [
    ("uploadpack.allowReachableSHA1InWant", "true"),
    ("uploadpack.allowFilter", "true"),
    ("core.logAllRefUpdates", "false"),
];

/// Unpacks a repository below `root`, unless it is there. The file is checked before: a copy that is damaged is not used.
pub(super) async fn unpack(root: &Path, content: &Content, digest: &Digest) -> Result<PathBuf, GitError> {
    let path = root.join(digest.hex());
    if path.is_dir() {
        return Ok(path);
    }
    let source = Arc::clone(content.whole(digest).await?);
    let failed = |source| GitError::Io { path: root.to_owned(), source };
    let (folder, digest) = (root.to_owned(), *digest);
    let placed = tokio::task::spawn_blocking(move || place(&folder, source.bundle(), &digest)).await;
    let (making, head) = placed.map_err(io::Error::other).and_then(|placed| placed).map_err(failed)?;
    fill(making.path(), &head).await?;
    fs::remove_file(making.path().join(PACKED)).map_err(failed)?;
    match fs::rename(making.path(), &path) {
        // Somebody else was as fast.
        Err(_) if path.is_dir() => {}
        renamed => renamed.map_err(failed)?,
    }
    Ok(path)
}

/// A repository of a bundle, unpacked in a folder that goes away with it.
#[derive(Debug)]
pub struct Unpacked {
    /// The folder, which is a bare repository.
    pub folder: tempfile::TempDir,
    /// The short name of the branch that its `HEAD` is; none for a tag.
    pub branch: Option<String>,
}

impl Unpacked {
    /// Unpacks the repository that is packed in the file `digest` of a bundle, below `root`. Its digest is checked on the way.
    ///
    /// # Errors
    /// [`GitError`] when it can't be read, or git refuses it.
    pub async fn new(root: &Path, bundle: &VerifiedBundle, digest: &Digest) -> Result<Self, GitError> {
        let failed = |source| GitError::Io { path: root.to_owned(), source };
        let (folder, head) = place(root, bundle, digest).map_err(failed)?;
        fill(folder.path(), &head).await?;
        fs::remove_file(folder.path().join(PACKED)).map_err(failed)?;
        let branch = match head {
            Head::Branch(name) => name.strip_prefix("refs/heads/").map(str::to_owned),
            Head::Commit(_) => None,
        };
        Ok(Self { folder, branch })
    }
}

/// What `HEAD` is to be.
#[derive(Debug, PartialEq, Eq)]
enum Head {
    /// A branch.
    Branch(String),
    /// A commit.
    Commit(String),
}

/// Puts the file into a folder of its own, and reads what is in it.
fn place(root: &Path, bundle: &VerifiedBundle, digest: &Digest) -> io::Result<(tempfile::TempDir, Head)> {
    fs::create_dir_all(root)?;
    let making = tempfile::Builder::new().prefix(MAKING).tempdir_in(root)?;
    let mut reader = bundle.read(digest).map_err(io::Error::other)?;
    let packed = making.path().join(PACKED);
    io::copy(&mut reader, &mut File::create(&packed)?)?;
    let mut header = String::new();
    let mut lines = io::BufReader::new(File::open(&packed)?.take(HEADER));
    // A pack follows, which is no text.
    while lines.read_line(&mut header).is_ok_and(|count| count > 1) {}
    let head = head(&header).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "it names no HEAD"))?;
    Ok((making, head))
}

/// `HEAD` of a git bundle: the first branch that is at the same commit, or the commit.
fn head(header: &str) -> Option<Head> {
    let names = || header.lines().filter_map(|line| line.split_once(' '));
    let (commit, _) = names().find(|(_, name)| *name == "HEAD")?;
    let is_commit = commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    let branch = names().find(|(at, name)| *at == commit && name.starts_with("refs/heads/"));
    match branch {
        Some((_, name)) => Some(Head::Branch(name.to_owned())),
        None => is_commit.then(|| Head::Commit(commit.to_owned())),
    }
}

/// Makes a repository of the file beside it.
async fn fill(folder: &Path, head: &Head) -> Result<(), GitError> {
    run(folder, &["init", "--quiet", "--bare", "--template=", "."]).await?;
    for (key, value) in SETTINGS {
        run(folder, &["config", key, value]).await?;
    }
    run(folder, &["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", PACKED, "+refs/*:refs/*"]).await?;
    match head {
        Head::Branch(name) => run(folder, &["symbolic-ref", "HEAD", name]).await,
        // Of a tag alone, the commit comes with it.
        Head::Commit(commit) => run(folder, &["update-ref", "--no-deref", "HEAD", commit]).await,
    }
}

async fn run(folder: &Path, arguments: &[&str]) -> Result<(), GitError> {
    let mut command = git(folder);
    command.args(arguments).stderr(Stdio::piped());
    let child = command.spawn().map_err(not_started(folder))?;
    let ended = tokio::time::timeout(PATIENCE, child.wait_with_output()).await;
    let ended = ended.map_err(|_| GitError::Refused("it takes too long".to_owned()))?;
    let ended = ended.map_err(|source| GitError::Io { path: folder.to_owned(), source })?;
    if ended.status.success() {
        return Ok(());
    }
    let said: String = String::from_utf8_lossy(&ended.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
    Err(GitError::Refused(said.chars().take(500).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_is_the_first_branch_that_is_at_its_commit() {
        let (a, b) = ("a".repeat(40), "b".repeat(40));
        let header = |rest: &str| format!("# v2 git bundle\n{a} HEAD\n{rest}\n");
        let branch = |name: &str| Some(Head::Branch(name.to_owned()));
        let two = format!("{a} refs/heads/main\n{b} refs/heads/a\n{a} refs/heads/b\n");
        assert_eq!(head(&header(&two)), branch("refs/heads/main"));
        assert_eq!(head(&header(&format!("{b} refs/tags/v1\n"))), Some(Head::Commit(a.clone())));
        assert_eq!(head("# v2 git bundle\n\n"), None);
        assert_eq!(head("-x HEAD\n"), None);
    }
}
