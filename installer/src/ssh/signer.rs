//! Signing with a key of one's own on behalf of its certificate.
//!
//! The library does so by itself, but with RSA only by SHA-1, which servers have stopped to take.

use std::sync::Arc;

use russh::keys::agent::AgentIdentity;
use russh::keys::signature::Signer as _;
use russh::keys::ssh_encoding::Encode as _;
use russh::keys::ssh_key::Signature;
use russh::keys::ssh_key::private::KeypairData;
use russh::keys::{self, HashAlg, PrivateKey};

/// A key that signs what it is given.
pub(super) struct OwnKey(pub(super) Arc<PrivateKey>);

/// Why a key does not sign.
#[derive(Debug, thiserror::Error)]
pub(super) enum SignError {
    #[error("the key does not sign")]
    Key(#[from] keys::ssh_key::Error),
    #[error("the server has gone")]
    Gone(#[from] russh::SendError),
}

impl russh::Signer for OwnKey {
    type Error = SignError;

    /// The request with its signature behind it (RFC 4252, section 7).
    async fn auth_sign(
        &mut self,
        _: &AgentIdentity,
        hash: Option<HashAlg>,
        mut request: Vec<u8>,
    ) -> Result<Vec<u8>, SignError> {
        let signature: Signature = match self.0.key_data() {
            KeypairData::Rsa(pair) => (pair, hash).try_sign(&request),
            pair => pair.try_sign(&request),
        }
        .map_err(keys::ssh_key::Error::from)?;
        signature.encode_prefixed(&mut request).map_err(keys::ssh_key::Error::from)?;
        Ok(request)
    }
}
