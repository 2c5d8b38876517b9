//! How an archive's files get to where they shall lie: the cheapest way that the file systems allow.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use serde::{Deserialize, Serialize};

/// How a bundle's files become a generation's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// They stay where they are.
    InPlace,
    /// They share their blocks with the originals (Btrfs, XFS, bcachefs): takes no room, and each may change on its own.
    Reflink,
    /// They are the originals under another name: only for files that nobody may write.
    Hardlink,
    /// Their bytes are copied.
    Copy,
}

impl Method {
    /// The cheapest way from `sources` into `directory`, which exists and can be written. Leaves nothing behind.
    pub fn cheapest(sources: &[PathBuf], directory: &Path) -> Self {
        if sources.iter().all(|source| can_reflink(source, directory).unwrap_or(false)) {
            Self::Reflink
        } else if sources.iter().all(|source| can_hardlink(source, directory).unwrap_or(false)) {
            Self::Hardlink
        } else {
            Self::Copy
        }
    }

    /// Whether the bytes need room where they go.
    pub fn needs_room(self) -> bool {
        self == Self::Copy
    }

    /// In people's words.
    pub fn describe(self) -> &'static str {
        match self {
            Self::InPlace => "left where it is",
            Self::Reflink => "shared with the original (reflink)",
            Self::Hardlink => "linked to the original (hard link)",
            Self::Copy => "copied",
        }
    }
}

/// Tries it on a file without a name, which is gone when it is closed.
fn can_reflink(source: &Path, directory: &Path) -> io::Result<bool> {
    let source = File::open(source)?;
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    let target = rustix::fs::open(directory, flags, Mode::from_raw_mode(0o600))?;
    Ok(rustix::fs::ioctl_ficlone(&target, &source).is_ok())
}

/// A hard link is as safe as a copy only if nobody can change the file by its other name: it has no write bit, it
/// belongs to root or to us, and the server's own user can read it.
fn can_hardlink(source: &Path, directory: &Path) -> io::Result<bool> {
    let source = fs::symlink_metadata(source)?;
    let ours = source.uid() == 0 || source.uid() == rustix::process::geteuid().as_raw();
    let readable = source.mode() & 0o004 != 0;
    Ok(source.is_file()
        && source.mode() & 0o222 == 0
        && readable
        && ours
        && source.dev() == fs::metadata(directory)?.dev())
}

/// Makes a file `target` that shares the blocks of `source`.
///
/// # Errors
/// When the file systems can't after all, or `target` exists.
pub fn reflink(source: &File, target: &Path) -> io::Result<()> {
    let to = OpenOptions::new().write(true).create_new(true).mode(0o644).open(target)?;
    rustix::fs::ioctl_ficlone(&to, source)?;
    to.sync_all()
}

/// Gives `source`, which is open as `opened`, a second name.
///
/// # Errors
/// When it can't be linked, or `source` is no longer the file that was opened.
pub fn hardlink(source: &Path, opened: &File, target: &Path) -> io::Result<()> {
    fs::hard_link(source, target)?;
    let (is, was) = (fs::symlink_metadata(target)?, opened.metadata()?);
    if (is.dev(), is.ino()) == (was.dev(), was.ino()) {
        return Ok(());
    }
    fs::remove_file(target)?;
    Err(io::Error::other("the file was exchanged after it was opened"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn only_a_file_that_nobody_may_write_is_hard_linked() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("bundle.tar.zst");
        fs::write(&file, "content").unwrap();
        let linkable = |mode| {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            can_hardlink(&file, folder.path()).unwrap()
        };
        assert!(linkable(0o444));
        assert!(!linkable(0o644));
        assert!(!linkable(0o464));
        assert!(!linkable(0o440), "the server's user could not read it");
    }

    #[test]
    fn looking_for_the_cheapest_way_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("bundle.tar.zst");
        fs::write(&file, "content").unwrap();
        let target = folder.path().join("state");
        fs::create_dir(&target).unwrap();
        Method::cheapest(&[file], &target);
        assert_eq!(fs::read_dir(&target).unwrap().count(), 0);
    }
}
