//! Public keys of cosign: PEM, as `cosign generate-key-pair` and `openssl pkey -pubout` write them.

use std::fmt;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256,
    UnparsedPublicKey, VerificationAlgorithm,
};
use manifests::Digest;
use spki::der::{Decode as _, Document, Encode as _};
use spki::{ObjectIdentifier, SubjectPublicKeyInfoRef};

/// The algorithms of keys, by their numbers in X.509.
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const CURVE_25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// The largest key that is read, in bytes.
const LARGEST: usize = 64 << 10;

/// A public key.
#[derive(Clone)]
pub(super) struct PublicKey {
    algorithms: &'static [&'static dyn VerificationAlgorithm],
    /// As the library takes it: the point of a curve, or the whole for RSA.
    bytes: Vec<u8>,
    fingerprint: Digest,
}

/// A text that is no key that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum KeyError {
    /// It is something else.
    #[error("it is no public key in PEM (`-----BEGIN PUBLIC KEY-----`)")]
    Unreadable,
    /// It is of another kind.
    #[error("its kind is not supported: ECDSA on P-256 or P-384, RSA of 2048 bits or more, and Ed25519 are")]
    Kind,
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.fingerprint)
    }
}

impl PublicKey {
    /// Reads a key.
    pub(super) fn parse(text: &str) -> Result<Self, KeyError> {
        let unreadable = |_| KeyError::Unreadable;
        let text = text.trim();
        if text.len() > LARGEST {
            return Err(KeyError::Unreadable);
        }
        let (label, document) = Document::from_pem(text).map_err(unreadable)?;
        if label != "PUBLIC KEY" {
            return Err(KeyError::Unreadable);
        }
        let der = document.as_bytes();
        let info = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| KeyError::Unreadable)?;
        let point = info.subject_public_key.as_bytes().ok_or(KeyError::Unreadable)?;
        let curve = info.algorithm.parameters.and_then(|parameters| parameters.decode_as::<ObjectIdentifier>().ok());
        // What signs with SHA-256 whatever the curve is older than what takes that of the curve.
        let (algorithms, bytes): (&[&dyn VerificationAlgorithm], &[u8]) = match (info.algorithm.oid, curve) {
            (EC, Some(P256)) => (&[&ECDSA_P256_SHA256_ASN1], point),
            (EC, Some(P384)) => (&[&ECDSA_P384_SHA256_ASN1, &ECDSA_P384_SHA384_ASN1], point),
            (RSA, _) => (&[&RSA_PKCS1_2048_8192_SHA256], point),
            (CURVE_25519, _) => (&[&ED25519], point),
            _ => return Err(KeyError::Kind),
        };
        let whole = info.to_der().map_err(|_| KeyError::Unreadable)?;
        Ok(Self { algorithms, bytes: bytes.to_vec(), fingerprint: Digest::of(&whole) })
    }

    /// Whether a signature over a message is by this key.
    pub(super) fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let verified = |algorithm: &&'static dyn VerificationAlgorithm| {
            UnparsedPublicKey::new(*algorithm, &self.bytes).verify(message, signature).is_ok()
        };
        self.algorithms.iter().any(verified)
    }

    /// The SHA-256 of the key as it stands in X.509.
    pub(super) fn fingerprint(&self) -> Digest {
        self.fingerprint
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_key_is_told_apart() {
        for text in ["", "hello", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"] {
            assert_eq!(PublicKey::parse(text).unwrap_err(), KeyError::Unreadable, "{text}");
        }
        // X25519 agrees on secrets and signs nothing.
        let other = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VuAyEAhSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=\n\
                     -----END PUBLIC KEY-----\n";
        assert_eq!(PublicKey::parse(other).unwrap_err(), KeyError::Kind);
    }
}
