use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use manifests::Digest;
use manifests::bundle::VerifiedBundle;

use super::{File, Repository};
use crate::content::MirrorTree;

/// Why a repository can't be written into a folder.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum ExportError {
    /// Something is there already.
    #[error("{} is there already", .0.display())]
    #[diagnostic(help(
        "name a folder that does not exist: web servers can be pointed at the new one when it is whole"
    ))]
    Exists(PathBuf),
    /// A file can't be written, or not be read out of the bundle.
    #[error("can't write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

/// Writes a repository as a plain folder, which any web server can serve. The folder appears when it is whole.
///
/// # Errors
/// [`ExportError`] when the folder exists, or a file can't be written or is damaged in the bundle.
pub fn export(repository: &Repository, bundle: &VerifiedBundle, folder: &Path) -> Result<(), ExportError> {
    let write_one = |file: &File, to: &Path| write(file, bundle, to);
    write_folder(repository.files(), write_one, folder)
}

/// Writes a repository that upstream signed as a plain folder, likewise.
///
/// # Errors
/// As [`export`].
pub fn export_mirror(tree: &MirrorTree, bundle: &VerifiedBundle, folder: &Path) -> Result<(), ExportError> {
    write_folder(tree.files(), |digest: &Digest, to: &Path| write(&File::Carried(*digest), bundle, to), folder)
}

fn write_folder<'a, F: 'a>(
    files: impl Iterator<Item = (&'a str, &'a F)>,
    write: impl Fn(&F, &Path) -> io::Result<()>,
    folder: &Path,
) -> Result<(), ExportError> {
    if fs::symlink_metadata(folder).is_ok() {
        return Err(ExportError::Exists(folder.to_owned()));
    }
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| ExportError::Write { path, source }
    };
    fs::create_dir_all(parent).map_err(failed(parent))?;
    let unfinished = tempfile::Builder::new().prefix(".packages.").tempdir_in(parent).map_err(failed(parent))?;
    for (path, file) in files {
        let to = unfinished.path().join(path);
        write(file, &to).map_err(failed(&folder.join(path)))?;
    }
    // Thousands of small files: once for all is a hundred times as fast as for each.
    let root = fs::File::open(unfinished.path()).map_err(failed(folder))?;
    rustix::fs::syncfs(&root).map_err(|error| failed(folder)(error.into()))?;
    fs::set_permissions(unfinished.path(), fs::Permissions::from_mode(0o755)).map_err(failed(folder))?;
    fs::rename(unfinished.path(), folder).map_err(failed(folder))?;
    // It has another name now: there is nothing to clean up.
    let _ = unfinished.keep();
    Ok(())
}

fn write(file: &File, bundle: &VerifiedBundle, to: &Path) -> io::Result<()> {
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut out = fs::File::create_new(to)?;
    match file {
        File::Made { bytes, .. } => io::Write::write_all(&mut out, bytes)?,
        // Reading fails at the end where the bytes are not those of the digest.
        File::Carried(digest) => {
            io::copy(&mut bundle.read(digest).map_err(io::Error::other)?, &mut out)?;
        }
    }
    Ok(())
}
