//! The signed document beside the volumes of a bundle: which there are, and how large each is.

use std::fs::{self, File};
use std::io::{self, Read as _, Write};
use std::path::{Path, PathBuf};

use manifests::bundle::UnverifiedBundle;
use manifests::bundle::limits;
use manifests::bundle::occupied::{self, OccupiedError};
use manifests::bundle::reader::OpenError;
use manifests::bundle::volume::{SetDocument, SetError, set_names};
use manifests::signature;

use crate::sign::{SignError, Signers};

/// The last line of an armoured signature.
const ARMOUR_END: &str = "-----END SSH SIGNATURE-----\n";

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
    /// The document can't be signed.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Sign(#[from] SignError),
    /// A file can't be read, written or removed.
    #[error("can't {action} `{path}`", path = path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// The files beside the volumes of a bundle.
#[derive(Debug, Default)]
pub struct SetFiles {
    /// All of them: the document, and its signatures if there are any.
    pub paths: Vec<PathBuf>,
    /// Those that had to be written.
    pub written: Vec<PathBuf>,
}

/// Brings `<name>.set.json` beside the volumes up to date, and `<name>.set.json.sig`: armoured signatures, one behind the
/// other. Those that are there and fit stay, behind those of `signers` that are new: stock tools read the first one.
/// Nothing happens for a bundle in one file. Each file is written aside and renamed.
///
/// # Errors
/// [`VolumeSetError`].
pub fn write(volumes: &[PathBuf], signers: &Signers) -> Result<SetFiles, VolumeSetError> {
    let bundle = UnverifiedBundle::open(volumes)?;
    let (Some(document), Some(first)) = (SetDocument::of(&bundle), bundle.paths().into_iter().next()) else {
        return Ok(SetFiles::default());
    };
    occupied::check_set_document(&first)?;
    let [path, signature_path] = set_names(&first);
    let bytes = document.to_bytes()?;
    let there = signatures(&signature_path, &bytes)?;
    let mut signatures = signers.without_signatures_in(&there).sign(&bytes)?;
    signatures.extend(there);

    let mut files = SetFiles::default();
    files.update(path, &bytes)?;
    if signatures.is_empty() {
        // Those of an older set would only mislead.
        remove(&signature_path)?;
    } else {
        files.update(signature_path, signatures.concat().as_bytes())?;
    }
    Ok(files)
}

impl SetFiles {
    fn update(&mut self, path: PathBuf, content: &[u8]) -> Result<(), VolumeSetError> {
        if read(&path)?.is_none_or(|there| there != content) {
            replace(&path, content)?;
            self.written.push(path.clone());
        }
        self.paths.push(path);
        Ok(())
    }
}

/// The signatures in a file that are over `message`.
fn signatures(path: &Path, message: &[u8]) -> Result<Vec<String>, VolumeSetError> {
    let text = String::from_utf8(read(path)?.unwrap_or_default()).unwrap_or_default();
    let all = text.split_inclusive(ARMOUR_END).take(limits::SIGNATURES);
    Ok(all.filter(|armoured| signature::check(armoured, message).is_ok()).map(str::to_owned).collect())
}

/// The content of a file, as far as a set document or its signatures may be long; nothing where there is none.
fn read(path: &Path) -> Result<Option<Vec<u8>>, VolumeSetError> {
    let mut content = Vec::new();
    match File::open(path).and_then(|file| file.take(limits::SET_DOCUMENT_SIZE).read_to_end(&mut content)) {
        Ok(_) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("read", path)(error)),
    }
}

fn remove(path: &Path) -> Result<(), VolumeSetError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove", path)(error)),
        _ => Ok(()),
    }
}

fn replace(path: &Path, content: &[u8]) -> Result<(), VolumeSetError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    let aside = tempfile::Builder::new().prefix(".airgap-set-").permissions(permissions).tempfile_in(folder);
    let mut aside = aside.map_err(failed("write", path))?;
    aside.write_all(content).and_then(|()| aside.as_file().sync_all()).map_err(failed("write", path))?;
    aside.persist(path).map_err(|error| failed("write", path)(error.error))?;
    Ok(())
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> VolumeSetError {
    move |source| VolumeSetError::Io { action, path: path.to_owned(), source }
}
