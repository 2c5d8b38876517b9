//! A cache of blobs, for those who build often and want to fetch each blob once: `--cache DIR`.
//!
//! ```text
//! DIR/CACHEDIR.TAG             backup tools leave it out
//! DIR/blobs/sha256/ab/<hex>    whole blobs, named by their digest
//! DIR/new/<hex>.<number>       blobs that come in, locked as long as their build lives
//! ```
//!
//! Nothing in it is trusted: a blob is hashed while it is read, and one that is damaged is dropped and fetched again.
//! Builds may share a cache: a blob becomes visible by a rename when it is whole, and what is removed under a reader is
//! fetched instead. A cache that can't be written never fails a build.

mod error;
mod prune;
mod tee;

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::SystemTime;

use manifests::Digest;

pub use error::CacheError;
pub use prune::{CacheInfo, Pruned};
pub use tee::Tee;

use crate::content::{BlobError, Fetcher, Origin, WantedBlob};
use crate::http::{Pump, Sink};

/// How much a cache holds where nobody says otherwise, in bytes.
pub const DEFAULT_LIMIT: u64 = 50 << 30;

const TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55\n\
                   # This is a cache of airgap-bundle. It can be removed at any time.\n";

/// A cache in a folder. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Cache(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    /// Bytes that it may hold.
    limit: u64,
    /// Bytes that it held when last counted, and what came since.
    used: AtomicU64,
    /// Whether it was said that the cache can't be written.
    failed: AtomicBool,
}

impl Cache {
    /// Opens a cache that holds at most `limit` bytes, and makes its folder where there is none. What a killed build
    /// left behind in it is removed.
    ///
    /// # Errors
    /// [`CacheError`] when the folder can't be made or read, or is something else.
    pub fn open(folder: &Path, limit: u64) -> Result<Self, CacheError> {
        let failed = |source| CacheError::Folder { path: folder.to_owned(), source };
        let tag = folder.join("CACHEDIR.TAG");
        let is_new = match fs::read_dir(folder) {
            Ok(mut entries) => entries.next().is_none(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => true,
            Err(error) => return Err(failed(error)),
        };
        // Pruning removes files: better not in somebody's home.
        if !is_new && !tag.is_file() {
            return Err(CacheError::NotACache(folder.to_owned()));
        }
        for part in ["blobs/sha256", "new"] {
            DirBuilder::new().recursive(true).mode(0o700).create(folder.join(part)).map_err(failed)?;
        }
        if is_new {
            fs::write(&tag, TAG).map_err(failed)?;
        }
        let cache = Self(Arc::new(Inner {
            folder: folder.to_owned(),
            limit,
            used: AtomicU64::new(0),
            failed: AtomicBool::new(false),
        }));
        cache.remove_stale()?;
        cache.0.used.store(cache.info()?.bytes, Ordering::Relaxed);
        Ok(cache)
    }

    /// Opens a cache that is there already.
    ///
    /// # Errors
    /// As [`Cache::open`], and when there is none.
    pub fn existing(folder: &Path, limit: u64) -> Result<Self, CacheError> {
        if folder.join("CACHEDIR.TAG").is_file() {
            return Self::open(folder, limit);
        }
        Err(CacheError::None(folder.to_owned()))
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.0.folder
    }

    /// Brings a blob into a sink: from the cache if it is there, else from the first of its origins that works. What
    /// comes over the network is kept on the way. This is [`Fetcher::fetch_any`] with a cache.
    ///
    /// # Errors
    /// As [`Fetcher::fetch_any`]; never because of the cache.
    pub async fn fetch_any<S: Sink>(
        &self,
        fetcher: &Fetcher,
        blobs: &[WantedBlob],
        pump: &mut Pump<Tee<S>>,
    ) -> Result<(), BlobError> {
        let Some(first) = blobs.first() else { return fetcher.fetch_any(blobs, pump).await };
        if let Some(path) = self.find(&first.digest, first.size) {
            let cached = WantedBlob { origin: Origin::LocalFile { path }, ..first.clone() };
            match fetcher.fetch(&cached, pump).await {
                Ok(()) => return Ok(()),
                Err(error) if error.is_final() => return Err(error),
                Err(error) => {
                    tracing::warn!(digest = %first.digest, %error, "the cache's copy is damaged; fetching it again");
                    self.discard(&first.digest);
                }
            }
        }
        let is_far = |origin: &Origin| {
            matches!(origin, Origin::Registry { .. } | Origin::Url { .. } | Origin::Lfs { .. } | Origin::Git(_))
        };
        if blobs.iter().any(|blob| is_far(&blob.origin)) {
            self.begin(first, pump).await?;
        }
        fetcher.fetch_any(blobs, pump).await
    }

    /// Brings a blob into a sink, and keeps it whatever its origin is: for what is read before it is known by its digest.
    ///
    /// # Errors
    /// As [`Fetcher::fetch`]; never because of the cache.
    pub async fn keep<S: Sink>(
        &self,
        fetcher: &Fetcher,
        blob: &WantedBlob,
        pump: &mut Pump<Tee<S>>,
    ) -> Result<(), BlobError> {
        self.begin(blob, pump).await?;
        fetcher.fetch(blob, pump).await
    }

    /// Begins to keep what comes into a sink.
    async fn begin<S: Sink>(&self, blob: &WantedBlob, pump: &mut Pump<Tee<S>>) -> Result<(), BlobError> {
        let (cache, digest, size) = (self.clone(), blob.digest, blob.size);
        let keep = move |tee: &mut Tee<S>| {
            tee.keep(&cache, digest, size);
            Ok(())
        };
        pump.blocking(keep).await.map_err(BlobError::Store)
    }

    /// The file of a blob, if the cache has one of its size; what is in it has to be checked by whoever reads it.
    pub fn find(&self, digest: &Digest, size: u64) -> Option<PathBuf> {
        let path = self.path(digest);
        let metadata = fs::metadata(&path).ok().filter(fs::Metadata::is_file)?;
        if metadata.len() != size {
            self.discard(digest);
            return None;
        }
        // The time of the last use decides what goes first. That it can't be set on somebody else's file is no harm.
        if let Ok(file) = File::open(&path) {
            let _ = file.set_modified(SystemTime::now());
        }
        Some(path)
    }

    /// Removes a blob.
    pub fn discard(&self, digest: &Digest) {
        if let Err(error) = fs::remove_file(self.path(digest))
            && error.kind() != io::ErrorKind::NotFound
        {
            self.give_up(&error);
        }
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        let hex = digest.hex();
        self.0.folder.join("blobs/sha256").join(&hex[..2]).join(hex)
    }

    /// Says, once, that the cache is of no more use.
    fn give_up(&self, error: &io::Error) {
        if !self.0.failed.swap(true, Ordering::Relaxed) {
            let folder = self.0.folder.display();
            tracing::warn!(cache = %folder, %error, "the cache can't be written; going on without it");
        }
    }
}

#[cfg(test)]
mod tests;
