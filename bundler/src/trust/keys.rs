//! The keys of a rule, read from where the stack has them.

use std::io::Read as _;
use std::path::Path;

use manifests::component::KeySource;
use manifests::stack::{DetachedForm, SignatureScheme, TrustRule};
use manifests::yaml::Problem;

use super::key::PublicKey;
use crate::packages::repository::openpgp::{Keyring, MAX_KEYRING};

/// The keys of a rule.
pub(super) enum Keys {
    /// Of cosign.
    Cosign(CosignKeys),
    /// Of OpenPGP.
    OpenPgp(Vec<Ring>),
}

/// A keyring, with the file that it is from.
pub(super) type Ring = (Keyring, Option<String>);

/// Public keys, each with the file that it is from.
pub(super) struct CosignKeys(Vec<(PublicKey, Option<String>)>);

impl CosignKeys {
    /// The number of the key that has signed a message.
    pub(super) fn signer(&self, message: &[u8], signature: &[u8]) -> Option<usize> {
        self.0.iter().position(|(key, _)| key.has_signed(message, signature))
    }

    /// A key, for people.
    pub(super) fn name(&self, key: usize) -> String {
        match self.0.get(key) {
            Some((_, Some(file))) => format!("the key `{file}`"),
            _ => "a key of the rule".to_owned(),
        }
    }

    /// The fingerprint of a key, and the file that it is from.
    pub(super) fn told(&self, key: usize) -> (String, Option<String>) {
        let found = self.0.get(key);
        found.map(|(key, file)| (key.fingerprint().to_string(), file.clone())).unwrap_or_default()
    }
}

/// Reads the keys of a rule.
///
/// # Errors
/// All that can't be read, at the place of the rule.
pub(super) fn read(rule: &TrustRule) -> Result<Keys, Vec<Problem>> {
    let cosign = matches!(rule.scheme, SignatureScheme::Cosign)
        || matches!(&rule.scheme, SignatureScheme::Detached(how) if how.form == DetachedForm::Cosign);
    if cosign {
        let parse = |bytes: &[u8]| {
            let text = std::str::from_utf8(bytes).unwrap_or_default();
            PublicKey::parse(text).map_err(|error| error.to_string())
        };
        all(rule, parse).map(|keys| Keys::Cosign(CosignKeys(keys)))
    } else {
        all(rule, |bytes| Keyring::parse(bytes).map_err(|error| error.to_string())).map(Keys::OpenPgp)
    }
}

fn all<K>(
    rule: &TrustRule,
    parse: impl Fn(&[u8]) -> Result<K, String>,
) -> Result<Vec<(K, Option<String>)>, Vec<Problem>> {
    let (mut keys, mut problems) = (Vec::new(), Vec::new());
    for source in &rule.keys {
        let (shown, bytes, file) = match source {
            KeySource::Inline(text) => ("the key in this rule".to_owned(), Ok(text.clone().into_bytes()), None),
            KeySource::File(path) => {
                let file = path.file_name().map(|name| name.to_string_lossy().into_owned());
                (format!("the key {}", path.display()), bytes(path), file)
            }
        };
        let parsed = bytes.map_err(|error| error.to_string()).and_then(|bytes| parse(&bytes));
        match parsed {
            Ok(key) => keys.push((key, file)),
            Err(why) => {
                let problem = Problem::new(&rule.location, format!("can't use {shown}: {why}"), "this rule");
                problems.push(
                    problem.with_help("name a file with a public key; its path is relative to the stack's folder"),
                );
            }
        }
    }
    if problems.is_empty() { Ok(keys) } else { Err(problems) }
}

/// A file of a key. One byte more than any key has is read: it is then refused for its size.
fn bytes(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MAX_KEYRING as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
