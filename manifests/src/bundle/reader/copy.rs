//! Copying an archive in the same pass that checks it: each byte is read once.

use std::io;
use std::path::PathBuf;

use super::archive::Archive;
use super::check::{self, Damage};
use super::head::Head;
use super::storage::Storage;
use super::{OpenError, UnverifiedBundle, VerifiedBundle};
use crate::Digest;
use crate::bundle::layout::{Member, Shape};
use crate::bundle::read_at::ReadAt;

/// How much of what is no blob is copied at once.
const CHUNK: u64 = 1 << 20;

/// Where the bytes of an archive go as they are checked. Called from many threads at once.
pub trait CopyTarget: Sync {
    /// Whether the blob lies there already, verified by an earlier copy that was cut short.
    fn holds(&self, blob: &Digest) -> bool;

    /// Takes bytes of a file, by its number in [`VerifiedBundle::files`], and their place in it. They are not verified
    /// yet. Called at least every few megabytes: an error ends the copy, be it of the disk or a wish to stop.
    ///
    /// # Errors
    /// What ends the copy.
    fn write(&self, file: usize, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// All of a blob's bytes were written, and they are the right ones.
    ///
    /// # Errors
    /// What ends the copy.
    fn verified(&self, blob: &Digest) -> io::Result<()>;
}

/// Why a copy ended before all was read.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum CopyError {
    /// The archive can't be read.
    #[error("can't read {path}", path = path.display())]
    #[diagnostic(help("was the medium removed? Put it back and run the command again: it goes on where it was"))]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The target refused.
    #[error("can't write what was read")]
    Write(#[source] io::Error),
}

impl VerifiedBundle {
    /// Checks every blob with `threads` threads and hands the archive's bytes to `target`, all of them but those of
    /// blobs that it holds. `progress` is told of bytes of the archive as they are done.
    ///
    /// Returns every damage that was found. What is no blob is copied as it is: check it where it went, with
    /// [`VerifiedBundle::check_around`].
    ///
    /// # Errors
    /// [`CopyError`] when the archive can't be read or the target refuses.
    pub fn copy_checked(
        &self,
        target: &dyn CopyTarget,
        threads: usize,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<Vec<Damage>, CopyError> {
        copy_around(&self.archive, &self.head, target, progress)?;
        check::check_into(&self.archive, &self.head, target, threads, progress)
    }

    /// Checks everything but the blobs: headers, tables, signatures. Reads little, whatever the archive's size.
    pub fn check_around(&self) -> Vec<Damage> {
        check::check_around(&self.archive, &self.head)
    }

    /// Opens a copy of this bundle, which has to be the same one.
    ///
    /// # Errors
    /// [`OpenError`] when the copy can't be opened or is another bundle.
    pub fn open_copy(&self, files: &[PathBuf]) -> Result<Self, OpenError> {
        UnverifiedBundle::open(files)?.verify_pinned(&self.document_digest())
    }
}

/// Copies what lies between the blobs: the head, the headers of volumes, the end.
fn copy_around(
    archive: &Archive,
    head: &Head,
    target: &dyn CopyTarget,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<(), CopyError> {
    let mut next = 0;
    for (index, blob) in head.document.blobs.iter().enumerate() {
        let shape = Shape { size: blob.size, encoding: blob.encoding };
        for k in 0..shape.frames() {
            let stored = archive.stored(Member::Blob(index), k).unwrap_or_default();
            copy_range(&archive.storage, target, next, stored.start)?;
            progress(stored.start.saturating_sub(next));
            next = stored.end;
        }
    }
    let size = archive.storage.size();
    copy_range(&archive.storage, target, next, size)?;
    progress(size.saturating_sub(next));
    Ok(())
}

fn copy_range(storage: &Storage, target: &dyn CopyTarget, start: u64, end: u64) -> Result<(), CopyError> {
    let mut next = start;
    let mut buffer = Vec::new();
    while next < end {
        let left = storage.part(next).map_or(0, |part| part.start + part.size - next);
        buffer.resize(CHUNK.min(end - next).min(left) as usize, 0);
        let failed = |source| CopyError::Read { path: storage.path(next), source };
        storage.read_exact_at(&mut buffer, next).map_err(failed)?;
        hand_over(storage, target, next, &buffer).map_err(CopyError::Write)?;
        next += buffer.len() as u64;
    }
    Ok(())
}

/// Hands bytes from a place in the archive to the target. They all lie in one file.
pub(super) fn hand_over(storage: &Storage, target: &dyn CopyTarget, offset: u64, bytes: &[u8]) -> io::Result<()> {
    let file = storage.parts().partition_point(|part| part.start <= offset).saturating_sub(1);
    let start = storage.parts().get(file).map_or(0, |part| part.start);
    target.write(file, offset - start, bytes)
}
