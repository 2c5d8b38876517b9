//! Keeps a cache within its limit: what was not used for the longest time goes first.

use std::fs::{self, DirEntry, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use rustix::fs::{FlockOperation, flock};

use super::{Cache, CacheError};

/// What a cache holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheInfo {
    /// How many blobs.
    pub blobs: usize,
    /// How many bytes they have.
    pub bytes: u64,
    /// How many bytes it may hold.
    pub limit: u64,
}

/// What was removed from a cache.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// How many blobs.
    pub blobs: usize,
    /// How many bytes they had.
    pub bytes: u64,
}

struct Stored {
    path: PathBuf,
    size: u64,
    used: SystemTime,
}

impl Cache {
    /// Counts what there is.
    ///
    /// # Errors
    /// [`CacheError`] when the folder can't be read.
    pub fn info(&self) -> Result<CacheInfo, CacheError> {
        let stored = self.stored()?;
        let bytes = stored.iter().map(|blob| blob.size).sum();
        Ok(CacheInfo { blobs: stored.len(), bytes, limit: self.0.limit })
    }

    /// Removes blobs until there are at most `limit` bytes, those first that were not used for the longest time.
    ///
    /// # Errors
    /// [`CacheError`] when the folder can't be read or a blob can't be removed.
    pub fn prune(&self, limit: u64) -> Result<Pruned, CacheError> {
        let mut stored = self.stored()?;
        stored.sort_by(|a, b| (a.used, &a.path).cmp(&(b.used, &b.path)));
        let mut left: u64 = stored.iter().map(|blob| blob.size).sum();
        let mut pruned = Pruned::default();
        for blob in stored {
            if left <= limit {
                break;
            }
            match fs::remove_file(&blob.path) {
                Ok(()) => {
                    pruned.blobs += 1;
                    pruned.bytes += blob.size;
                }
                // Another build prunes, too.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(CacheError::Folder { path: blob.path, source }),
            }
            left -= blob.size;
        }
        self.0.used.store(left, Ordering::Relaxed);
        Ok(pruned)
    }

    /// A blob came in: makes room when that was too much, with some to spare so that not every blob does that.
    pub(super) fn added(&self, size: u64) -> io::Result<()> {
        let used = self.0.used.fetch_add(size, Ordering::Relaxed) + size;
        if used <= self.0.limit {
            return Ok(());
        }
        let pruned = self.prune(self.0.limit / 10 * 9).map_err(io::Error::other)?;
        tracing::debug!(blobs = pruned.blobs, bytes = pruned.bytes, "made room in the cache");
        Ok(())
    }

    /// Removes what builds left behind that no longer live: they held locks.
    pub(super) fn remove_stale(&self) -> Result<(), CacheError> {
        let folder = self.0.folder.join("new");
        for entry in entries(&folder)? {
            let path = entry.path();
            let Ok(file) = File::open(&path) else { continue };
            if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
                remove(&path)?;
            }
        }
        Ok(())
    }

    fn stored(&self) -> Result<Vec<Stored>, CacheError> {
        let mut stored = Vec::new();
        for folder in entries(&self.0.folder.join("blobs/sha256"))? {
            for entry in entries(&folder.path())? {
                // What is gone by now is not there.
                let Ok(metadata) = entry.metadata() else { continue };
                if metadata.is_file() {
                    let used = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                    stored.push(Stored { path: entry.path(), size: metadata.len(), used });
                }
            }
        }
        Ok(stored)
    }
}

fn entries(folder: &Path) -> Result<Vec<DirEntry>, CacheError> {
    let read = fs::read_dir(folder).and_then(Iterator::collect);
    read.map_err(|source| CacheError::Folder { path: folder.to_owned(), source })
}

fn remove(path: &Path) -> Result<(), CacheError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(CacheError::Folder { path: path.to_owned(), source: error })
        }
        _ => Ok(()),
    }
}
