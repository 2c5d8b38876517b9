//! Which keys are good enough.

use ssh_key::public::KeyData;
use ssh_key::{Algorithm, HashAlg};

/// The shortest RSA key in bits: what NIST SP 800-57 asks for beyond 2030.
const RSA_MIN: usize = 3072;
/// The longest RSA key in bits that is checked.
const RSA_MAX: usize = 4096;

/// A key that is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefused {
    /// A short RSA key.
    #[error("an RSA key of {0} bits is too short: at least {RSA_MIN} bits are accepted")]
    ShortRsa(usize),
    /// A very long RSA key.
    #[error("an RSA key of {0} bits is too long: at most {RSA_MAX} bits are accepted")]
    LongRsa(usize),
    /// A key type that is not accepted, such as DSA.
    #[error(
        "keys of type `{0}` are not accepted: use ssh-ed25519, sk-ssh-ed25519, ecdsa-sha2-nistp256/384/521 or ssh-rsa of {RSA_MIN} bits or more"
    )]
    Type(String),
}

/// Accepts Ed25519, ECDSA on the NIST curves, RSA of 3072 to 4096 bits, and the hardware (`sk-`) kinds.
///
/// # Errors
/// [`KeyRefused`] for every other key.
pub fn check_key(key: &KeyData) -> Result<(), KeyRefused> {
    match key {
        KeyData::Ed25519(_) | KeyData::SkEd25519(_) | KeyData::Ecdsa(_) | KeyData::SkEcdsaSha2NistP256(_) => Ok(()),
        KeyData::Rsa(rsa) => {
            let modulus = rsa.n.as_positive_bytes().unwrap_or_default();
            let bits = modulus.first().map_or(0, |first| modulus.len() * 8 - first.leading_zeros() as usize);
            match bits {
                ..RSA_MIN => Err(KeyRefused::ShortRsa(bits)),
                RSA_MIN..=RSA_MAX => Ok(()),
                _ => Err(KeyRefused::LongRsa(bits)),
            }
        }
        other => Err(KeyRefused::Type(other.algorithm().to_string())),
    }
}

/// `SHA256:…`, as `ssh-keygen -l` prints it.
pub fn fingerprint(key: &KeyData) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}

/// The name of the key's type as it stands in front of a public key: `ssh-ed25519`.
pub(super) fn type_name(key: &KeyData) -> String {
    key.algorithm().to_string()
}

/// Whether a signature algorithm belongs to a key. RSA takes the SHA-2 ones only: `ssh-rsa` is SHA-1.
pub(super) fn fits(key: &KeyData, signature: &Algorithm) -> bool {
    match (key, signature) {
        (KeyData::Rsa(_), Algorithm::Rsa { hash: Some(_) }) => true,
        (KeyData::Rsa(_), _) => false,
        _ => key.algorithm() == *signature,
    }
}
