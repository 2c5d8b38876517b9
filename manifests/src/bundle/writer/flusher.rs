//! Getting data to the disk while more of it comes: otherwise all of it would wait for the sync at the end.

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

/// How many bytes are written between two syncs.
const EVERY: u64 = 256 << 20;

/// Syncs a file now and then, one at a time, in the background.
#[derive(Debug, Default)]
pub(super) struct Flusher {
    written: AtomicU64,
    running: Mutex<Option<JoinHandle<io::Result<()>>>>,
}

impl Flusher {
    /// Bytes were written to `file`.
    ///
    /// # Errors
    /// That of an earlier sync: the kernel tells it only once.
    pub(super) fn wrote(&self, file: &Arc<File>, size: u64) -> io::Result<()> {
        let before = self.written.fetch_add(size, Ordering::Relaxed);
        if before / EVERY == (before + size) / EVERY {
            return Ok(());
        }
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.as_ref().is_some_and(|sync| !sync.is_finished()) {
            return Ok(());
        }
        let result = running.take().map_or(Ok(()), wait);
        let file = Arc::clone(file);
        *running = Some(thread::Builder::new().name("flush".to_owned()).spawn(move || file.sync_data())?);
        result
    }

    /// Waits for the sync that is under way.
    pub(super) fn settle(&self) -> io::Result<()> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        running.map_or(Ok(()), wait)
    }
}

fn wait(sync: JoinHandle<io::Result<()>>) -> io::Result<()> {
    sync.join().unwrap_or_else(|_| Err(io::Error::other("the thread that syncs died")))
}
