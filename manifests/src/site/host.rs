//! Names and addresses of machines.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use crate::kubernetes::is_label;

/// A machine as others name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    /// By its address.
    Address(IpAddr),
    /// By its name.
    Name(HostName),
}

impl Host {
    /// The machine with a port, as it stands in URLs: an address of IPv6 in brackets.
    pub fn with_port(&self, port: u16) -> String {
        match self {
            Self::Address(address) => SocketAddr::new(*address, port).to_string(),
            Self::Name(name) => format!("{name}:{port}"),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

impl FromStr for Host {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return if is_one_machine(&address) { Ok(Self::Address(address)) } else { Err(HostError::excerpt(text)) };
        }
        text.parse().map(Self::Name)
    }
}

/// Whether an address can be that of one other machine: not of every or none, not of a group, not one's own.
pub(super) fn is_one_machine(address: &IpAddr) -> bool {
    let broadcast = matches!(address, IpAddr::V4(v4) if v4.is_broadcast());
    !(address.is_unspecified() || address.is_loopback() || address.is_multicast() || broadcast)
}

/// A machine's name in lower case, with or without its domain (RFC 1123, section 2.1), of at most 253 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostName(String);

impl HostName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for HostName {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Digits and dots alone are a mistaken address: no top-level domain is a number.
        let number = text.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
        let good = text.len() <= 253 && text.split('.').all(is_label) && !number && text != "localhost";
        if good { Ok(Self(text.to_owned())) } else { Err(HostError::excerpt(text)) }
    }
}

/// A text that names no other machine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the name or address of a machine that others can reach")]
pub struct HostError(String);

impl HostError {
    fn excerpt(text: &str) -> Self {
        Self(text.chars().take(80).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_in_lower_case_or_addresses_of_one_machine() {
        for text in ["node-1", "node-1.example.org", "10.0.0.7", "fd00::7", "0a.example"] {
            assert_eq!(text.parse::<Host>().unwrap().to_string(), text);
        }
        assert!(matches!("10.0.0.7".parse(), Ok(Host::Address(_))));
        for text in [
            "",
            "Node",
            "node_1",
            "-a",
            "a-",
            "a..b",
            "a.",
            "10.0.0",
            "10.0.0.256",
            "1234",
            "localhost",
            "127.0.0.1",
            "::",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "node:22",
            "http://node",
            "user@node",
            &"a".repeat(64),
        ] {
            assert!(text.parse::<Host>().is_err(), "{text}");
        }
    }
}
