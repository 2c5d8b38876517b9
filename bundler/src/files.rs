//! Files from web servers and from disk, as one artifact for each component.
//!
//! Every size has to be known before the bundle is laid out. A web server is asked for it; where it does not say, the
//! file is read once to find out, and small ones are kept in memory. Local files are hashed now and checked again while
//! they are written.

mod artifact;
pub(crate) mod checksums;
mod error;
mod local;
mod small;
mod web;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use manifests::component::{FileSource, GitSource};
use manifests::document::{CarriedFile, carried_path, object_path};
use manifests::lock::{LockedFile, LockedGit};
use manifests::{BundleName, Digest};

use tokio::sync::OnceCell;

pub use error::{FileError, FileProblem};

use crate::content::{Found, Origin, Resolved};
use crate::credentials::Credentials;
use crate::git::{
    GitProblem, GitSources, LazyGit, LfsObjects, LfsStore, PackedFile, PackedGit, check_lfs, shown_with_user,
};
use crate::http::{Client, shown};
use crate::lock::Pins;
use crate::resolve::stack::{ResolvedFile, ResolvedGit};

/// Files that are looked at side by side; limits for each host are the client's.
const SIDE_BY_SIDE: usize = 16;
/// Repositories that are fetched and packed side by side: each keeps a processor and a disk busy.
const REPOSITORIES_SIDE_BY_SIDE: usize = 2;

/// Finds files. Cheap to clone.
#[derive(Debug, Clone)]
pub struct FileSources {
    client: Client,
    credentials: Credentials,
    git: GitSources,
    /// Where files are kept that nobody has said the digest of.
    work: Arc<OnceCell<tempfile::TempDir>>,
}

/// A file whose digest and size are known.
#[derive(Debug, Clone)]
struct FoundFile {
    file: CarriedFile,
    origin: Origin,
}

impl FileSources {
    /// Files behind `client`, with these credentials for web servers, and repositories.
    pub fn new(client: Client, credentials: Credentials, git: GitSources) -> Self {
        Self { client, credentials, git, work: Arc::default() }
    }

    /// Resolves all files, and asks no server about those that are pinned: one artifact for each component, in the order of their names, tagged with the bundle's
    /// version.
    ///
    /// # Errors
    /// One [`FileError`] for each file that can't be had.
    pub async fn resolve(
        &self,
        files: &[ResolvedFile],
        repositories: &[ResolvedGit],
        bundle_version: &semver::Version,
        pins: &Pins,
    ) -> Result<Vec<Resolved>, Vec<FileError>> {
        let found: Vec<_> = futures_util::stream::iter(files.iter().map(|file| self.find(file, pins.file(file))))
            .buffered(SIDE_BY_SIDE)
            .collect()
            .await;
        let packed: Vec<_> = futures_util::stream::iter(repositories.iter().map(|git| self.pack(git, pins.git(git))))
            .buffered(REPOSITORIES_SIDE_BY_SIDE)
            .collect()
            .await;
        let mut sets: BTreeMap<_, Vec<FoundFile>> = BTreeMap::new();
        let mut from: BTreeMap<_, BTreeMap<String, PackedGit>> = BTreeMap::new();
        let mut errors = Vec::new();
        for (git, packed) in repositories.iter().zip(packed) {
            match packed {
                Ok((found, packed)) => {
                    let path = carried_path(git.wanted.name.as_str());
                    from.entry(&git.component).or_default().insert(path, packed);
                    sets.entry(&git.component).or_default().extend(found);
                }
                Err(problem) => errors.push(FileError::of_git(git, problem)),
            }
        }
        errors.extend(self.not_as_listed(files, &found, pins).await);
        for (file, found) in files.iter().zip(found) {
            match found {
                Ok(found) => sets.entry(&file.component).or_default().push(found),
                Err(problem) => errors.push(FileError::new(file, problem)),
            }
        }
        let mut resolved = Vec::new();
        for (component, found) in sets {
            match artifact::build(component.as_str(), bundle_version, found) {
                Ok(mut set) => {
                    set.found = from.remove(component).map_or(Found::Plainly, Found::Git);
                    resolved.push(set);
                }
                Err(problem) => errors.extend(unnamed(component, files, repositories, problem)),
            }
        }
        if errors.is_empty() { Ok(resolved) } else { Err(errors) }
    }

    /// A folder that goes away with the last clone.
    async fn work(&self) -> Result<&Path, FileProblem> {
        let failed = |source| FileProblem::Work { path: std::env::temp_dir(), source };
        let folder = self.work.get_or_try_init(|| async { tempfile::tempdir().map_err(failed) }).await?;
        Ok(folder.path())
    }

