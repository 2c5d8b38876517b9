//! Keys in files.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use manifests::signature::{decrypt_private_key, read_private_key};
use ssh_key::private::KeypairData;
use ssh_key::{PrivateKey, PublicKey};

use super::{PassphraseSource, SignError};

/// The largest key file that is read, in bytes.
const MAX_FILE: u64 = 64 << 10;

/// Reads a private key and decrypts it.
pub(super) fn read(path: &Path, passphrase: &PassphraseSource) -> Result<PrivateKey, SignError> {
    let text = read_text(path, check_private)?;
    if PublicKey::from_openssh(text.trim()).is_ok() {
        return Err(SignError::IsPublic { path: path.to_owned() });
    }
    let not_a_key = |source| SignError::NotAKey { path: path.to_owned(), what: "a private key", source };
    let mut key = read_private_key(&text).map_err(not_a_key)?;
    if key.is_encrypted() {
        let passphrase = passphrase.get(path)?;
        let wrong = |_| SignError::WrongPassphrase { path: path.to_owned() };
        key = decrypt_private_key(&text, &key, &passphrase).map_err(wrong)?;
    }
    match key.key_data() {
        KeypairData::SkEd25519(_) | KeypairData::SkEcdsaSha2NistP256(_) => {
            Err(SignError::OnToken { path: path.to_owned() })
        }
        _ => Ok(key),
    }
}

/// Reads a public key.
pub(super) fn read_public(path: &Path) -> Result<PublicKey, SignError> {
    let text = read_text(path, |_, _| Ok(()))?;
    PublicKey::from_openssh(text.trim()).map_err(|source| SignError::NotAKey {
        path: path.to_owned(),
        what: "a public key",
        source,
    })
}

/// As ssh does it: a key of one's own that others can read is refused; a file of somebody else is their affair.
fn check_private(path: &Path, file: &File) -> Result<(), SignError> {
    let metadata = file.metadata().map_err(SignError::io("read", path))?;
    let mode = metadata.mode() & 0o777;
    let own = metadata.uid() == rustix::process::getuid().as_raw();
    if own && metadata.is_file() && mode & 0o077 != 0 && !is_public_name(path) {
        return Err(SignError::OpenToOthers { path: path.to_owned(), mode });
    }
    Ok(())
}

/// `key.pub` named by mistake is told as such, not as an open private key.
fn is_public_name(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "pub")
}

fn read_text(path: &Path, check: impl FnOnce(&Path, &File) -> Result<(), SignError>) -> Result<String, SignError> {
    let file = File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => SignError::NoFile { path: path.to_owned() },
        _ => SignError::io("open", path)(error),
    })?;
    check(path, &file)?;
    let mut text = String::new();
    file.take(MAX_FILE).read_to_string(&mut text).map_err(SignError::io("read", path))?;
    Ok(text)
}
