//! The files of an archive, opened once: what was checked is what is read, whatever happens to their names.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::OpenError;
use crate::bundle::read_at::ReadAt;

/// One file, or the volumes of a set in order. Offsets run through all of them.
#[derive(Debug)]
pub(crate) struct Storage {
    parts: Vec<Part>,
}

/// One file of an archive.
#[derive(Debug)]
pub(crate) struct Part {
    /// Where it starts in the archive.
    pub(crate) start: u64,
    /// Its size in bytes when it was opened.
    pub(crate) size: u64,
    /// The file.
    pub(crate) file: Arc<File>,
    /// The name under which it was opened, for messages.
    pub(crate) path: PathBuf,
}

impl Part {
    /// Opens an ordinary file.
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        // Opening a pipe would wait for its writer.
        let flags = rustix::fs::OFlags::NONBLOCK.bits() as i32;
        let file = File::options().read(true).custom_flags(flags).open(path).map_err(OpenError::io("open", path))?;
        let metadata = file.metadata().map_err(OpenError::io("open", path))?;
        if !metadata.is_file() {
            return Err(OpenError::NotABundle { path: path.to_owned(), reason: "it is no ordinary file" });
        }
        Ok(Self { start: 0, size: metadata.len(), file: Arc::new(file), path: path.to_owned() })
    }
}

impl Storage {
    /// Puts parts together, which are in order; gives each its start.
    pub(crate) fn new(mut parts: Vec<Part>) -> Self {
        let mut next = 0;
        for part in &mut parts {
            part.start = next;
            next += part.size;
        }
        Self { parts }
    }

    /// The size of all parts in bytes.
    pub(crate) fn size(&self) -> u64 {
        self.parts.last().map_or(0, |last| last.start + last.size)
    }

    /// All parts in order.
    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The part that holds an offset: the last one for the end.
    pub(crate) fn part(&self, offset: u64) -> Option<&Part> {
        let i = self.parts.partition_point(|part| part.start <= offset).checked_sub(1)?;
        self.parts.get(i)
    }

    /// The name of the file that holds an offset.
    pub(crate) fn path(&self, offset: u64) -> PathBuf {
        self.part(offset).map(|part| part.path.clone()).unwrap_or_default()
    }
}

impl ReadAt for Storage {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let missing = || io::Error::new(io::ErrorKind::UnexpectedEof, "the archive ends too early");
        let part = self.part(offset).ok_or_else(missing)?;
        let within = offset - part.start;
        if within.checked_add(buffer.len() as u64).is_none_or(|end| end > part.size) {
            return Err(missing());
        }
        part.file.read_exact_at(buffer, within)
    }
}
