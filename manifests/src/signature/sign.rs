//! Making signatures.
//!
//! With a private key at hand, [`sign`] does all. With the key elsewhere (ssh-agent, a hardware token), hand
//! [`data_to_sign`] to whoever holds it and the answer to [`armour`].

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA512;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rsa::pkcs1::EncodeRsaPrivateKey;
use ssh_key::private::{KeypairData, RsaKeypair};
use ssh_key::public::KeyData;
use ssh_key::{HashAlg, Mpint, PrivateKey, PublicKey, SshSig};

use super::{NAMESPACE, SignError, check_key};

/// The hash of the message in new signatures: that of `ssh-keygen`.
const HASH: HashAlg = HashAlg::Sha512;
/// The first line of the armoured form.
pub(crate) const ARMOUR_START: &str = "-----BEGIN SSH SIGNATURE-----";
/// The armour's line length, that of `ssh-keygen`.
const LINE: usize = 70;

/// Signs `message` and returns the armoured signature.
///
/// # Errors
/// [`SignError`] for a key that is not accepted, is encrypted, or is on hardware.
pub fn sign(key: &PrivateKey, message: &[u8]) -> Result<String, SignError> {
    check_key(key.public_key().key_data()).map_err(SignError::Key)?;
    let blob = match key.key_data() {
        KeypairData::Rsa(pair) => sign_rsa(pair, &data_to_sign(message)?).map_err(|()| SignError::Rsa)?,
        _ => {
            let signed = key.sign(NAMESPACE, HASH, message).map_err(SignError::Unusable)?;
            Vec::try_from(signed.signature().clone()).map_err(SignError::Encoding)?
        }
    };
    armour(key.public_key().key_data(), &blob)
}

/// RSA with AWS-LC, in constant time. (ssh-key 0.6 can't do it: it hands on the first prime twice.)
fn sign_rsa(pair: &RsaKeypair, data: &[u8]) -> Result<Vec<u8>, ()> {
    let number = |number: &Mpint| number.as_positive_bytes().map(rsa::BigUint::from_bytes_be).ok_or(());
    let (n, e) = (number(&pair.public.n)?, number(&pair.public.e)?);
    let (d, p, q) = (number(&pair.private.d)?, number(&pair.private.p)?, number(&pair.private.q)?);
    let whole = rsa::RsaPrivateKey::from_components(n, e, d, vec![p, q]).map_err(drop)?;
    let der = whole.to_pkcs1_der().map_err(drop)?;
    let pair = RsaKeyPair::from_der(der.as_bytes()).map_err(drop)?;
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA512, &SystemRandom::new(), data, &mut signature).map_err(drop)?;
    Ok([string(b"rsa-sha2-512"), string(&signature)].concat())
}

/// A string of the SSH wire format: its length in four bytes, then it. None here comes near 4 GiB.
fn string(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u32).to_be_bytes(), bytes].concat()
}

/// What a key's holder must sign for `message`: not the message itself, but its hash in SSHSIG's frame.
///
/// # Errors
/// [`SignError::Encoding`] when the frame can't be made.
pub fn data_to_sign(message: &[u8]) -> Result<Vec<u8>, SignError> {
    SshSig::signed_data(NAMESPACE, HASH, message).map_err(SignError::Encoding)
}

/// Puts a signature over [`data_to_sign`], in the wire form that ssh-agent gives back, into the armoured form.
///
/// # Errors
/// [`SignError`] for a key that is not accepted or can't be written.
pub fn armour(key: &KeyData, signature: &[u8]) -> Result<String, SignError> {
    check_key(key).map_err(SignError::Key)?;
    let key = PublicKey::from(key.clone()).to_bytes().map_err(SignError::Encoding)?;
    let mut blob = b"SSHSIG\0\0\0\x01".to_vec();
    for part in [key.as_slice(), NAMESPACE.as_bytes(), b"", HASH.as_str().as_bytes(), signature] {
        blob.extend(string(part));
    }
    let text = STANDARD.encode(blob);
    let mut armoured = format!("{ARMOUR_START}\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at(rest.len().min(LINE));
        armoured.push_str(line);
        armoured.push('\n');
        rest = tail;
    }
    armoured.push_str("-----END SSH SIGNATURE-----\n");
    Ok(armoured)
}
