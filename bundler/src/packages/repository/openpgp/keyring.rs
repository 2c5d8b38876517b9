//! The keys of a repository, and what each may do today.

use std::io::Cursor;

use jiff::Timestamp;
use pgp::armor::BlockType;
use pgp::composed::{Deserializable, SignedPublicKey, SignedPublicSubKey};
use pgp::packet::{Signature, SignatureType, SubpacketData};
use pgp::types::{KeyDetails, PublicParams, Tag};
use rsa::traits::PublicKeyParts;

/// The largest keyring that is read, in bytes.
pub const MAX_SIZE: usize = 4 << 20;
/// The smallest RSA key that counts, in bits, as for apt.
const RSA_BITS: usize = 2048;

/// How an armoured key begins, and how it ends.
const BEGIN: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
const END: &str = "-----END PGP PUBLIC KEY BLOCK-----";

/// The keys that may sign a repository.
#[derive(Debug, Clone)]
pub struct Keyring {
    pub(super) certificates: Vec<SignedPublicKey>,
}

/// A keyring that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// It is too large.
    #[error("it has more than {MAX_SIZE} bytes")]
    TooLarge,
    /// It is something else, or damaged.
    #[error("it holds no public key of OpenPGP that can be read")]
    Unreadable(#[source] Option<Box<pgp::errors::Error>>),
    /// There is no key in it.
    #[error("it holds no public key of OpenPGP")]
    Empty,
}

/// Why a key's signature does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    /// Its owner said so.
    #[error("the key was revoked by its owner")]
    Revoked,
    /// Its time is over.
    #[error("the key expired on {}", .0.strftime("%Y-%m-%d"))]
    Expired(Timestamp),
    /// It is not the owner's, or was cut out of it.
    #[error("the key has no signature of its own that says what it is for")]
    Unbound,
    /// It is a key for other purposes.
    #[error("the key is not for signing")]
    NotForSigning,
    /// It can be forged.
    #[error("the key is too weak: {0}")]
    Weak(String),
}