    /// A repository as a file, behind it what it keeps in LFS; and what it was packed from. One that is locked is packed when it
    /// is needed.
    async fn pack(
        &self,
        git: &ResolvedGit,
        locked: Option<&LockedGit>,
    ) -> Result<(Vec<FoundFile>, PackedGit), FileProblem> {
        let path = carried_path(git.wanted.name.as_str());
        let source = match &git.wanted.source {
            GitSource::Url(url) => Some(shown_with_user(url)),
            GitSource::Local(_) => None,
        };
        let (file, origin, packed) = if let Some(locked) = locked {
            let file = CarriedFile { path, digest: locked.digest, size: locked.size, source };
            let origin = Origin::Git(Arc::new(LazyGit::new(&self.git, &git.wanted, locked)));
            (file, origin, PackedGit::try_from(locked)?)
        } else {
            let PackedFile { packed, path: place, digest, size, .. } = self.git.pack(&git.wanted).await?;
            (CarriedFile { path, digest, size, source }, Origin::LocalFile { path: place }, packed)
        };
        let mut found = vec![FoundFile { file, origin }];
        if let Some(lfs) = &packed.lfs {
            found.extend(self.in_lfs(git.wanted.name.as_str(), lfs, locked.is_none()).await?);
        }
        Ok((found, packed))
    }

    /// What a repository keeps in LFS. Of what is new it is made sure that it is there.
    async fn in_lfs(&self, name: &str, lfs: &LfsObjects, is_new: bool) -> Result<Vec<FoundFile>, FileProblem> {
        if let (LfsStore::Server(server), true) = (&lfs.store, is_new) {
            check_lfs(&self.client, &self.credentials, server, &lfs.objects).await?;
        }
        if let LfsStore::Folder(folder) = &lfs.store {
            let is_missing = |digest: &&Digest| !LfsStore::file(folder, digest).is_file();
            let missing: Vec<String> = lfs.objects.keys().filter(is_missing).map(Digest::to_string).collect();
            if !missing.is_empty() {
                return Err(GitProblem::LfsAbsent { place: folder.display().to_string(), missing }.into());
            }
        }
        let mut found = Vec::new();
        for (digest, size) in &lfs.objects {
            let file = CarriedFile { path: object_path(name, digest), digest: *digest, size: *size, source: None };
            let origin = match &lfs.store {
                LfsStore::Server(server) => Origin::Lfs { server: server.clone() },
                LfsStore::Folder(folder) => {
                    let path = LfsStore::file(folder, digest);
                    local::find(&path, Some(*digest), self.client.cancellation()).await?;
                    Origin::LocalFile { path }
                }
            };
            found.push(FoundFile { file, origin });
        }
        Ok(found)
    }

    async fn find(&self, file: &ResolvedFile, locked: Option<&LockedFile>) -> Result<FoundFile, FileProblem> {
        let path = file.path.clone();
        match &file.source {
            FileSource::Url { url, sha256 } => {
                let at_once = || Origin::Url { url: url.clone() };
                let (digest, size, origin) = match (locked, sha256) {
                    (Some(locked), _) => (locked.digest, locked.size, at_once()),
                    (None, Some(digest)) => {
                        let (size, origin) = web::find(&self.client, &self.credentials, url, *digest).await?;
                        (*digest, size, origin)
                    }
                    (None, None) => web::take(&self.client, &self.credentials, url, self.work().await?).await?,
                };
                let file = CarriedFile { path, digest, size, source: Some(shown(url)) };
                Ok(FoundFile { file, origin })
            }
            FileSource::Local { path: place, sha256 } => {
                let (digest, size) = local::find(place, *sha256, self.client.cancellation()).await?;
                let origin = Origin::LocalFile { path: place.clone() };
                Ok(FoundFile { file: CarriedFile { path, digest, size, source: None }, origin })
            }
        }
    }
}

/// An error of a whole set, told at the first thing in it.
fn unnamed(
    component: &BundleName,
    files: &[ResolvedFile],
    repositories: &[ResolvedGit],
    problem: FileProblem,
) -> Option<FileError> {
    if let Some(file) = files.iter().find(|file| file.component == *component) {
        return Some(FileError::new(file, problem));
    }
    let git = repositories.iter().find(|git| git.component == *component)?;
    Some(FileError::of_git(git, problem))
}

/// A set of files that were made here, by their paths.
///
/// # Errors
/// [`FileProblem`] when it can have no name at the site.
pub(crate) fn made(set: &str, version: &semver::Version, files: Vec<(String, Bytes)>) -> Result<Resolved, FileProblem> {
    let found = |(path, bytes): (String, Bytes)| {
        let file = CarriedFile { path, digest: Digest::of(&bytes), size: bytes.len() as u64, source: None };
        FoundFile { file, origin: Origin::Bytes(bytes) }
    };
    artifact::build(set, version, files.into_iter().map(found).collect())
}

#[cfg(test)]
mod tests;
