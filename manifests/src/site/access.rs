//! How a machine is reached and who one is there.

use std::fmt;
use std::str::FromStr;

use ssh_key::{Fingerprint, HashAlg};

use super::{Host, LocalFile, Placed, SecretSource};
use crate::BundleName;
use crate::yaml::Location;

/// How a machine is reached over SSH.
#[derive(Debug, Clone, PartialEq)]
pub struct Ssh {
    /// The machine.
    pub host: Host,
    /// The port.
    pub port: u16,
    /// Who logs in.
    pub user: UserName,
    /// How the user is known.
    pub authentication: Authentication,
    /// The fingerprints of the host keys that are accepted at the first contact. Empty: whatever `known_hosts` says.
    pub host_keys: Vec<HostKey>,
    /// The bastion that the machine is reached through.
    pub bastion: Option<Placed<BundleName>>,
}

/// How a user is known to a machine. Passwords are not among it: they can be guessed and have to be kept.
#[derive(Debug, Clone, PartialEq)]
pub enum Authentication {
    /// By the keys of an agent, which `SSH_AUTH_SOCK` names.
    Agent,
    /// By a key in a file.
    Key {
        /// The private key, as OpenSSH writes it.
        key: LocalFile,
        /// What the key is encrypted with.
        passphrase: Option<SecretSource>,
        /// The certificate of an authority that the machine trusts (`ssh-keygen -s`).
        certificate: Option<LocalFile>,
    },
}

/// A machine on the way to others.
#[derive(Debug, Clone, PartialEq)]
pub struct Bastion {
    /// Its name in the file.
    pub name: BundleName,
    /// How it is reached itself.
    pub ssh: Ssh,
    /// Where it is named.
    pub location: Location,
}

/// How a user becomes root on a node.
#[derive(Debug, Clone, PartialEq)]
pub enum Become {
    /// The user is root.
    Nothing,
    /// By `sudo` without a password.
    Sudo,
    /// By `sudo` with a password.
    SudoWithPassword(SecretSource),
}

/// The name of a user on a machine, of at most 32 characters (`useradd(8)`; capital letters and dots, which directories
/// have, are taken too).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserName(String);

impl UserName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the user that may do everything.
    pub fn is_root(&self) -> bool {
        self.0 == "root"
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for UserName {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let first = |b: u8| b.is_ascii_alphabetic() || b == b'_';
        let good = (1..=32).contains(&text.len())
            && text.bytes().next().is_some_and(first)
            && text.bytes().all(|b| first(b) || b.is_ascii_digit() || matches!(b, b'-' | b'.' | b'@'));
        if good { Ok(Self(text.to_owned())) } else { Err(()) }
    }
}

/// The fingerprint of a host key: `SHA256:…`, as `ssh-keygen -lf` prints it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostKey(Fingerprint);

impl HostKey {
    /// The fingerprint.
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.0
    }
}

impl fmt::Display for HostKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for HostKey {
    type Err = HostKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fingerprint: Option<Fingerprint> = text.parse().ok();
        fingerprint.filter(|one| one.algorithm() == HashAlg::Sha256).map(Self).ok_or(HostKeyError)
    }
}

/// A text that is no fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not the fingerprint of a host key")]
pub struct HostKeyError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_a_sha256_as_openssh_prints_it() {
        let text = "SHA256:mVPwvezndPv/ARoIadVY98vAC0g+P/5633yTC4d/wXE";
        assert_eq!(text.parse::<HostKey>().unwrap().to_string(), text);
        for text in ["", "mVPw", "SHA256:short", "MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48"] {
            assert!(text.parse::<HostKey>().is_err(), "{text}");
        }
    }

    #[test]
    fn users_have_names_that_no_option_and_no_shell_mistakes() {
        for text in ["root", "ubuntu", "_apt", "j.doe", "ops@corp", "Admin-2"] {
            assert!(text.parse::<UserName>().is_ok(), "{text}");
        }
        for text in ["", "-l", "a b", "a;b", "$USER", "1a", "é", &"a".repeat(33)] {
            assert!(text.parse::<UserName>().is_err(), "{text}");
        }
    }
}
