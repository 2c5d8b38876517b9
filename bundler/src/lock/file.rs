//! The file of a lock.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use manifests::Lock;
use manifests::lock::FILE_SIZE;
use manifests::yaml::{Problems, SourceFile};

/// A lock that can't be read or written.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum LockFileError {
    /// It can't be read.
    #[error("can't read the lock {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is none.
    #[error("the stack has no lock: there is no {}", path.display())]
    #[diagnostic(help("write it with `airgap-bundle lock {stack}`, look at it, and commit it", stack = stack.display()))]
    Missing {
        /// Where it would be.
        path: PathBuf,
        /// The stack.
        stack: PathBuf,
    },
    /// What it says is wrong.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Problems(#[from] Problems),
    /// It can't be written.
    #[error("can't write the lock {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The ending of the names of locks, in the place of that of the stack.
const ENDING: &str = "lock.yaml";

/// Whether a file is a lock, by its name.
pub(crate) fn is_lock(path: &Path) -> bool {
    path.to_string_lossy().ends_with(&format!(".{ENDING}"))
}

/// The lock of a stack lies beside it: `platform.lock.yaml` for `platform.yaml`.
pub fn path(stack: &Path) -> PathBuf {
    stack.with_extension(ENDING)
}

/// Reads a lock; none where there is no such file.
///
/// # Errors
/// [`LockFileError`] when it can't be read, or says what can't be used.
pub fn read(path: &Path) -> Result<Option<Lock>, LockFileError> {
    let failed = |source| LockFileError::Read { path: path.to_owned(), source };
    let file = match std::fs::File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        file => file.map_err(failed)?,
    };
    let mut bytes = Vec::new();
    // One byte more than is read: the reader then says that the file is too large.
    file.take(FILE_SIZE as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    let text = String::from_utf8(bytes).map_err(|error| failed(io::Error::new(ErrorKind::InvalidData, error)))?;
    Ok(Some(Lock::parse(&SourceFile::new(path.display().to_string(), &text))?))
}

/// Reads the lock of a stack.
///
/// # Errors
/// As [`read`]; and [`LockFileError::Missing`] where there is none.
pub fn read_of(stack: &Path) -> Result<Lock, LockFileError> {
    let path = path(stack);
    read(&path)?.ok_or_else(|| LockFileError::Missing { path, stack: stack.to_owned() })
}

/// Writes a lock beside its name and renames it. Returns whether the file says something else than before.
///
/// # Errors
/// [`LockFileError::Write`]. The file that was there is as it was then.
pub fn write(path: &Path, lock: &Lock) -> Result<bool, LockFileError> {
    let text = lock.to_yaml();
    if std::fs::read(path).is_ok_and(|before| before == text.as_bytes()) {
        return Ok(false);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let write = || -> io::Result<()> {
        let mut file = tempfile::Builder::new().permissions(permissions()).tempfile_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(|source| LockFileError::Write { path: path.to_owned(), source })?;
    Ok(true)
}

/// As any file that is committed: what the umask leaves of it.
fn permissions() -> std::fs::Permissions {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::Permissions::from_mode(0o666)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_lies_beside_its_stack() {
        for (stack, lock) in [("platform.yaml", "platform.lock.yaml"), ("a/b.yml", "a/b.lock.yaml")] {
            assert_eq!(path(Path::new(stack)), Path::new(lock));
        }
    }

    #[test]
    fn what_is_the_same_is_not_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.lock.yaml");
        let lock = Lock::new("a".parse().unwrap());
        assert!(read(&path).unwrap().is_none());
        assert!(write(&path, &lock).unwrap());
        assert!(!write(&path, &lock).unwrap());
        assert_eq!(read(&path).unwrap(), Some(lock));
    }
}
