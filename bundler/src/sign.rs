//! The keys that sign a bundle: in files, or behind ssh-agent.

mod agent;
mod error;
mod file;
mod keygen;
mod passphrase;

use std::path::Path;

use manifests::signature;
use ssh_key::public::KeyData;
use ssh_key::{PrivateKey, PublicKey};

pub use error::SignError;
pub use keygen::{NewKey, generate};
pub use passphrase::PassphraseSource;

use agent::Agent;

/// Everybody who signs: none, one or several keys.
#[derive(Debug, Clone, Default)]
pub struct Signers(Vec<Key>);

#[derive(Debug, Clone)]
enum Key {
    /// A private key, decrypted.
    File(Box<PrivateKey>),
    /// A key that ssh-agent holds, named by its public half.
    Agent(Box<PublicKey>, Agent),
}

impl Signers {
    /// Nobody.
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds the private key in a file.
    ///
    /// # Errors
    /// [`SignError`] when the file can't be read, is open to others, or its passphrase is not to be had.
    pub fn add_file(&mut self, path: &Path, passphrase: &PassphraseSource) -> Result<(), SignError> {
        self.0.push(Key::File(Box::new(file::read(path, passphrase)?)));
        Ok(())
    }

    /// Adds a key of ssh-agent: the one whose public half is in a file.
    ///
    /// # Errors
    /// [`SignError`] when the file is no public key or there is no agent.
    pub fn add_agent(&mut self, public: &Path) -> Result<(), SignError> {
        self.0.push(Key::Agent(Box::new(file::read_public(public)?), Agent::from_environment()?));
        Ok(())
    }

    /// Whether nobody signs.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those who have not signed yet, going by the keys of these armoured signatures.
    #[must_use]
    pub fn without_signatures_in(&self, signatures: &[String]) -> Self {
        let there: Vec<KeyData> = signatures.iter().filter_map(|text| signature::key_of(text).ok()).collect();
        Self(self.0.iter().filter(|key| !there.contains(key.public())).cloned().collect())
    }

    /// Signs a document. Returns one armoured signature for each key; each is checked before it is handed out.
    ///
    /// # Errors
    /// [`SignError`] of the first key that can't sign.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<String>, SignError> {
        self.0.iter().map(|key| key.sign(message)).collect()
    }
}

impl Key {
    fn public(&self) -> &KeyData {
        match self {
            Self::File(key) => key.public_key().key_data(),
            Self::Agent(key, _) => key.key_data(),
        }
    }

    fn sign(&self, message: &[u8]) -> Result<String, SignError> {
        let armoured = match self {
            Self::File(key) => signature::sign(key, message)?,
            Self::Agent(key, agent) => {
                let blob = agent.sign(key, &signature::data_to_sign(message)?)?;
                signature::armour(key.key_data(), &blob)?
            }
        };
        signature::check(&armoured, message).map_err(SignError::Useless)?;
        Ok(armoured)
    }
}

#[cfg(test)]
mod tests;
