//! Signatures and trust: SSHSIG over the exact bytes of a document. (Under construction: the API stands.)
#![allow(clippy::todo, missing_docs)]

use jiff::Timestamp;

/// The SSHSIG namespace of everything that this software signs.
pub const NAMESPACE: &str = "airgap-bundle";

/// Whose signatures count: an OpenSSH `allowed_signers` file and how many different signers it takes.
#[derive(Debug, Clone)]
pub struct TrustRoot {}

impl TrustRoot {
    /// Parses the text of an `allowed_signers` file; `file` names it in errors. Threshold 1.
    pub fn parse(text: &str, file: &str) -> Result<Self, TrustError> {
        let _ = (text, file);
        todo!()
    }
    /// Asks for signatures of at least this many different principals.
    pub fn with_threshold(self, threshold: std::num::NonZeroU32) -> Self {
        let _ = threshold;
        todo!()
    }
    /// Checks armoured SSHSIG signatures over `message`; `when` is the signed document's `created`.
    pub fn verify(&self, message: &[u8], signatures: &[String], when: Timestamp) -> Result<Vec<Signer>, TrustError> {
        let _ = (message, signatures, when);
        todo!()
    }
}

/// Who signed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Signer {
    /// The principal of the `allowed_signers` line that vouches for the key.
    pub principal: String,
    /// `SHA256:…`, as `ssh-keygen -l` prints it.
    pub fingerprint: String,
    /// `ssh-ed25519` and the like.
    pub key_type: String,
}

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum TrustError {
    #[error("under construction")]
    Todo,
}
