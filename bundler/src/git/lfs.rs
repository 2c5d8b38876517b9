//! Files in LFS: found by what stands for them in a repository, and fetched from the server beside it.
//!
//! Carried is what a checkout of a branch or tag needs: the objects that the trees of their commits name. What only earlier
//! commits name is left out, for it may be many times as much; whoever needs such a commit lists a tag of it.

mod batch;
mod pointer;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Seek as _, Write as _};
use std::path::{Path, PathBuf};

use manifests::Digest;
use manifests::component::{GitCommit, GitSource};
use manifests::lock::{LockedLfs, LockedObject};
use url::Url;

use super::GitProblem;
use super::fetch::Wanted;
use super::program::{Call, Git};
use pointer::{LARGEST, VERSION};

pub(crate) use batch::{check, download};

/// The objects that a repository keeps in LFS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LfsObjects {
    /// Where they are.
    pub store: LfsStore,
    /// Each with its size in bytes.
    pub objects: BTreeMap<Digest, u64>,
}

/// Where objects are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LfsStore {
    /// At a server: the URL that `/objects/batch` is below.
    Server(Url),
    /// In a folder of a repository on disk.
    Folder(PathBuf),
}

impl LfsStore {
    /// The file of an object in a folder, as git-lfs keeps it there.
    pub(crate) fn file(folder: &Path, digest: &Digest) -> PathBuf {
        let name = digest.hex();
        folder.join(&name[..2]).join(&name[2..4]).join(&name)
    }
}

impl LfsObjects {
    /// As a lock has them.
    pub(crate) fn locked(&self, shown: impl Fn(&Path) -> String) -> LockedLfs {
        let from = match &self.store {
            LfsStore::Server(url) => url.to_string(),
            LfsStore::Folder(path) => shown(path),
        };
        let objects = self.objects.iter().map(|(digest, size)| LockedObject { digest: *digest, size: *size });
        LockedLfs { from, objects: objects.collect() }
    }
}

impl TryFrom<&LockedLfs> for LfsObjects {
    type Error = url::ParseError;

    /// Those at a server: what is on disk is not pinned.
    fn try_from(locked: &LockedLfs) -> Result<Self, Self::Error> {
        let objects = locked.objects.iter().map(|object| (object.digest, object.size)).collect();
        Ok(Self { store: LfsStore::Server(locked.from.parse()?), objects })
    }
}

/// What the branches and tags that are carried keep in LFS.
pub(super) async fn find(
    git: &Git,
    folder: &Path,
    source: &GitSource,
    plan: &Wanted,
    commit: &GitCommit,
) -> Result<LfsObjects, GitProblem> {
    let mut pointers = BTreeSet::new();
    for at in plan.refs.values().collect::<BTreeSet<_>>() {
        pointers.extend(candidates(git, folder, at).await?);
    }
    let objects = read(git, folder, &pointers).await?;
    let store = store(source, configured(git, folder, commit).await?)?;
    Ok(LfsObjects { store, objects })
}

/// The blobs of a commit that may stand for a file: they are small, and the line is in them.
async fn candidates(git: &Git, folder: &Path, at: &GitCommit) -> Result<Vec<String>, GitProblem> {
    const WHAT: &str = "look for files in LFS";
    let words = ["grep", "-z", "-l", "--text", "-F", "-e", VERSION, at.as_str()];
    let (status, found, said) = git.try_run(Call::new(WHAT, &words).within(folder)).await?;
    if status == 1 && found.is_empty() {
        return Ok(Vec::new());
    }
    if status != 0 {
        return Err(GitProblem::Failed { what: WHAT.to_owned(), said });
    }
    let paths = found.split(|byte| *byte == 0).filter_map(|name| name.get(at.as_str().len() + 1..));
    let paths: BTreeSet<&[u8]> = paths.collect();
    let words = ["ls-tree", "-r", "-z", "-l", "--full-tree", at.as_str()];
    let listed = git.run(Call::new("list the files", &words).within(folder)).await?;
    // `<mode> blob <object> <size>`, a tab, and the path.
    let blob = |line: &[u8]| {
        let end = line.iter().position(|byte| *byte == b'\t')?;
        let (head, path) = (String::from_utf8_lossy(&line[..end]), &line[end + 1..]);
        let mut words = head.split_whitespace().skip(1);
        let (kind, object, size) = (words.next()?, words.next()?, words.next()?.parse::<u64>().ok()?);
        (kind == "blob" && size <= LARGEST && paths.contains(path)).then(|| object.to_owned())
    };
    Ok(listed.split(|byte| *byte == 0).filter_map(blob).collect())
}

