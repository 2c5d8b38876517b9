//! A client of ssh-agent that knows one request: sign. Source: draft-ietf-sshm-ssh-agent, section 3.6.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use ssh_key::{HashAlg, PublicKey};

use super::SignError;

const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;
/// For RSA keys: sign with SHA-512, not with SHA-1.
const RSA_SHA2_512: u32 = 4;
/// The largest answer that is read, in bytes: the bound of OpenSSH.
const MAX_ANSWER: u32 = 256 << 10;

/// Where the agent listens.
#[derive(Debug, Clone)]
pub(super) struct Agent(PathBuf);

impl Agent {
    pub(super) fn from_environment() -> Result<Self, SignError> {
        let socket = std::env::var_os("SSH_AUTH_SOCK").filter(|socket| !socket.is_empty()).ok_or(SignError::NoAgent)?;
        Ok(Self(PathBuf::from(socket)))
    }

    /// Has `data` signed. Returns the signature in its wire form. Waits as long as a person takes to touch a token.
    pub(super) fn sign(&self, key: &PublicKey, data: &[u8]) -> Result<Vec<u8>, SignError> {
        let blob =
            key.to_bytes().map_err(|source| SignError::Key(manifests::signature::SignError::Encoding(source)))?;
        let flags = if key.algorithm().is_rsa() { RSA_SHA2_512 } else { 0 };
        let request = [&[SIGN_REQUEST], string(&blob).as_slice(), &string(data), &flags.to_be_bytes()].concat();
        let answer = self.ask(&request).map_err(|source| SignError::Agent { path: self.0.clone(), source })?;
        let signature = match answer.split_first() {
            Some((&SIGN_RESPONSE, rest)) => rest.get(4..),
            _ => None,
        };
        let refused =
            || SignError::AgentRefused { key: format!("{} {}", key.algorithm(), key.fingerprint(HashAlg::Sha256)) };
        signature.map(<[u8]>::to_vec).ok_or_else(refused)
    }

    fn ask(&self, request: &[u8]) -> io::Result<Vec<u8>> {
        let mut stream = UnixStream::connect(&self.0)?;
        stream.write_all(&string(request))?;
        let mut length = [0; 4];
        stream.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length);
        if length > MAX_ANSWER {
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("an answer of {length} bytes")));
        }
        let mut answer = vec![0; length as usize];
        stream.read_exact(&mut answer)?;
        Ok(answer)
    }
}

/// A string of the wire format. Requests are far below 4 GiB.
fn string(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u32).to_be_bytes(), bytes].concat()
}

#[cfg(test)]
impl Agent {
    pub(super) fn at(socket: &std::path::Path) -> Self {
        Self(socket.to_owned())
    }
}
