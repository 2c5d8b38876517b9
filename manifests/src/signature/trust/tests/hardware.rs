//! Hardware keys, played by software: what the token signs is made here by the letter of PROTOCOL.u2f.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use ssh_key::public::{EcdsaPublicKey, Ed25519PublicKey, KeyData, SkEcdsaSha2NistP256, SkEd25519};

use super::*;
use crate::Digest;
use crate::signature::{armour, data_to_sign};

const TOUCHED: u8 = 1;

enum Token {
    Ed25519(Ed25519KeyPair),
    Ecdsa(EcdsaKeyPair),
}

impl Token {
    fn public(&self) -> KeyData {
        match self {
            Self::Ed25519(pair) => {
                let point: [u8; 32] = pair.public_key().as_ref().try_into().unwrap();
                KeyData::SkEd25519(SkEd25519::new(Ed25519PublicKey(point), "ssh:"))
            }
            Self::Ecdsa(pair) => {
                let point = EcdsaPublicKey::from_sec1_bytes(pair.public_key().as_ref()).unwrap();
                let EcdsaPublicKey::NistP256(point) = point else { panic!("not P-256") };
                KeyData::SkEcdsaSha2NistP256(SkEcdsaSha2NistP256::new(point, "ssh:"))
            }
        }
    }

    /// The token's answer in the wire form that ssh-agent hands out.
    fn sign(&self, data: &[u8], flags: u8) -> Vec<u8> {
        let trailer = [flags, 0, 0, 0, 42];
        let mut signed = Digest::of(b"ssh:").as_bytes().to_vec();
        signed.extend(trailer);
        signed.extend(Digest::of(data).as_bytes());
        let (kind, bytes) = match self {
            Self::Ed25519(pair) => ("sk-ssh-ed25519@openssh.com", pair.sign(&signed).as_ref().to_vec()),
            Self::Ecdsa(pair) => {
                let fixed = pair.sign(&SystemRandom::new(), &signed).unwrap();
                let (r, s) = fixed.as_ref().split_at(32);
                ("sk-ecdsa-sha2-nistp256@openssh.com", [mpint(r), mpint(s)].concat())
            }
        };
        [string(kind.as_bytes()), string(&bytes), trailer.to_vec()].concat()
    }
}

fn string(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u32).to_be_bytes(), bytes].concat()
}

fn mpint(number: &[u8]) -> Vec<u8> {
    let start = number.iter().position(|b| *b != 0).unwrap_or(number.len());
    let number = &number[start..];
    if number.first().is_some_and(|b| b & 0x80 != 0) { string(&[&[0], number].concat()) } else { string(number) }
}

#[test]
fn signatures_of_hardware_keys_count_when_they_were_touched() {
    let keys = Keys::new();
    for token in [
        Token::Ed25519(Ed25519KeyPair::generate().unwrap()),
        Token::Ecdsa(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap()),
    ] {
        let public = PublicKey::from(token.public()).to_openssh().unwrap();
        let trust = trust(&format!("officer {public}"));
        let sign = |flags| armour(&token.public(), &token.sign(&data_to_sign(MESSAGE).unwrap(), flags)).unwrap();
        let good = sign(TOUCHED);
        let signers = trust.verify(MESSAGE, std::slice::from_ref(&good), created()).unwrap();
        assert!(signers[0].key_type.starts_with("sk-"), "{}", signers[0].key_type);
        assert!(keys.verify(&good, &public), "ssh-keygen refuses it");
        assert_eq!(reason(&trust, &good, b"{}"), Reason::Bad);
        assert_eq!(reason(&trust, &sign(0), MESSAGE), Reason::NotTouched);
    }
}
