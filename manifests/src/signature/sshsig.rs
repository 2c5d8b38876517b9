//! One armoured signature, read from a hostile source.
//!
//! Threats: a signature made for another purpose (namespace), a weak key or hash, an algorithm that is not the key's, a
//! hardware signature without the touch, sizes made to exhaust memory (bounded by [`MAX_SIGNATURE`] before decoding).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ssh_key::public::KeyData;
use ssh_key::{PublicKey, SshSig};

use super::key::{check_key, fingerprint, fits, type_name};
use super::{MAX_SIGNATURE, NAMESPACE, Reason};

/// The key that an armoured signature says it is by. Nothing is checked but its form.
///
/// # Errors
/// [`Reason`] for a text that is no signature of the right kind.
pub fn key_of(armoured: &str) -> Result<KeyData, Reason> {
    let envelope = Envelope::parse(armoured)?;
    envelope.check_form()?;
    Ok(envelope.key().clone())
}

/// Checks that an armoured signature is a right one over `message`, by whichever key, and returns the key. It says
/// nothing about trust: for that there is [`super::TrustRoot`].
///
/// # Errors
/// [`Reason`] it is not.
pub fn check(armoured: &str, message: &[u8]) -> Result<KeyData, Reason> {
    let envelope = Envelope::parse(armoured)?;
    envelope.check_form()?;
    envelope.check_message(message)?;
    Ok(envelope.key().clone())
}

/// Whether every length in an armoured signature fits what it counts. The parser reads some of them leniently; OpenSSH
/// would refuse the signature, and so do we.
fn is_exact(armoured: &str) -> bool {
    let lines: String = armoured.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect();
    let Ok(bytes) = STANDARD.decode(lines) else { return false };
    let Some((fields, [])) = bytes.get(MAGIC_AND_VERSION..).and_then(|fields| split_strings(fields, 5)) else {
        return false;
    };
    let [key, _, _, _, signature] = fields.as_slice() else { return false };
    let again = PublicKey::from_bytes(key).ok().and_then(|parsed| parsed.to_bytes().ok());
    let trailer = split_strings(signature, 2).map(|(_, left)| left.len());
    again.is_some_and(|again| again == *key) && matches!(trailer, Some(0 | TRAILER))
}

/// Cuts `count` strings, each behind its length in four bytes, off the front.
fn split_strings(bytes: &[u8], count: usize) -> Option<(Vec<&[u8]>, &[u8])> {
    let mut rest = bytes;
    let mut strings = Vec::with_capacity(count);
    for _ in 0..count {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let (string, after) = after.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        strings.push(string);
        rest = after;
    }
    Some((strings, rest))
}

/// `SSHSIG` and the version.
const MAGIC_AND_VERSION: usize = 6 + 4;
/// Bit 0 of the flags of a hardware signature: somebody was there and touched it (PROTOCOL.u2f).
const USER_PRESENT: u8 = 0x01;
/// Behind a hardware signature: flags (1 byte) and a counter (4 bytes).
const TRAILER: usize = 5;

/// A signature that has the right form. Nothing is said yet about whose it is and whether it is right.
#[derive(Debug)]
pub(super) struct Envelope(SshSig);

impl Envelope {
    pub(super) fn parse(armoured: &str) -> Result<Self, Reason> {
        if armoured.len() > MAX_SIGNATURE {
            return Err(Reason::TooLarge);
        }
        let parsed = SshSig::from_pem(armoured.trim()).map_err(|error| Reason::Unreadable(error.to_string()))?;
        if !is_exact(armoured) {
            return Err(Reason::Unreadable("its lengths disagree with each other".to_owned()));
        }
        if parsed.version() != SshSig::VERSION {
            return Err(Reason::Unreadable(format!("version {}", parsed.version())));
        }
        Ok(Self(parsed))
    }

    /// The key that it says it is by.
    pub(super) fn key(&self) -> &KeyData {
        self.0.public_key()
    }

    /// The key for people: `ssh-ed25519 SHA256:…`.
    pub(super) fn by(&self) -> String {
        format!("{} {}", type_name(self.key()), fingerprint(self.key()))
    }

    /// What can be said without the message: purpose, key and algorithm.
    pub(super) fn check_form(&self) -> Result<(), Reason> {
        if self.0.namespace() != NAMESPACE {
            return Err(Reason::Namespace(self.0.namespace().chars().take(64).collect()));
        }
        check_key(self.key()).map_err(Reason::Key)?;
        if !fits(self.key(), &self.0.algorithm()) {
            return Err(Reason::Algorithm(self.0.algorithm().to_string()));
        }
        Ok(())
    }

    /// Whether it is over `message`. The hash is SHA-256 or SHA-512: the format has no other.
    pub(super) fn check_message(&self, message: &[u8]) -> Result<(), Reason> {
        let key = PublicKey::from(self.key().clone());
        key.verify(NAMESPACE, message, &self.0).map_err(|_| Reason::Bad)?;
        let hardware = matches!(self.key(), KeyData::SkEd25519(_) | KeyData::SkEcdsaSha2NistP256(_));
        let bytes = self.0.signature_bytes();
        let flags = bytes.len().checked_sub(TRAILER).and_then(|at| bytes.get(at)).copied().unwrap_or(0);
        if hardware && flags & USER_PRESENT == 0 {
            return Err(Reason::NotTouched);
        }
        Ok(())
    }
}
