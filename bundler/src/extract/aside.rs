//! What is being written, under a name of its own beside the final one.
//!
//! The name follows from the final one, so that what a killed run left is found by the next one and removed. Who writes
//! holds a lock, which ends with the process.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::ExtractError;

/// Bytes of the final name that go into the other: file systems end names at 255.
const NAME: usize = 200;

/// A folder or a file that goes away when it is dropped, unless it was kept.
#[derive(Debug)]
pub(super) struct Aside {
    path: PathBuf,
    /// Holds the lock.
    file: File,
    kept: bool,
}

impl Aside {
    /// Makes an empty folder beside `target`.
    pub(super) fn folder(target: &Path) -> Result<Self, ExtractError> {
        let path = name_beside(target);
        match fs::create_dir(&path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(ExtractError::io("create", &path)(error));
            }
            _ => {}
        }
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::DIRECTORY;
        let opened = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(&path);
        let aside = Self::lock(target, path, opened)?;
        clear(&aside.path).map_err(ExtractError::io("clear", &aside.path))?;
        Ok(aside)
    }

    /// Makes an empty file beside `target`.
    pub(super) fn file(target: &Path) -> Result<Self, ExtractError> {
        let path = name_beside(target);
        // Opening a pipe would wait for a reader.
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).custom_flags(flags.bits().cast_signed());
        let aside = Self::lock(target, path.clone(), options.open(&path))?;
        aside.file.set_len(0).map_err(ExtractError::io("clear", &aside.path))?;
        Ok(aside)
    }

    /// Takes what has the name, if it is ours and nobody writes it.
    fn lock(target: &Path, path: PathBuf, opened: io::Result<File>) -> Result<Self, ExtractError> {
        let file = opened.map_err(ExtractError::io("open", &path))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(ExtractError::Busy { path: target.to_owned() }),
            // A file system without locks.
            Err(TryLockError::Error(_)) | Ok(()) => {}
        }
        let metadata = file.metadata().map_err(ExtractError::io("read", &path))?;
        if metadata.uid() != rustix::process::geteuid().as_raw() {
            return Err(ExtractError::Exists { path });
        }
        // Another run may have finished, or given up, between the opening and the lock.
        let same = fs::symlink_metadata(&path).is_ok_and(|there| there.ino() == metadata.ino());
        if same { Ok(Self { path, file, kept: false }) } else { Err(ExtractError::Busy { path: target.to_owned() }) }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Its file.
    pub(super) fn as_file(&self) -> &File {
        &self.file
    }

    /// Gives the folder its final name.
    pub(super) fn rename(mut self, target: &Path) -> io::Result<()> {
        fs::rename(&self.path, target)?;
        self.kept = true;
        Ok(())
    }

    /// Gives the file its final name, unless that is taken.
    pub(super) fn rename_to_free(mut self, target: &Path) -> io::Result<()> {
        let path = tempfile::TempPath::try_from_path(&self.path)?;
        path.persist_noclobber(target).map_err(|error| error.error)?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        if !self.kept {
            // Nobody is left to be told; the next run removes it.
            let _ = fs::remove_dir_all(&self.path).or_else(|_| fs::remove_file(&self.path));
        }
    }
}

fn name_beside(target: &Path) -> PathBuf {
    let name = target.file_name().unwrap_or_default().as_bytes();
    let mut aside = b".airgap-extract-".to_vec();
    aside.extend_from_slice(name.get(..NAME).unwrap_or(name));
    super::write::parent(target).join(OsString::from_vec(aside))
}

/// Removes what is in a folder. Links are removed, not followed.
fn clear(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() { fs::remove_dir_all(entry.path())? } else { fs::remove_file(entry.path())? }
    }
    Ok(())
}