impl Keyring {
    /// All of it as one armoured block, as it stands in a source of apt.
    ///
    /// # Errors
    /// [`KeyringError::Unreadable`] when a key can't be written.
    pub fn armoured(&self) -> Result<String, KeyringError> {
        let unwritable = |error| KeyringError::Unreadable(Some(Box::new(error)));
        let mut text = Vec::new();
        pgp::armor::write(&self.certificates, BlockType::PublicKey, &mut text, None, true).map_err(unwritable)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// Reads a keyring: binary or armoured, with one key or several.
    ///
    /// # Errors
    /// [`KeyringError`] when it is no keyring.
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyringError> {
        if bytes.len() > MAX_SIZE {
            return Err(KeyringError::TooLarge);
        }
        let mut certificates = Vec::new();
        let mut unreadable = None;
        let mut add = |found: pgp::errors::Result<SignedPublicKey>| match found {
            Ok(key) => certificates.push(key),
            // One key of a kind that is not known must not hide the others.
            Err(error) => unreadable = Some(Box::new(error)),
        };
        match std::str::from_utf8(bytes) {
            Ok(text) if text.contains(BEGIN) => {
                for block in blocks(text) {
                    match SignedPublicKey::from_armor_many(Cursor::new(block.as_bytes())) {
                        Ok((keys, _)) => keys.for_each(&mut add),
                        Err(error) => add(Err(error)),
                    }
                }
            }
            _ => match SignedPublicKey::from_bytes_many(Cursor::new(bytes)) {
                Ok(keys) => keys.for_each(&mut add),
                Err(error) => add(Err(error)),
            },
        }
        match (certificates.is_empty(), unreadable) {
            (false, _) => Ok(Self { certificates }),
            (true, Some(error)) => Err(KeyringError::Unreadable(Some(error))),
            (true, None) => Err(KeyringError::Empty),
        }
    }
}

/// Each armoured block of a text: people put keys one behind the other.
fn blocks(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices(BEGIN).map(|(start, _)| {
        let rest = &text[start..];
        rest.find(END).map_or(rest, |end| &rest[..end + END.len()])
    })
}

/// Why the primary key of a certificate does not count at `now`, whatever it is asked for.
fn primary_problem(certificate: &SignedPublicKey, now: Timestamp) -> Option<KeyProblem> {
    let key = &certificate.primary_key;
    let details = &certificate.details;
    if details.revocation_signatures.iter().any(|signature| signature.verify_key(key).is_ok()) {
        return Some(KeyProblem::Revoked);
    }
    let Some(newest) = newest_of_primary(certificate) else { return Some(KeyProblem::Unbound) };
    expired(key, newest, now).or_else(|| weakness(key.public_params()))
}

/// The newest signature by which the primary key speaks about itself.
fn newest_of_primary(certificate: &SignedPublicKey) -> Option<&Signature> {
    let key = &certificate.primary_key;
    let details = &certificate.details;
    let direct = details
        .direct_signatures
        .iter()
        .filter(|signature| signature.typ() == Some(SignatureType::Key) && signature.verify_key(key).is_ok());
    let of_users = details.users.iter().flat_map(|user| {
        user.signatures.iter().filter(|signature| {
            signature.typ() != Some(SignatureType::CertRevocation)
                && signature.verify_certification(key, Tag::UserId, &user.id).is_ok()
        })
    });
    direct.chain(of_users).max_by_key(|signature| signature.created().map(pgp::types::Timestamp::as_secs))
}

/// Why the signatures of a primary key over texts don't count.
pub(super) fn signing_problem(certificate: &SignedPublicKey, now: Timestamp) -> Option<KeyProblem> {
    primary_problem(certificate, now).or_else(|| {
        let newest = newest_of_primary(certificate)?;
        // A key that does not say what it is for is for everything.
        (says_flags(newest) && !newest.key_flags().sign()).then_some(KeyProblem::NotForSigning)
    })
}

/// Why the signatures of a subkey over texts don't count.
pub(super) fn subkey_problem(
    certificate: &SignedPublicKey,
    subkey: &SignedPublicSubKey,
    now: Timestamp,
) -> Option<KeyProblem> {
    if let Some(problem) = primary_problem(certificate, now) {
        return Some(problem);
    }
    let primary = &certificate.primary_key;
    let bound = |kind| {
        let of_kind = move |signature: &&Signature| signature.typ() == Some(kind);
        let verified = |signature: &&Signature| signature.verify_subkey_binding(primary, &subkey.key).is_ok();
        subkey.signatures.iter().filter(of_kind).filter(verified)
    };
    if bound(SignatureType::SubkeyRevocation).next().is_some() {
        return Some(KeyProblem::Revoked);
    }
    let binding = bound(SignatureType::SubkeyBinding)
        .max_by_key(|signature| signature.created().map(pgp::types::Timestamp::as_secs));
    let Some(binding) = binding else { return Some(KeyProblem::Unbound) };
    if !binding.key_flags().sign() {
        return Some(KeyProblem::NotForSigning);
    }
    // The subkey agrees: nobody can take another's signing key for his own.
    let agrees =
        binding.embedded_signature().is_some_and(|back| back.verify_primary_key_binding(&subkey.key, primary).is_ok());
    if !agrees {
        return Some(KeyProblem::Unbound);
    }
    expired(&subkey.key, binding, now).or_else(|| weakness(subkey.key.public_params()))
}

fn says_flags(signature: &Signature) -> bool {
    let subpackets = signature.config().map(|config| config.hashed_subpackets.as_slice()).unwrap_or_default();
    subpackets.iter().any(|subpacket| matches!(subpacket.data, SubpacketData::KeyFlags(_)))
}

/// Whether the time that a signature gives a key is over.
fn expired(key: &impl KeyDetails, signature: &Signature, now: Timestamp) -> Option<KeyProblem> {
    let lifetime = signature.key_expiration_time().filter(|lifetime| lifetime.as_secs() > 0)?;
    let end = i64::from(key.created_at().as_secs()) + i64::from(lifetime.as_secs());
    let end = Timestamp::from_second(end).ok()?;
    (end <= now).then_some(KeyProblem::Expired(end))
}

fn weakness(parameters: &PublicParams) -> Option<KeyProblem> {
    let weak = |what: String| Some(KeyProblem::Weak(what));
    match parameters {
        PublicParams::RSA(rsa) if rsa.key.n().bits() < RSA_BITS => {
            weak(format!("RSA with {} bits, where {RSA_BITS} are needed", rsa.key.n().bits()))
        }
        PublicParams::RSA(_)
        | PublicParams::ECDSA(_)
        | PublicParams::EdDSALegacy(_)
        | PublicParams::Ed25519(_)
        | PublicParams::Ed448(_) => None,
        PublicParams::DSA(_) => weak("DSA".to_owned()),
        _ => weak("it is of a kind that signs nothing here".to_owned()),
    }
}
