//! The journal of a build: which blobs are in place, so that a killed build goes on.
//!
//! JSON lines, appended after the data they tell of was written. A process that is killed loses nothing that it wrote:
//! a line that is there tells the truth. After a crash of the machine it may not, so the journal names the boot it was
//! written in, and blobs of another boot are read and hashed again before they are trusted.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufRead, Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;
use serde::{Deserialize, Serialize};

use super::WriteError;
use crate::Digest;
use crate::bundle::occupied;

/// The first line is never longer.
const HEAD_SIZE: u64 = 4096;

/// The journal's first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Head {
    /// The version of the journal.
    pub(crate) journal: u32,
    /// The digest of `bundle.json`.
    pub(crate) document: Digest,
    /// The size of volumes in bytes.
    pub(crate) volume_size: Option<u64>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Line {
    /// Which boot of which machine wrote the lines that follow.
    Boot(String),
    /// A raw blob is in place.
    Raw(Digest),
    /// A compressed blob is in place; the stored sizes of its frames.
    Zstd(Digest, Vec<u32>),
    /// So many bytes of a raw blob are in place.
    Mark(Digest, u64),
    /// Everything is written; what remains is to give the files their names.
    Whole,
}

/// What a journal tells.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Raw blobs in place, and whether the boot was this one.
    pub(crate) raw: HashMap<Digest, bool>,
    /// Compressed blobs in place with the stored sizes of their frames, in the order of the archive.
    pub(crate) compressed: Vec<(Digest, Vec<u32>, bool)>,
    /// How many bytes of a raw blob are in place.
    pub(crate) marks: HashMap<Digest, u64>,
    /// Whether everything was written.
    pub(crate) whole: bool,
}

/// A journal that is open for writing, and locked.
#[derive(Debug)]
pub(crate) struct Journal {
    file: File,
    path: PathBuf,
}

impl Journal {
    /// Opens and locks the journal of the bundle `target`, and gives what it tells if it is of the same build.
    pub(crate) fn open(target: &Path, head: &Head) -> Result<(Self, Option<Told>), WriteError> {
        occupied::check_unfinished(target)?;
        let mut journal = lock(target)?;
        let told = journal.read(head).map_err(WriteError::io("read", &journal.path))?;
        Ok((journal, told))
    }

    /// Reads what is there and goes on behind it. A line that was cut off or damaged ends it: what follows is forgotten.
    fn read(&mut self, head: &Head) -> io::Result<Option<Told>> {
        let mut text = Vec::new();
        self.file.read_to_end(&mut text)?;
        let mut lines = text.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"));
        let first = lines.next().unwrap_or_default();
        if serde_json::from_slice::<Head>(first).ok().as_ref() != Some(head) {
            return Ok(None);
        }
        let mut told = Told::default();
        let boot = boot_id();
        let mut same_boot = false;
        let mut whole = first.len();
        for line in lines {
            match serde_json::from_slice(line) {
                Ok(Line::Boot(id)) => same_boot = boot.as_ref() == Some(&id),
                Ok(Line::Raw(digest)) => drop(told.raw.insert(digest, same_boot)),
                Ok(Line::Zstd(digest, frames)) => told.compressed.push((digest, frames, same_boot)),
                Ok(Line::Mark(digest, size)) => drop(told.marks.insert(digest, size)),
                Ok(Line::Whole) => told.whole = true,
                Err(_) => break,
            }
            whole += line.len();
        }
        self.file.set_len(whole as u64)?;
        self.file.seek(io::SeekFrom::Start(whole as u64))?;
        Ok(Some(told))
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) -> Result<(), WriteError> {
        self.file.set_len(0).and_then(|()| self.file.rewind()).map_err(WriteError::io("write", &self.path))
    }

    /// Starts the journal of a fresh build.
    pub(crate) fn begin(&mut self, head: &Head) -> Result<(), WriteError> {
        self.line(head)
    }

    /// Says that this boot writes what follows.
    pub(crate) fn booted(&mut self) -> Result<(), WriteError> {
        self.line(&Line::Boot(boot_id().unwrap_or_default()))
    }

    /// A raw blob is in place.
    pub(crate) fn raw(&mut self, digest: Digest) -> Result<(), WriteError> {
        self.line(&Line::Raw(digest))
    }

    /// A compressed blob is in place.
    pub(crate) fn compressed(&mut self, digest: Digest, frames: &[u32]) -> Result<(), WriteError> {
        self.line(&Line::Zstd(digest, frames.to_vec()))
    }

    /// So many bytes of a raw blob are in place.
    pub(crate) fn mark(&mut self, digest: Digest, size: u64) -> Result<(), WriteError> {
        self.line(&Line::Mark(digest, size))
    }

    /// Everything is written and synced.
    pub(crate) fn whole(&mut self) -> Result<(), WriteError> {
        self.line(&Line::Whole)?;
        self.file.sync_data().map_err(WriteError::io("sync", &self.path))
    }

    /// Copies the journal to that of another bundle.
    pub(crate) fn copy_to(&self, target: &Path) -> Result<(), WriteError> {
        let path = path_of(target);
        fs::copy(&self.path, &path).map(drop).map_err(WriteError::io("write", &path))
    }

    /// Removes the journal: the bundle has its name.
    pub(crate) fn remove(&self) -> Result<(), WriteError> {
        fs::remove_file(&self.path).map_err(WriteError::io("remove", &self.path))
    }

    fn line<T: Serialize>(&mut self, line: &T) -> Result<(), WriteError> {
        let mut text = serde_json::to_vec(line).map_err(WriteError::Json)?;
        text.push(b'\n');
        self.file.write_all(&text).map_err(WriteError::io("write", &self.path))
    }
}

/// Where the journal of the bundle `target` lies.
pub(crate) fn path_of(target: &Path) -> PathBuf {
    super::with_ending(target, ".partial.journal")
}

/// Whether a text starts as a journal does. One that was just made is empty.
pub(crate) fn is_one(text: &[u8]) -> bool {
    text.is_empty() || text.starts_with(br#"{"journal":"#)
}

/// What the journal of the bundle `target` is of, if there is one.
pub(crate) fn peek(target: &Path) -> Option<Head> {
    let mut line = String::new();
    io::BufReader::new(File::open(path_of(target)).ok()?).take(HEAD_SIZE).read_line(&mut line).ok()?;
    serde_json::from_str(&line).ok()
}

/// Opens and locks the journal of the bundle `target`. Whoever held the lock may have removed the file in the meantime:
/// then again.
pub(crate) fn lock(target: &Path) -> Result<Journal, WriteError> {
    let path = path_of(target);
    loop {
        let file = File::options().read(true).write(true).create(true).truncate(false).open(&path);
        let file = file.map_err(WriteError::io("open", &path))?;
        rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|error| match error {
            rustix::io::Errno::WOULDBLOCK => WriteError::Locked { path: target.to_owned() },
            error => WriteError::io("lock", &path)(error.into()),
        })?;
        let locked = file.metadata().map_err(WriteError::io("open", &path))?;
        if fs::metadata(&path).is_ok_and(|there| there.ino() == locked.ino() && there.dev() == locked.dev()) {
            return Ok(Journal { file, path });
        }
    }
}

/// What the kernel calls this boot of this machine.
fn boot_id() -> Option<String> {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned())
}
