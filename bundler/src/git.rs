//! Git repositories: fetched by the real git into a repository of their own, looked through, and packed into one file, which
//! is carried among the files of its component.
//!
//! The file is a git bundle: a short header that names what is in it, and a pack. The same git makes the same bytes of the same
//! commits: nothing is taken over from how upstream has packed them, and one thread packs.

mod error;
mod fetch;
mod files;
mod lfs;
mod look;
mod pack;
mod program;
mod upstream;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use manifests::Digest;
use manifests::component::{GitCommit, GitRef, GitSource, Lfs, WantedGit};
use manifests::lock::{LockedGit, LockedLfs};
use manifests::stack::RegistrySettings;
use tokio::sync::{Mutex, OnceCell};
use tokio_util::sync::CancellationToken;
use url::Url;

pub use error::GitProblem;
pub use lfs::{LfsObjects, LfsStore};
pub(crate) use lfs::{check as check_lfs, download as download_lfs};

use crate::credentials::Credentials;
use crate::discovery::TreeRequest;
use crate::http::shown;
use crate::resolve::stack::ResolvedGit;
use fetch::Wanted;
use look::Neighbour;
use program::Git;

/// Brings git repositories. Cheap to clone; what it has packed is gone with the last clone.
#[derive(Debug, Clone)]
pub struct GitSources {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    program: OnceCell<Git>,
    credentials: Credentials,
    registries: BTreeMap<String, RegistrySettings>,
    /// All that the stack carries, which submodules are looked for in.
    neighbours: Vec<Neighbour>,
    stop: CancellationToken,
    deadline: Option<Instant>,
    /// Counts the folders.
    folders: AtomicU32,
    /// What is packed already: what was looked through is what is carried, whatever upstream says next.
    packed: Mutex<Vec<(WantedGit, PackedFile)>>,
}

/// What a repository was packed from and by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedGit {
    /// The whole name of the branch or tag that its `HEAD` is.
    pub head: GitRef,
    /// The commit that this is at.
    pub commit: GitCommit,
    /// What is in it, by its whole name.
    pub refs: BTreeMap<GitRef, GitCommit>,
    /// The version of git.
    pub packed_by: String,
    /// What it keeps in LFS, where that is carried.
    pub lfs: Option<LfsObjects>,
}

/// A packed repository.
#[derive(Debug, Clone)]
pub(crate) struct PackedFile {
    pub(crate) packed: PackedGit,
    pub(crate) path: PathBuf,
    pub(crate) digest: Digest,
    pub(crate) size: u64,
    /// The files in it that are looked through, for each commit that has other ones.
    pub(crate) trees: Vec<TreeRequest>,
}

impl GitSources {
    /// Repositories of a stack, with these credentials for servers.
    pub fn new(
        stack: &[ResolvedGit],
        registries: &BTreeMap<String, RegistrySettings>,
        credentials: Credentials,
        stop: CancellationToken,
        deadline: Option<Instant>,
    ) -> Self {
        let neighbours = stack.iter().map(|git| Neighbour::of(&git.wanted)).collect();
        let registries = registries.clone();
        let (program, folders, packed) = (OnceCell::new(), AtomicU32::new(0), Mutex::default());
        let shared = Shared { program, credentials, registries, neighbours, stop, deadline, folders, packed };
        Self { shared: Arc::new(shared) }
    }

    /// Fetches a repository as it is upstream, looks through it, and packs it: once.
    pub(crate) async fn pack(&self, wanted: &WantedGit) -> Result<PackedFile, GitProblem> {
        let known = |list: &[(WantedGit, PackedFile)]| {
            list.iter().find(|(known, _)| known == wanted).map(|(_, packed)| packed.clone())
        };
        if let Some(packed) = known(&self.shared.packed.lock().await) {
            return Ok(packed);
        }
        let packed = self.pack_new(wanted).await?;
        self.shared.packed.lock().await.push((wanted.clone(), packed.clone()));
        Ok(packed)
    }

