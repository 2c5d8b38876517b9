//! Cutting a bundle into volumes after it was built, and putting it together again.
//!
//! Frames are moved as they are; only the headers of volumes and the seek table are made anew. So a bundle that was
//! split and joined is the same to the byte, and a bundle that was split is the one that `--split` would have written.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::bundle::cursor::Cursor;
use crate::bundle::read_at::ReadAt;
use crate::bundle::reader::archive::Archive;
use crate::bundle::reader::{OpenError, UnverifiedBundle, VerifiedBundle};
use crate::bundle::seek_table;
use crate::bundle::volume::HEADER_SIZE;
use crate::bundle::writer::{Output, WriteError, close, lock};
use crate::bundle::{limits, occupied};

/// Why a bundle can't be split or joined.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum TransferError {
    /// The bundle can't be opened or read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Open(#[from] OpenError),
    /// The result can't be written.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Write(#[from] WriteError),
    /// The result would take the place of what it is made from.
    #[error("{path} is what would be read: it must not be written at the same time", path = path.display())]
    #[diagnostic(help("choose another output"))]
    SamePlace {
        /// The file.
        path: PathBuf,
    },
}

/// Cuts the bundle `paths` into volumes `<target>.001`, `<target>.002`, …, each smaller than `volume_size` bytes.
/// `progress` is told of bytes as they are written. The source stays as it is. Returns the volumes.
///
/// # Errors
/// [`TransferError`]; nothing is left under the final names then.
pub fn split<P: AsRef<Path>>(
    paths: &[P],
    target: &Path,
    volume_size: u64,
    progress: &dyn Fn(u64),
) -> Result<Vec<PathBuf>, TransferError> {
    transfer(paths, target, Some(volume_size), progress)
}

/// Puts the volumes `paths` (or one of them, or the name that they share) into one file `target`. Returns its name.
///
/// # Errors
/// As [`split`].
pub fn join<P: AsRef<Path>>(paths: &[P], target: &Path, progress: &dyn Fn(u64)) -> Result<Vec<PathBuf>, TransferError> {
    transfer(paths, target, None, progress)
}

fn transfer<P: AsRef<Path>>(
    paths: &[P],
    target: &Path,
    volume_size: Option<u64>,
    progress: &dyn Fn(u64),
) -> Result<Vec<PathBuf>, TransferError> {
    let bundle = UnverifiedBundle::open(paths)?;
    let document = bundle.document_digest();
    let archive = bundle.archive()?;
    if let Some(size) = volume_size {
        check_least(&archive, size)?;
    }
    let output = Output::new(target, volume_size.is_some());
    let lock = lock(target)?;
    let written = refuse_same_place(&archive, &output).and_then(|()| {
        occupied::check_target(target, volume_size.is_some()).map_err(WriteError::from)?;
        output.clear()?;
        let (cursor, frames) = copy(&archive, &output, volume_size, progress)?;
        let count = close(&output, cursor, frames.into_iter(), document, volume_size)?;
        Ok(output.rename(count)?)
    });
    if written.is_err() {
        output.clear()?;
    }
    lock.remove()?;
    written
}

/// Makes sure that a bundle can be cut into volumes of fewer than `volume_size` bytes. Reads no content.
///
/// # Errors
/// [`WriteError::VolumeTooSmall`].
pub fn check_size(bundle: &VerifiedBundle, volume_size: u64) -> Result<(), WriteError> {
    check_least(bundle.archive(), volume_size)
}

fn check_least(archive: &Archive, size: u64) -> Result<(), WriteError> {
    let table = seek_table::size(seek_table::at_most(&archive.outline));
    let least = limits::VOLUME_SIZE.max(table + HEADER_SIZE + 1);
    if size < least { Err(WriteError::VolumeTooSmall { size, least }) } else { Ok(()) }
}

fn copy(
    archive: &Archive,
    output: &Output,
    volume_size: Option<u64>,
    progress: &dyn Fn(u64),
) -> Result<(Cursor, Vec<(u32, u32)>), TransferError> {
    let mut cursor = Cursor::new(volume_size);
    let mut frames = Vec::with_capacity(archive.outline.frame_count());
    let mut buffer = Vec::new();
    for member in archive.outline.members() {
        for k in 0..archive.outline.frames(member) {
            let stored = archive.stored(member, k).unwrap_or_default();
            let size = stored.end - stored.start;
            buffer.resize(size as usize, 0);
            let path = || archive.storage.path(stored.start);
            archive
                .storage
                .read_exact_at(&mut buffer, stored.start)
                .map_err(|error| OpenError::io("read", &path())(error))?;
            let place = cursor.place(size);
            output.ensure(cursor.starts())?;
            output.write_at(&buffer, place).map_err(|error| needing(error, archive, stored.start))?;
            frames.push((size as u32, archive.outline.unpacked(member, k)));
            progress(size);
        }
    }
    Ok((cursor, frames))
}

/// A full disk: how much is still to come.
fn needing(error: WriteError, archive: &Archive, done: u64) -> WriteError {
    match error {
        WriteError::NoSpace { path, free, .. } => {
            WriteError::NoSpace { path, free, needed: archive.storage.size() - done }
        }
        other => other,
    }
}

fn refuse_same_place(archive: &Archive, output: &Output) -> Result<(), TransferError> {
    let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    let sources: Vec<_> =
        archive.storage.parts().iter().filter_map(|part| part.file.metadata().ok()).map(identity).collect();
    for i in 0..limits::VOLUMES {
        let path = output.name(i);
        if fs::metadata(&path).is_ok_and(|there| sources.contains(&identity(there))) {
            return Err(TransferError::SamePlace { path });
        }
    }
    Ok(())
}
