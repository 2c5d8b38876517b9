//! The key by which a site signs what it says of itself.

use ssh_key::private::{Ed25519Keypair, PrivateKey};
use ssh_key::{HashAlg, LineEnding};
use zeroize::Zeroizing;

use super::SignError;

/// The namespace of what a site signs: none of it can be taken for a bundle.
pub const RECEIPT_NAMESPACE: &str = "airgap-receipt";

/// The key of a site: Ed25519, in OpenSSH's form.
#[derive(Clone)]
pub struct ReceiptKey(PrivateKey);

impl std::fmt::Debug for ReceiptKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReceiptKey")
    }
}

impl ReceiptKey {
    /// A key of 32 random bytes.
    pub fn from_seed(seed: &[u8; 32], comment: &str) -> Self {
        let mut key = PrivateKey::from(Ed25519Keypair::from_seed(seed));
        key.set_comment(comment);
        Self(key)
    }

    /// Reads a key as [`Self::private`] writes it.
    ///
    /// # Errors
    /// [`SignError`] when it is none.
    pub fn parse(text: &str) -> Result<Self, SignError> {
        super::read_private_key(text).map(Self).map_err(SignError::Unusable)
    }

    /// The key as a file, for its owner alone.
    ///
    /// # Errors
    /// [`SignError`] when it can't be written.
    pub fn private(&self) -> Result<Zeroizing<String>, SignError> {
        self.0.to_openssh(LineEnding::LF).map_err(SignError::Encoding)
    }

    /// The line by which others trust it, for the principal `who`, as `allowed_signers` has it.
    ///
    /// # Errors
    /// [`SignError`] when it can't be written.
    pub fn allowed_signers(&self, who: &str) -> Result<String, SignError> {
        let public = self.0.public_key().to_openssh().map_err(SignError::Encoding)?;
        Ok(format!("{who} namespaces=\"{RECEIPT_NAMESPACE}\" {public}"))
    }

    /// Signs what the site says, armoured.
    ///
    /// # Errors
    /// [`SignError`] when that fails.
    pub fn sign(&self, message: &[u8]) -> Result<String, SignError> {
        let signature = self.0.sign(RECEIPT_NAMESPACE, HashAlg::Sha512, message).map_err(SignError::Unusable)?;
        signature.to_pem(LineEnding::LF).map_err(SignError::Encoding)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_key_comes_back_and_what_it_signs_is_for_nothing_else() {
        let key = ReceiptKey::from_seed(&[7; 32], "site");
        let same = ReceiptKey::parse(&key.private().unwrap()).unwrap();
        assert_eq!(same.allowed_signers("site").unwrap(), key.allowed_signers("site").unwrap());
        let signature: ssh_key::SshSig = key.sign(b"holds").unwrap().parse().unwrap();
        key.0.public_key().verify(RECEIPT_NAMESPACE, b"holds", &signature).unwrap();
        assert!(key.0.public_key().verify(super::super::NAMESPACE, b"holds", &signature).is_err());
    }
}