    async fn pack_new(&self, wanted: &WantedGit) -> Result<PackedFile, GitProblem> {
        let git = self.program().await?;
        let upstream = fetch::list(git, &self.shared.configuration(&wanted.source), &wanted.source).await?;
        let plan = Wanted::of(wanted, &upstream)?;
        self.pack_as(git, wanted, plan, true).await
    }

    /// Fetches and packs a repository as it is locked.
    pub(crate) async fn pack_locked(&self, wanted: &WantedGit, locked: &LockedGit) -> Result<PackedFile, GitProblem> {
        let git = self.program().await?;
        let gone = |said: String| {
            let (name, commit) = (locked.git.clone(), locked.commit.clone());
            GitProblem::Gone { name, commit, said }
        };
        let file = match self.pack_as(git, wanted, Wanted::locked(locked), false).await {
            // A network that is down is none of upstream's doing.
            Err(GitProblem::Failed { said, .. }) if !program::may_pass(&said) => return Err(gone(said)),
            packed => packed?,
        };
        if file.digest == locked.digest {
            return Ok(file);
        }
        let (name, then) = (locked.git.clone(), locked.packed_by.clone());
        Err(GitProblem::OtherBytes { name, then, now: file.packed.packed_by })
    }

    /// Fetches a repository as it is locked, for its files alone.
    pub(crate) async fn files_of_locked(
        &self,
        wanted: &WantedGit,
        locked: &LockedGit,
    ) -> Result<Vec<TreeRequest>, GitProblem> {
        let git = self.program().await?;
        let (plan, place) = (Wanted::locked(locked), self.place(git));
        let folder = place.with_extension("git");
        fetch::fetch(git, &self.shared.configuration(&wanted.source), &wanted.source, &plan, &folder).await?;
        let trees = files::read(git, &folder, &plan, &place.with_extension("files")).await?;
        std::fs::remove_dir_all(&folder).map_err(|source| GitProblem::Work { path: folder, source })?;
        Ok(trees)
    }

    /// A place for a repository that nothing has yet.
    fn place(&self, git: &Git) -> PathBuf {
        git.home().join(self.shared.folders.fetch_add(1, Ordering::Relaxed).to_string())
    }

    async fn pack_as(
        &self,
        git: &Git,
        wanted: &WantedGit,
        plan: Wanted,
        is_new: bool,
    ) -> Result<PackedFile, GitProblem> {
        let place = self.place(git);
        let folder = place.with_extension("git");
        let configuration = self.shared.configuration(&wanted.source);
        fetch::fetch(git, &configuration, &wanted.source, &plan, &folder).await?;
        let commit = fetch::commit(git, &folder, &plan).await?;
        let carries = is_new && wanted.lfs == Lfs::Carry;
        let lfs = match carries {
            true => Some(lfs::find(git, &folder, &wanted.source, &plan, &commit).await?),
            false => None,
        };
        if is_new {
            look::look(git, &folder, wanted, &plan, &self.shared.neighbours).await?;
        }
        let trees = match is_new && wanted.without_discovery.is_none() {
            true => files::read(git, &folder, &plan, &place.with_extension("files")).await?,
            false => Vec::new(),
        };
        let path = place.with_extension("bundle");
        let (digest, size) = pack::pack(git, &folder, &plan, &commit, &path).await?;
        // The pack is all that is needed from here on.
        std::fs::remove_dir_all(&folder).map_err(|source| GitProblem::Work { path: folder, source })?;
        let packed_by = git.version().to_owned();
        let packed = PackedGit { head: plan.head, commit, refs: plan.refs, packed_by, lfs };
        Ok(PackedFile { packed, path, digest, size, trees })
    }

    /// Found once, when a repository is first asked for.
    async fn program(&self) -> Result<&Git, GitProblem> {
        let Shared { program, stop, deadline, .. } = &*self.shared;
        let search_path = std::env::var_os("PATH");
        program.get_or_try_init(|| Git::find(search_path.as_deref(), stop.clone(), *deadline)).await
    }
}

