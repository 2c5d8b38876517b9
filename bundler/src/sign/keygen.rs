//! New keys.

use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use manifests::signature::{self, NAMESPACE};
use ssh_key::rand_core::OsRng;
use ssh_key::{Algorithm, LineEnding, PrivateKey};

use super::{PassphraseSource, SignError};

/// A key that was made.
#[derive(Debug, Clone, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewKey {
    /// The file of the private key.
    pub private: PathBuf,
    /// The file of the public key.
    pub public: PathBuf,
    /// `SHA256:…`.
    pub fingerprint: String,
    /// The line for a site's trust file.
    pub allowed_signers: String,
}

/// Makes an Ed25519 key: `path` (mode 0600) and `path.pub`. Nothing is overwritten. `passphrase` protects it; without
/// one it lies open in its file.
///
/// # Errors
/// [`SignError`] when a file is there already or can't be written, or no passphrase is to be had.
pub fn generate(path: &Path, principal: &str, passphrase: Option<&PassphraseSource>) -> Result<NewKey, SignError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    let public_path = PathBuf::from(name);
    check_free(path, &public_path)?;
    let mut key = PrivateKey::random(&mut OsRng, Algorithm::Ed25519).map_err(SignError::Generate)?;
    key.set_comment(principal);
    let public = key.public_key().clone();
    if let Some(source) = passphrase {
        key = key.encrypt(&mut OsRng, source.for_new(path)?).map_err(SignError::Generate)?;
    }
    let private_text = key.to_openssh(LineEnding::LF).map_err(SignError::Generate)?;
    let public_text = public.to_openssh().map_err(SignError::Generate)?;
    // The private key goes first: the public half can be made from it again, and not the other way round.
    write_new(path, private_text.as_bytes(), 0o600)?;
    write_new(&public_path, format!("{public_text}\n").as_bytes(), 0o644)?;
    let quoted = if principal.contains([' ', '\t']) { format!("\"{principal}\"") } else { principal.to_owned() };
    let bare = public_text.split(' ').take(2).collect::<Vec<_>>().join(" ");
    Ok(NewKey {
        private: path.to_owned(),
        public: public_path,
        fingerprint: signature::fingerprint(public.key_data()),
        allowed_signers: format!("{quoted} namespaces=\"{NAMESPACE}\" {bare}"),
    })
}

/// Neither file may be there. What is told of a single one is how to go on with it.
fn check_free(private: &Path, public: &Path) -> Result<(), SignError> {
    let is_there = |path: &Path| path.symlink_metadata().is_ok();
    let (key, half) = (private.display(), public.display());
    let (path, help) = match (is_there(private), is_there(public)) {
        (false, false) => return Ok(()),
        (true, true) => (private, "give another name, or use the key that is there".to_owned()),
        (true, false) => {
            (private, format!("give another name; the public half of this key: `ssh-keygen -y -f {key} > {half}`"))
        }
        (false, true) => (public, format!("give another name; or remove it if nobody has its private key `{key}`")),
    };
    Err(SignError::Exists { path: path.to_owned(), help })
}

/// Writes a file that has its name only when it is whole.
fn write_new(path: &Path, content: &[u8], mode: u32) -> Result<(), SignError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut aside = tempfile::Builder::new()
        .prefix(".airgap-key-")
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(folder)
        .map_err(SignError::io("create", path))?;
    aside.write_all(content).and_then(|()| aside.as_file().sync_all()).map_err(SignError::io("write", path))?;
    aside.persist_noclobber(path).map_err(|error| SignError::io("create", path)(error.error))?;
    Ok(())
}
