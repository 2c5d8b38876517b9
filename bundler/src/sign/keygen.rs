//! New keys.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
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
    let mut key = PrivateKey::random(&mut OsRng, Algorithm::Ed25519).map_err(SignError::Generate)?;
    key.set_comment(principal);
    let public = key.public_key().clone();
    if let Some(source) = passphrase {
        key = key.encrypt(&mut OsRng, source.for_new(path)?).map_err(SignError::Generate)?;
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    let public_path = PathBuf::from(name);
    let private_text = key.to_openssh(LineEnding::LF).map_err(SignError::Generate)?;
    let public_text = public.to_openssh().map_err(SignError::Generate)?;
    // The public file goes first: a private key alone is what nobody should find lying about.
    write_new(&public_path, format!("{public_text}\n").as_bytes(), 0o644)?;
    write_new(path, private_text.as_bytes(), 0o600).inspect_err(|_| {
        let _ = std::fs::remove_file(&public_path);
    })?;
    let quoted = if principal.contains([' ', '\t']) { format!("\"{principal}\"") } else { principal.to_owned() };
    let bare = public_text.split(' ').take(2).collect::<Vec<_>>().join(" ");
    Ok(NewKey {
        private: path.to_owned(),
        public: public_path,
        fingerprint: signature::fingerprint(public.key_data()),
        allowed_signers: format!("{quoted} namespaces=\"{NAMESPACE}\" {bare}"),
    })
}

fn write_new(path: &Path, content: &[u8], mode: u32) -> Result<(), SignError> {
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(mode).open(path).map_err(SignError::io("create", path))?;
    file.write_all(content).and_then(|()| file.sync_all()).map_err(SignError::io("write", path))
}
