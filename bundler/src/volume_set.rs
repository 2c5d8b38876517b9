//! The signed document beside the volumes of a bundle: which there are, and how large each is.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use manifests::bundle::UnverifiedBundle;
use manifests::bundle::occupied::{self, OccupiedError};
use manifests::bundle::reader::OpenError;
use manifests::bundle::volume::{SetDocument, SetError, set_names};

/// Why the set document can't be written.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum VolumeSetError {
    /// The volumes can't be opened.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Open(#[from] OpenError),
    /// The document can't be made.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Document(#[from] SetError),
    /// Something else has the name.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Occupied(#[from] OccupiedError),
    /// A file can't be written.
    #[error("can't write `{path}`", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Writes `<name>.set.json` beside the volumes, and `<name>.set.json.sig` with what `sign` makes of it, if anything: the
/// armoured signatures, one behind the other. Returns the files; none for a bundle in one file. Each is written aside
/// and renamed.
///
/// # Errors
/// [`VolumeSetError`] as a diagnostic, or what `sign` says.
pub fn write<E>(volumes: &[PathBuf], sign: impl FnOnce(&[u8]) -> Result<Vec<String>, E>) -> miette::Result<Vec<PathBuf>>
where
    miette::Report: From<E>,
{
    let bundle = UnverifiedBundle::open(volumes).map_err(VolumeSetError::from)?;
    let (Some(document), Some(first)) = (SetDocument::of(&bundle), bundle.paths().into_iter().next()) else {
        return Ok(Vec::new());
    };
    let bytes = document.to_bytes().map_err(VolumeSetError::from)?;
    occupied::check_set_document(&first).map_err(VolumeSetError::from)?;
    let [path, signature] = set_names(&first);
    let signatures = sign(&bytes)?.concat();
    replace(&path, &bytes)?;
    if signatures.is_empty() {
        return Ok(vec![path]);
    }
    replace(&signature, signatures.as_bytes())?;
    Ok(vec![path, signature])
}

fn replace(path: &Path, content: &[u8]) -> Result<(), VolumeSetError> {
    let failed = |source| VolumeSetError::Io { path: path.to_owned(), source };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    let mut aside =
        tempfile::Builder::new().prefix(".airgap-set-").permissions(permissions).tempfile_in(folder).map_err(failed)?;
    aside.write_all(content).and_then(|()| aside.as_file().sync_all()).map_err(failed)?;
    aside.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}
