//! One command at a time changes a site.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

/// Holds the state directory for one process; the kernel lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub struct SiteLock {
    _file: File,
}

/// Why the state directory can't be had.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum LockError {
    /// Another process works on it.
    #[error("another airgap-install is changing `{}`", state.display())]
    #[diagnostic(help("wait until it is done, or stop it, and run the command again"))]
    Busy {
        /// The state directory.
        state: PathBuf,
    },
    /// It can't be locked at all.
    #[error("cannot lock `{}`", state.display())]
    Io {
        /// The state directory.
        state: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl SiteLock {
    /// Takes the lock of a state directory, which must exist.
    ///
    /// # Errors
    /// [`LockError::Busy`] when another process has it.
    pub fn take(state: &Path) -> Result<Self, LockError> {
        let failed = |source| LockError::Io { state: state.to_owned(), source };
        let path = state.join(".lock");
        let file =
            OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path).map_err(failed)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { _file: file }),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(LockError::Busy { state: state.to_owned() }),
            Err(error) => Err(failed(error.into())),
        }
    }
}
