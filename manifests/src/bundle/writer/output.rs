//! The files that are being written, beside their final names.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use super::flusher::Flusher;
use super::{WriteError, with_ending};
use crate::bundle::read_at::ReadAt;
use crate::bundle::volume::{HEADER_SIZE, VolumeHeader};
use crate::bundle::{limits, occupied};

/// One file, or the volumes of a set. Offsets run through all of them.
#[derive(Debug)]
pub(crate) struct Output {
    target: PathBuf,
    in_volumes: bool,
    parts: RwLock<Vec<Part>>,
    flusher: Flusher,
}

#[derive(Debug, Clone)]
struct Part {
    start: u64,
    file: Arc<File>,
}

impl Output {
    /// Opens what an earlier build left, or makes new files.
    pub(crate) fn new(target: &Path, in_volumes: bool) -> Self {
        Self { target: target.to_owned(), in_volumes, parts: RwLock::default(), flusher: Flusher::default() }
    }

    /// The final name of part `i`, from 0.
    pub(crate) fn name(&self, i: usize) -> PathBuf {
        if self.in_volumes { with_ending(&self.target, &format!(".{:03}", i + 1)) } else { self.target.clone() }
    }

    /// The name of part `i` while it is being written.
    pub(crate) fn partial(&self, i: usize) -> PathBuf {
        with_ending(&self.name(i), ".partial")
    }

    /// Makes sure that there is a file for each start.
    pub(crate) fn ensure(&self, starts: &[u64]) -> Result<(), WriteError> {
        if starts.len() > limits::VOLUMES {
            return Err(WriteError::TooManyVolumes(limits::VOLUMES));
        }
        let mut parts = self.parts.write().unwrap_or_else(PoisonError::into_inner);
        // A retry may have placed the last volumes elsewhere.
        for (part, start) in parts.iter_mut().zip(starts) {
            part.start = *start;
        }
        for (i, start) in starts.iter().enumerate().skip(parts.len()) {
            let path = self.partial(i);
            let file = File::options().read(true).write(true).create(true).truncate(false).open(&path);
            let file = Arc::new(file.map_err(WriteError::io("open", &path))?);
            parts.push(Part { start: *start, file });
        }
        Ok(())
    }

    /// Removes what an earlier build left.
    pub(crate) fn clear(&self) -> Result<(), WriteError> {
        let most = if self.in_volumes { limits::VOLUMES } else { 1 };
        for i in 0..most {
            let path = self.partial(i);
            match fs::remove_file(&path) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(WriteError::io("remove", &path)(error)),
            }
        }
        Ok(())
    }

    /// Writes bytes, which lie within one part.
    pub(crate) fn write_at(&self, bytes: &[u8], offset: u64) -> Result<(), WriteError> {
        let (i, part) = self.part(offset).map_err(WriteError::io("write", &self.target))?;
        let size = bytes.len() as u64;
        let written = part.file.write_all_at(bytes, offset - part.start);
        written.and_then(|()| self.flusher.wrote(&part.file, size)).map_err(|error| self.write_error(i, size, error))
    }

    fn write_error(&self, i: usize, needed: u64, source: io::Error) -> WriteError {
        let path = self.partial(i);
        if source.kind() == io::ErrorKind::StorageFull {
            return WriteError::NoSpace { free: free_space(&path).unwrap_or_default(), needed, path };
        }
        WriteError::Io { action: "write", path, source }
    }

    fn part(&self, offset: u64) -> io::Result<(usize, Part)> {
        let parts = self.parts.read().unwrap_or_else(PoisonError::into_inner);
        let i = parts.partition_point(|part| part.start <= offset).checked_sub(1);
        let part = i.and_then(|i| Some((i, parts.get(i)?.clone())));
        part.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "no file holds this offset"))
    }

    /// Gives every part its exact size and syncs it.
    pub(crate) fn seal(&self, sizes: &[u64]) -> Result<(), WriteError> {
        self.flusher.settle().map_err(|error| self.write_error(0, 0, error))?;
        let parts = self.parts.read().unwrap_or_else(PoisonError::into_inner).clone();
        for (i, (part, size)) in parts.iter().zip(sizes).enumerate() {
            let sync = part.file.set_len(*size).and_then(|()| part.file.sync_all());
            sync.map_err(|error| self.write_error(i, *size, error))?;
        }
        Ok(())
    }

    /// Gives the first `count` parts their final names, none of which may be that of anything but a bundle: what stood
    /// there may have come since the work began. The volumes of an older set of the same name that are not
    /// replaced go away: they belong to nothing any more.
    pub(crate) fn rename(&self, count: usize) -> Result<Vec<PathBuf>, WriteError> {
        let check = if self.in_volumes { occupied::check_volume } else { occupied::check_file };
        (0..count).try_for_each(|i| check(&self.name(i)))?;
        let older = self.header(0);
        let mut names = Vec::with_capacity(count);
        for i in 0..count {
            let (from, to) = (self.partial(i), self.name(i));
            fs::rename(&from, &to).map_err(WriteError::io("rename", &from))?;
            names.push(to);
        }
        if let Some(older) = older {
            let leftover = |i: &usize| self.header(*i).is_some_and(|header| header.set == older.set);
            for name in (count..older.count as usize).filter(leftover).map(|i| self.name(i)) {
                fs::remove_file(&name).map_err(WriteError::io("remove", &name))?;
            }
        }
        sync_folder(&self.target)?;
        Ok(names)
    }

    /// The header of volume `i` under its final name.
    pub(crate) fn header(&self, i: usize) -> Option<VolumeHeader> {
        let mut bytes = [0; HEADER_SIZE as usize];
        let file = self.in_volumes.then(|| File::open(self.name(i)).ok()).flatten()?;
        file.read_exact_at(&mut bytes, 0).ok()?;
        VolumeHeader::decode(&bytes)
    }

    /// The bytes that the parts take on the disk now.
    pub(crate) fn allocated(&self) -> u64 {
        use std::os::unix::fs::MetadataExt;
        let parts = self.parts.read().unwrap_or_else(PoisonError::into_inner);
        parts.iter().filter_map(|part| part.file.metadata().ok()).map(|metadata| metadata.blocks() * 512).sum()
    }
}

impl ReadAt for Output {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let (_, part) = self.part(offset)?;
        part.file.read_exact_at(buffer, offset - part.start)
    }
}

/// The bytes that an ordinary user can still write to the file system that holds `path`, or its folder.
pub(crate) fn free_space(path: &Path) -> io::Result<u64> {
    let status = rustix::fs::statvfs(folder(path))?;
    Ok(status.f_bavail.saturating_mul(status.f_frsize))
}

/// Syncs the folder that holds `path`, so that new names survive a crash.
pub(crate) fn sync_folder(path: &Path) -> Result<(), WriteError> {
    let folder = folder(path);
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(WriteError::io("sync", folder))
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
