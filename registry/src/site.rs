//! What makes a site's server trusted by its clients and its clients known to it: the site CA, the server's
//! certificate, and the credentials.
//!
//! ```text
//! <state>/ca/ca.crt, ca.key            made on first run, for ten years
//! <state>/tls/server.crt, server.key   signed by it, renewed by the server itself
//! <state>/auth/htpasswd                who may pull: bcrypt, `htpasswd -B` adds more
//! <state>/auth/credentials             what was generated, for the operator alone
//! <state>/apt/site.asc, site.key       an OpenPGP key that signs the indexes of packages, made on first run
//! <state>/git/                         git repositories, unpacked
//! ```

mod authority;
mod certificate;
mod credentials;
mod names;
mod packages_key;

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, lchown};
use std::path::{Path, PathBuf};

pub use authority::SiteCa;
pub use certificate::{ServerCertificate, certificate_end};
pub use credentials::{Credentials, USER};
pub use names::{host_name, local_names};
pub use packages_key::PackagesKey;

use crate::store::StoreError;

/// What can go wrong with the CA, the certificate and the credentials.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum SiteError {
    /// A file can't be read or written.
    #[error(transparent)]
    #[diagnostic(transparent)]
    File(#[from] StoreError),
    /// A certificate or key can't be made, or one that is there can't be used.
    #[error("can't use or make {}", path.display())]
    #[diagnostic(help("a broken one can be moved away: the next start makes a new one"))]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// TLS refuses the certificate.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Tls(#[from] crate::http::TlsError),
    /// The system gives no random numbers.
    #[error("can't get random numbers from the system")]
    Random,
    /// A password can't be hashed.
    #[error("can't hash a password")]
    Hash(#[source] bcrypt::BcryptError),
}

impl SiteError {
    fn certificate<E: Into<Box<dyn std::error::Error + Send + Sync>>>(path: &Path) -> impl FnOnce(E) -> Self + use<E> {
        let path = path.to_owned();
        move |source| Self::Certificate { path, source: source.into() }
    }
}

/// Gives what the service needs to the service's user: the CA, the certificate, `htpasswd` and the key for packages. The credentials in
/// plain text stay with whoever runs this, and so do the generations, which the service only reads.
///
/// Some of these folders are the service's own by then, so what lies in them is not believed: behind a link there could
/// be any file of the system.
///
/// # Errors
/// [`SiteError`] when the owner can't be changed, or when there is a link in the place of a file.
pub fn hand_over(state: &Path, uid: u32, gid: u32) -> Result<(), SiteError> {
    let ours = [
        "ca",
        "ca/ca.crt",
        "ca/ca.key",
        "tls",
        "tls/server.crt",
        "tls/server.key",
        "tls/server.json",
        "auth/htpasswd",
        "apt",
        "apt/site.asc",
        "apt/site.key",
    ];
    for path in ours.map(|name| state.join(name)) {
        let change = match fs::symlink_metadata(&path) {
            Ok(found) if found.is_symlink() => Err(io::Error::other("it is a link")),
            Ok(_) => lchown(&path, Some(uid), Some(gid)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        };
        change.map_err(StoreError::io("change the owner of", &path))?;
    }
    hand_over_git(&state.join(crate::git::FOLDER), uid, gid)?;
    Ok(())
}

/// The folder of unpacked git repositories, which the service makes and removes by itself. What another user has unpacked goes:
/// the service could neither use nor remove it.
fn hand_over_git(folder: &Path, uid: u32, gid: u32) -> Result<(), StoreError> {
    let failed = || StoreError::io("change the owner of", folder);
    match fs::symlink_metadata(folder) {
        Ok(found) if !found.is_dir() => return Err(failed()(io::Error::other("it is no folder"))),
        Ok(found) if found.uid() == uid => return Ok(()),
        Ok(_) => fs::remove_dir_all(folder).map_err(StoreError::io("remove", folder))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed()(error)),
    }
    fs::create_dir_all(folder).map_err(StoreError::io("make", folder))?;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(failed())?;
    lchown(folder, Some(uid), Some(gid)).map_err(failed())
}

/// Makes a folder that others may look through, where it is missing.
fn make_folder(path: &Path) -> Result<(), StoreError> {
    if path.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(path).map_err(StoreError::io("make", path))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).map_err(StoreError::io("change the mode of", path))
}

/// Reads a text file; `None` when it is not there.
fn read_text(path: &Path) -> Result<Option<String>, StoreError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::io("read", path)(error)),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_a_link_leads_to_is_not_handed_over() {
        let folder = tempfile::tempdir().unwrap();
        let owner = fs::metadata(folder.path()).unwrap();
        fs::create_dir(folder.path().join("ca")).unwrap();
        fs::write(folder.path().join("ca/ca.crt"), "").unwrap();
        hand_over(folder.path(), owner.uid(), owner.gid()).unwrap();
        fs::write(folder.path().join("secret"), "").unwrap();
        symlink(folder.path().join("secret"), folder.path().join("ca/ca.key")).unwrap();
        let error = hand_over(folder.path(), owner.uid(), owner.gid()).unwrap_err();
        assert!(error.to_string().starts_with("can't change the owner of"), "{error}");
    }
}
