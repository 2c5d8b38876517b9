//! What a lock names of a repository: taken from wherever it is still to be had, by its digest.

use bytes::Bytes;
use manifests::Digest;
use manifests::document::Encoding;
use manifests::lock::{LockedSigned, LockedSuite};

use super::release::{fetch_file, is_absent};
use super::{Archives, Place, RepositoryProblem, SignedRelease};
use crate::cache::Tee;
use crate::content::{Origin, WantedBlob};
use crate::http::{MemorySink, Pump};

/// What was signed of a suite when it was locked: from an earlier bundle, the cache, or the archive if it did not move on.
pub(super) async fn signed(
    archives: &Archives,
    place: &Place,
    locked: &LockedSuite,
) -> Result<SignedRelease, RepositoryProblem> {
    let named = |name: &str| locked.signed.iter().find(|signed| signed.file == name);
    let gone = || RepositoryProblem::Superseded { date: locked.date.map(|date| date.to_string()).unwrap_or_default() };
    match (named("InRelease"), named("Release"), named("Release.gpg")) {
        (Some(inline), ..) => Ok(SignedRelease::Inline(file(archives, place, inline).await?.ok_or_else(gone)?)),
        (None, Some(release), Some(signature)) => Ok(SignedRelease::Detached {
            release: file(archives, place, release).await?.ok_or_else(gone)?,
            signature: file(archives, place, signature).await?.ok_or_else(gone)?,
        }),
        _ => Err(RepositoryProblem::Unsigned),
    }
}

/// A file of the digest that a lock names; none where nobody has it any more.
async fn file(archives: &Archives, place: &Place, locked: &LockedSigned) -> Result<Option<Bytes>, RepositoryProblem> {
    if let Some(bytes) = earlier(archives, locked.digest, locked.size).await {
        return Ok(Some(bytes));
    }
    if let Some(path) = archives.cache.as_ref().and_then(|cache| cache.find(&locked.digest, locked.size))
        && let Ok(bytes) = tokio::fs::read(path).await
        && Digest::of(&bytes) == locked.digest
    {
        return Ok(Some(bytes.into()));
    }
    match fetch_file(&archives.fetcher, place, &locked.file).await {
        Ok(bytes) => Ok(Some(bytes).filter(|bytes| Digest::of(bytes) == locked.digest)),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What an earlier bundle has, checked.
pub(super) async fn earlier(archives: &Archives, digest: Digest, size: u64) -> Option<Bytes> {
    let bundles = archives.earlier.clone();
    let read = move || bundles.iter().find_map(|bundle| bundle.read(&digest, size));
    tokio::task::spawn_blocking(read).await.ok()?.filter(|bytes| bytes.len() as u64 == size)
}

/// Keeps in the cache what an archive replaces with its next release. Whatever fails there is no harm.
pub(super) async fn keep(archives: &Archives, signed: &SignedRelease) {
    let Some(cache) = &archives.cache else { return };
    for (_, bytes) in signed.files() {
        let digest = Digest::of(&bytes);
        let size = bytes.len() as u64;
        if cache.find(&digest, size).is_none() {
            let mut pump = Pump::new(Tee::new(MemorySink::new(bytes.len(), Some(digest))));
            let blob = WantedBlob { digest, size, encoding: Encoding::Raw, origin: Origin::Bytes(bytes) };
            if let Err(error) = cache.keep(&archives.fetcher, &blob, &mut pump).await {
                tracing::debug!(%digest, %error, "not kept in the cache");
            }
        }
    }
}
