//! Attaching signatures to a bundle that is written: one write into the slot, nothing else changes.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::reader::{OpenError, UnverifiedBundle};
use super::slot::{self, SlotError};

/// Why signatures can't be attached.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum AttachError {
    /// The bundle can't be opened.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Open(#[from] OpenError),
    /// The signatures don't fit, or are there already.
    #[error("can't attach signatures to {path}", path = path.display())]
    Slot {
        /// The file with the slot.
        path: PathBuf,
        /// Why.
        #[source]
        source: SlotError,
    },
    /// The file has other names, which would change along.
    #[error("{path} has another name (a hard link), and what that names would change too", path = path.display())]
    #[diagnostic(help(
        "a site that has taken the bundle in may share the file: sign a copy of it, `cp {path} signed.tar.zst`",
        path = path.display()
    ))]
    Linked {
        /// The file.
        path: PathBuf,
    },
    /// The file can't be written.
    #[error("can't write {path}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// Adds armoured SSHSIG signatures to a bundle, behind those that it has. Of a set of volumes only the first is needed
/// and changed. Returns the file that was changed.
///
/// # Errors
/// [`AttachError::Slot`] when one is there already or there is no room: the bundle is unchanged then.
pub fn attach_signatures<P: AsRef<Path>>(paths: &[P], signatures: &[String]) -> Result<PathBuf, AttachError> {
    let bundle = UnverifiedBundle::open_partial(paths)?;
    let all = [bundle.signatures(), signatures].concat();
    let (path, place) = bundle.slot_place();
    let frame = slot::frame(&all, bundle.claimed().created)
        .map_err(|source| AttachError::Slot { path: path.clone(), source })?;
    // Another name of the file may be that of a site's own copy, which nobody may change.
    if fs::metadata(&path).is_ok_and(|metadata| metadata.nlink() > 1) {
        return Err(AttachError::Linked { path });
    }
    let write = |file: File| file.write_all_at(&frame, place).and_then(|()| file.sync_all());
    let written = File::options().write(true).open(&path).and_then(write);
    written.map_err(|source| AttachError::Io { path: path.clone(), source })?;
    Ok(path)
}
