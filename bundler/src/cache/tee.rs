//! Keeps in the cache what goes by.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use manifests::Digest;
use rustix::fs::{FlockOperation, flock};

use super::Cache;
use crate::http::Sink;

/// Passes everything on to a sink, which checks it, and keeps a copy if it was told to.
#[derive(Debug)]
pub struct Tee<S> {
    sink: S,
    copy: Option<Copy>,
}

/// A blob that comes in. Its file goes when it is dropped before it was put in place.
#[derive(Debug)]
struct Copy {
    cache: Cache,
    digest: Digest,
    size: u64,
    path: PathBuf,
    file: File,
}

impl<S: Sink> Tee<S> {
    /// Passes everything on to `sink`.
    pub fn new(sink: S) -> Self {
        Self { sink, copy: None }
    }

    /// The sink.
    pub fn into_inner(self) -> S {
        self.sink
    }

    /// Keeps a copy of what comes from now on: of a blob that is not begun yet, and that the cache has room for.
    pub(super) fn keep(&mut self, cache: &Cache, digest: Digest, size: u64) {
        if self.sink.position() > 0 || size > cache.0.limit || cache.0.failed.load(Ordering::Relaxed) {
            return;
        }
        match Copy::begin(cache, digest, size) {
            Ok(copy) => self.copy = Some(copy),
            Err(error) => cache.give_up(&error),
        }
    }

    /// Runs work on the copy; when it fails, there is none any more.
    fn on_copy(&mut self, work: impl FnOnce(&mut Copy) -> io::Result<()>) {
        if let Some(copy) = &mut self.copy
            && let Err(error) = work(copy)
        {
            copy.cache.give_up(&error);
            self.copy = None;
        }
    }
}

impl<S: Sink> Sink for Tee<S> {
    fn position(&self) -> u64 {
        self.sink.position()
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sink.write(bytes)?;
        self.on_copy(|copy| copy.file.write_all(bytes));
        Ok(())
    }

    fn restart(&mut self) -> io::Result<()> {
        self.sink.restart()?;
        self.on_copy(Copy::restart);
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        // The sink's verdict is the cache's, too.
        self.sink.finish()?;
        self.on_copy(Copy::commit);
        self.copy = None;
        Ok(())
    }
}

impl Copy {
    fn begin(cache: &Cache, digest: Digest, size: u64) -> io::Result<Self> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}.{}-{number}", digest.hex(), std::process::id());
        let path = cache.0.folder.join("new").join(name);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        let copy = Self { cache: cache.clone(), digest, size, path, file };
        // Held until the file is closed: so others see that it is not left behind.
        flock(&copy.file, FlockOperation::NonBlockingLockExclusive)?;
        Ok(copy)
    }

    fn restart(&mut self) -> io::Result<()> {
        use std::io::Seek;
        self.file.set_len(0)?;
        self.file.rewind()
    }

    fn commit(&mut self) -> io::Result<()> {
        if self.file.metadata()?.len() != self.size {
            return Ok(());
        }
        let place = self.cache.path(&self.digest);
        if let Some(parent) = place.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
        }
        match fs::rename(&self.path, &place) {
            // Another build took it for left behind, in the moment before it was locked.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
            Ok(()) => self.cache.added(self.size),
        }
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        // After a commit there is nothing under this name.
        let _ = fs::remove_file(&self.path);
    }
}