impl Shared {
    /// How a server is reached: who asks, and whom its certificate is believed.
    fn configuration(&self, source: &GitSource) -> Vec<(String, String)> {
        let GitSource::Url(url) = source else { return Vec::new() };
        let Some(origin) = web_origin(url) else { return Vec::new() };
        let mut configuration = Vec::new();
        let header = self.credentials.for_url(url).and_then(|authorization| authorization.header());
        if let Some(header) = header.as_ref().and_then(|header| header.to_str().ok()) {
            configuration.push((format!("http.{origin}.extraHeader"), format!("Authorization: {header}")));
        }
        let host = url.host_str().unwrap_or_default();
        let with_port = url.port().map(|port| format!("{host}:{port}"));
        let settings = with_port.and_then(|name| self.registries.get(&name)).or_else(|| self.registries.get(host));
        // What the machine says of CAs would come before the stack's, if git were told of it.
        let of_stack = settings.and_then(|settings| settings.ca.as_ref()).and_then(|ca| std::path::absolute(ca).ok());
        let of_machine =
            || ["GIT_SSL_CAINFO", "SSL_CERT_FILE"].into_iter().find_map(std::env::var_os).map(PathBuf::from);
        let ca = of_stack.or_else(of_machine);
        configuration.extend(ca.map(|ca| (format!("http.{origin}.sslCAInfo"), ca.display().to_string())));
        if settings.is_some_and(|settings| settings.insecure_skip_verify) {
            configuration.push((format!("http.{origin}.sslVerify"), "false".to_owned()));
        }
        configuration
    }
}

/// A repository that is packed when its bytes are asked for: it is locked, so that they are known before.
#[derive(Debug)]
pub struct LazyGit {
    sources: GitSources,
    wanted: WantedGit,
    locked: LockedGit,
    packed: OnceCell<PathBuf>,
}

impl LazyGit {
    pub(crate) fn new(sources: &GitSources, wanted: &WantedGit, locked: &LockedGit) -> Self {
        let (sources, wanted, locked) = (sources.clone(), wanted.clone(), locked.clone());
        Self { sources, wanted, locked, packed: OnceCell::new() }
    }

    /// The packed file.
    ///
    /// # Errors
    /// [`GitProblem`] when it can't be had any more, or can't be packed into the same bytes.
    pub async fn file(&self) -> Result<&PathBuf, GitProblem> {
        let pack = || async { Ok(self.sources.pack_locked(&self.wanted, &self.locked).await?.path) };
        self.packed.get_or_try_init(pack).await
    }
}

impl TryFrom<&LockedGit> for PackedGit {
    type Error = GitProblem;

    fn try_from(locked: &LockedGit) -> Result<Self, Self::Error> {
        let LockedGit { head, commit, refs, packed_by, in_lfs, .. } = locked.clone();
        let of_lock = |lfs: &LockedLfs| {
            LfsObjects::try_from(lfs)
                .map_err(|_| GitProblem::LfsPlace { place: format!("{}, as the lock says", lfs.from) })
        };
        let lfs = in_lfs.as_ref().map(of_lock).transpose()?;
        Ok(Self { head, commit, refs, packed_by, lfs })
    }
}

/// The beginning of a web server's URLs; none for SSH.
fn web_origin(url: &Url) -> Option<String> {
    matches!(url.scheme(), "https" | "http").then(|| format!("{}/", url.origin().ascii_serialization()))
}

/// Where a repository comes from, for people to read.
fn place(source: &GitSource) -> String {
    match source {
        GitSource::Url(url) => shown_with_user(url),
        GitSource::Local(path) => path.display().to_string(),
    }
}

/// A URL as it may be shown. The user of SSH is no secret, and part of the name.
pub(crate) fn shown_with_user(url: &Url) -> String {
    if url.scheme() == "ssh" && url.password().is_none() { url.to_string() } else { shown(url) }
}

#[cfg(test)]
mod tests;
