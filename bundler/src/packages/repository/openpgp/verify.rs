//! Signatures over texts.

use std::fmt;
use std::io::Cursor;

use jiff::Timestamp;
use pgp::composed::{Deserializable, DetachedSignature};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{Signature, SignatureType};
use pgp::types::KeyDetails;

use super::keyring::{KeyProblem, Keyring, signing_problem, subkey_problem};

/// Signatures that are looked at in one file.
const MAX_SIGNATURES: usize = 32;

/// Who signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// The fingerprint of the key that signed, which may be a subkey.
    pub fingerprint: String,
}

/// What is to be said of one signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It counts.
    Good(Signer),
    /// It does not fit the text: somebody changed it.
    Bad(String),
    /// It is right, but its key counts no more.
    Key(String, KeyProblem),
    /// Its digest can be forged.
    Digest(String, String),
    /// Its own time is over.
    Expired(String),
    /// Nobody knows its key.
    Unknown(String),
    /// It is no signature over a text.
    Kind,
}

/// A text that is not signed by who should have signed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The signature can't be read.
    #[error("its signature can't be read")]
    Unreadable,
    /// None of the signatures counts, or one is bad.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Refused(Vec<Verdict>),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Good(signer) => write!(f, "signed by {}", signer.fingerprint),
            Self::Bad(key) => write!(f, "the signature by {key} does not fit the text, which was changed"),
            Self::Key(key, problem) => write!(f, "signed by {key}: {problem}"),
            Self::Digest(key, digest) => write!(f, "the signature by {key} uses {digest}, which can be forged"),
            Self::Expired(key) => write!(f, "the signature by {key} has expired"),
            Self::Unknown(key) => write!(f, "signed by {key}, which is not among the keys that count here"),
            Self::Kind => f.write_str("it is no signature over a text"),
        }
    }
}

impl Keyring {
    /// Checks the armoured signatures of a text: one has to count, and none may be bad.
    ///
    /// # Errors
    /// [`VerifyError`] with what is to be said of each signature.
    pub fn verify(&self, text: &[u8], armoured: &[u8], now: Timestamp) -> Result<Signer, VerifyError> {
        let (signatures, _) =
            DetachedSignature::from_armor_many(Cursor::new(armoured)).map_err(|_| VerifyError::Unreadable)?;
        let signatures: Result<Vec<_>, _> = signatures.take(MAX_SIGNATURES).collect();
        self.weigh_all(&signatures.map_err(|_| VerifyError::Unreadable)?, text, now)
    }

    /// The same for the signature of a file, which may be armoured or not.
    ///
    /// # Errors
    /// As [`Keyring::verify`].
    pub fn verify_detached(&self, file: &[u8], signature: &[u8], now: Timestamp) -> Result<Signer, VerifyError> {
        if signature.trim_ascii_start().starts_with(b"-----BEGIN") {
            return self.verify(file, signature, now);
        }
        let signatures =
            DetachedSignature::from_bytes_many(Cursor::new(signature)).map_err(|_| VerifyError::Unreadable)?;
        let signatures: Result<Vec<_>, _> = signatures.take(MAX_SIGNATURES).collect();
        self.weigh_all(&signatures.map_err(|_| VerifyError::Unreadable)?, file, now)
    }

    fn weigh_all(&self, signatures: &[DetachedSignature], text: &[u8], now: Timestamp) -> Result<Signer, VerifyError> {
        let verdicts: Vec<Verdict> =
            signatures.iter().map(|detached| self.judge(&detached.signature, text, now)).collect();
        let bad = verdicts.iter().any(|verdict| matches!(verdict, Verdict::Bad(_)));
        let good = verdicts.iter().find_map(|verdict| match verdict {
            Verdict::Good(signer) => Some(signer.clone()),
            _ => None,
        });
        match good {
            Some(signer) if !bad => Ok(signer),
            _ if verdicts.is_empty() => Err(VerifyError::Unreadable),
            _ => Err(VerifyError::Refused(verdicts)),
        }
    }

    fn judge(&self, signature: &Signature, text: &[u8], now: Timestamp) -> Verdict {
        if !matches!(signature.typ(), Some(SignatureType::Binary | SignatureType::Text)) {
            return Verdict::Kind;
        }
        let mut verdicts = Vec::new();
        for certificate in &self.certificates {
            let primary = &certificate.primary_key;
            if is_by(signature, primary) {
                let problem = || signing_problem(certificate, now);
                verdicts.push(weigh(signature, primary, text, problem, now));
            }
            for subkey in certificate.public_subkeys.iter().filter(|subkey| is_by(signature, &subkey.key)) {
                let problem = || subkey_problem(certificate, subkey, now);
                verdicts.push(weigh(signature, &subkey.key, text, problem, now));
            }
        }
        let strongest = verdicts.into_iter().min_by_key(Verdict::rank);
        strongest.unwrap_or_else(|| Verdict::Unknown(issuer(signature)))
    }
}

impl Verdict {
    /// Which verdict counts where a keyring has several copies of one key: that it was revoked, which nothing takes
    /// back, then that it is good, since a renewed copy says what an old one does not know yet.
    fn rank(&self) -> u8 {
        match self {
            Self::Key(_, KeyProblem::Revoked) => 0,
            Self::Good(_) => 1,
            _ => 2,
        }
    }
}

/// What a signature by a key that is known is worth.
fn weigh<K: pgp::types::VerifyingKey>(
    signature: &Signature,
    key: &K,
    text: &[u8],
    problem: impl FnOnce() -> Option<KeyProblem>,
    now: Timestamp,
) -> Verdict {
    let name = shown(key);
    let digest = signature.hash_alg().unwrap_or(HashAlgorithm::None);
    let strong = matches!(
        digest,
        HashAlgorithm::Sha256
            | HashAlgorithm::Sha384
            | HashAlgorithm::Sha512
            | HashAlgorithm::Sha3_256
            | HashAlgorithm::Sha3_512
    );
    if !strong {
        return Verdict::Digest(name, digest.to_string());
    }
    if signature.verify(key, text).is_err() {
        return Verdict::Bad(name);
    }
    if let Some(problem) = problem() {
        return Verdict::Key(name, problem);
    }
    let lifetime = signature.signature_expiration_time().map(|time| i64::from(time.as_secs())).filter(|time| *time > 0);
    let made = signature.created().map(|time| i64::from(time.as_secs()));
    match made.zip(lifetime) {
        Some((made, lifetime)) if made + lifetime <= now.as_second() => Verdict::Expired(name),
        _ => Verdict::Good(Signer { fingerprint: name }),
    }
}

/// Whether a signature names a key as its maker. One that names nobody is nobody's.
fn is_by(signature: &Signature, key: &impl KeyDetails) -> bool {
    let (id, fingerprint) = (key.legacy_key_id(), key.fingerprint());
    signature.issuer_fingerprint().iter().any(|issuer| **issuer == fingerprint)
        || signature.issuer_key_id().iter().any(|issuer| **issuer == id)
}

fn issuer(signature: &Signature) -> String {
    let fingerprints = signature.issuer_fingerprint();
    let name = fingerprints.first().map(|fingerprint| hex::encode_upper(fingerprint.as_bytes()));
    let ids = signature.issuer_key_id();
    name.or_else(|| ids.first().map(hex::encode_upper)).unwrap_or_else(|| "an unnamed key".to_owned())
}

fn shown(key: &impl KeyDetails) -> String {
    hex::encode_upper(key.fingerprint().as_bytes())
}
