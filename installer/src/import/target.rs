//! Where an archive's bytes go while they are checked.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use manifests::Digest;
use manifests::bundle::CopyTarget;
use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;

use super::ledger::Ledger;
use crate::stop::Stop;

/// Nowhere: they are only checked.
pub(super) struct Nowhere<'a>(pub(super) &'a Stop);

impl CopyTarget for Nowhere<'_> {
    fn holds(&self, _: &Digest) -> bool {
        false
    }

    fn write(&self, _: usize, _: u64, _: &[u8]) -> io::Result<()> {
        self.0.check().map_err(io::Error::other)
    }

    fn verified(&self, _: &Digest) -> io::Result<()> {
        Ok(())
    }
}

/// Files in a folder. What is verified is noted once the disk has it: by a thread of its own, so that nobody who reads
/// and hashes has to wait for the disk.
pub(super) struct Here<'a> {
    files: Vec<File>,
    ledger: &'a Ledger,
    stop: &'a Stop,
    /// Why the disk could not take what was verified.
    failed: Mutex<Option<io::Error>>,
}

impl<'a> Here<'a> {
    /// Makes the files, or goes on with those there are, and reserves their room.
    pub(super) fn open(
        folder: &Path,
        names: &[PathBuf],
        sizes: &[u64],
        ledger: &'a Ledger,
        stop: &'a Stop,
    ) -> io::Result<Self> {
        let open = |(name, size): (&PathBuf, &u64)| {
            let path = folder.join(name);
            let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o644).open(path)?;
            reserve(&file, *size)?;
            Ok(file)
        };
        let files = names.iter().zip(sizes).map(open).collect::<io::Result<_>>()?;
        // The ledger must not outlive a crash that the files' names do not.
        File::open(folder)?.sync_all()?;
        Ok(Self { files, ledger, stop, failed: Mutex::new(None) })
    }

    /// Runs `copy`, and returns once all that it verified is noted.
    pub(super) fn take<T>(&self, copy: impl FnOnce(&dyn CopyTarget) -> T) -> io::Result<T> {
        let (sender, receiver) = channel();
        let result = thread::scope(|scope| {
            scope.spawn(move || self.note(&receiver));
            copy(&Noting { here: self, sender })
        });
        match self.failure() {
            Some(error) => Err(error),
            None => Ok(result),
        }
    }

    /// Syncs and notes verified blobs, as many at a time as came up meanwhile.
    fn note(&self, verified: &Receiver<Digest>) {
        while let Ok(first) = verified.recv() {
            let blobs: Vec<Digest> = std::iter::once(first).chain(verified.try_iter()).collect();
            let synced = self.files.iter().try_for_each(File::sync_data).and_then(|()| self.ledger.add(&blobs));
            if let Err(error) = synced {
                *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                return;
            }
        }
    }

    fn failure(&self) -> Option<io::Error> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The files, for the threads that copy.
struct Noting<'a, 'b> {
    here: &'a Here<'b>,
    sender: Sender<Digest>,
}

impl CopyTarget for Noting<'_, '_> {
    fn holds(&self, blob: &Digest) -> bool {
        self.here.ledger.holds(blob)
    }

    fn write(&self, file: usize, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.here.stop.check().map_err(io::Error::other)?;
        let file = self.here.files.get(file).ok_or(io::ErrorKind::InvalidInput)?;
        file.write_all_at(bytes, offset)
    }

    fn verified(&self, blob: &Digest) -> io::Result<()> {
        // The receiver is gone when the disk refused: its own error says why.
        let gone = |_| self.here.failure().unwrap_or_else(|| io::ErrorKind::BrokenPipe.into());
        self.sender.send(*blob).map_err(gone)
    }
}

/// Gives a file its size and, where the file system can, its room: a full disk shows now and not after an hour.
fn reserve(file: &File, size: u64) -> io::Result<()> {
    match fallocate(file, FallocateFlags::empty(), 0, size) {
        Ok(()) => Ok(()),
        Err(Errno::NOTSUP | Errno::NOSYS | Errno::INVAL) => file.set_len(size),
        Err(error) => Err(error.into()),
    }
}