/// The objects that blobs stand for.
async fn read(git: &Git, folder: &Path, blobs: &BTreeSet<String>) -> Result<BTreeMap<Digest, u64>, GitProblem> {
    if blobs.is_empty() {
        return Ok(BTreeMap::new());
    }
    let failed = |source| GitProblem::Work { path: std::env::temp_dir(), source };
    let mut input = tempfile::tempfile().map_err(failed)?;
    for blob in blobs {
        writeln!(input, "{blob}").map_err(failed)?;
    }
    input.rewind().map_err(failed)?;
    let call = Call { input: Some(input), ..Call::new("read what stands for files in LFS", &["cat-file", "--batch"]) };
    let read = git.run(call.within(folder)).await?;
    let mut objects = BTreeMap::new();
    let mut rest = read.as_slice();
    // `<object> blob <size>`, the content, and the end of a line.
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let size = String::from_utf8_lossy(&rest[..end]).rsplit(' ').next().and_then(|size| size.parse::<usize>().ok());
        let Some(content) = size.and_then(|size| rest.get(end + 1..end + 1 + size)) else { break };
        objects.extend(pointer::read(content));
        rest = rest.get(end + content.len() + 2..).unwrap_or_default();
    }
    Ok(objects)
}

/// The server that the repository itself names.
async fn configured(git: &Git, folder: &Path, commit: &GitCommit) -> Result<Option<String>, GitProblem> {
    let blob = format!("--blob={commit}:.lfsconfig");
    let call = Call::new("read .lfsconfig", &["config", &blob, "--get", "lfs.url"]).within(folder);
    let (status, said, _) = git.try_run(call).await?;
    // Without the file, or without the line, nothing says so.
    Ok((status == 0).then(|| String::from_utf8_lossy(&said).trim().to_owned()).filter(|url| !url.is_empty()))
}

/// Where the objects of a repository are: where it says, or beside it.
fn store(source: &GitSource, configured: Option<String>) -> Result<LfsStore, GitProblem> {
    let refused = |place: &str| GitProblem::LfsPlace { place: place.to_owned() };
    if let Some(place) = configured {
        let url = Url::parse(&place).map_err(|_| refused(&place))?;
        let is_plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
        let is_web = matches!(url.scheme(), "https" | "http") && url.has_host();
        return if is_web && is_plain { Ok(LfsStore::Server(below(url))) } else { Err(refused(".lfsconfig")) };
    }
    match source {
        GitSource::Url(url) => {
            // Over SSH, git-lfs asks the server by a command of its own; what answers beside is at the same host and path.
            let scheme = if url.scheme() == "http" { "http" } else { "https" };
            let port = url.port().filter(|_| url.scheme() != "ssh").map(|port| format!(":{port}")).unwrap_or_default();
            let path = url.path().trim_end_matches('/');
            let path = path.strip_suffix(".git").unwrap_or(path);
            let text = format!("{scheme}://{}{port}{path}.git/info/lfs", url.host_str().unwrap_or_default());
            Url::parse(&text).map(LfsStore::Server).map_err(|_| refused(&text))
        }
        GitSource::Local(path) => {
            let own = path.join(".git");
            let repository = if own.is_dir() { own } else { path.clone() };
            Ok(LfsStore::Folder(repository.join("lfs/objects")))
        }
    }
}

/// A URL whose path ends without a slash.
fn below(mut url: Url) -> Url {
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    url.set_fragment(None);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_is_beside_the_repository_unless_that_names_another() {
        let beside = |url: &str| match store(&GitSource::Url(url.parse().unwrap()), None).unwrap() {
            LfsStore::Server(url) => url.to_string(),
            LfsStore::Folder(path) => panic!("{}", path.display()),
        };
        for url in ["https://a.org/team/apps.git", "https://a.org/team/apps", "ssh://git@a.org:2222/team/apps.git/"] {
            assert_eq!(beside(url), "https://a.org/team/apps.git/info/lfs");
        }
        assert_eq!(beside("http://a.org:8080/apps"), "http://a.org:8080/apps.git/info/lfs");
        let source = GitSource::Url("https://a.org/apps.git".parse().unwrap());
        let named = |place: &str| store(&source, Some(place.to_owned()));
        assert_eq!(named("https://b.org/lfs/").unwrap(), LfsStore::Server("https://b.org/lfs".parse().unwrap()));
        for place in ["https://me:s3cret@b.org/lfs", "file:///etc", "ssh://b.org/x", "nonsense"] {
            assert!(!named(place).unwrap_err().to_string().contains("s3cret"), "{place}");
        }
    }
}
