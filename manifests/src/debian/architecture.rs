//! Debian's architectures: `amd64`, `arm64`, `all`.

use std::str::FromStr;

use crate::word::{excerpt, word};

/// An architecture in Debian's words, or `all` for a package that runs on every one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Architecture(Box<str>);

word!(
    Architecture,
    "^[a-z0-9][a-z0-9-]{0,31}$",
    "An architecture as `dpkg --print-architecture` says it, such as `amd64` or `arm64`."
);

impl Architecture {
    /// `all`: the package runs on every architecture.
    pub fn all() -> Self {
        Self("all".into())
    }

    /// Whether it is `all`.
    pub fn is_all(&self) -> bool {
        &*self.0 == "all"
    }
}

impl FromStr for Architecture {
    type Err = ArchitectureError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let fits = text.len() <= 32
            && text.bytes().next().is_some_and(letter)
            && text.bytes().all(|byte| letter(byte) || byte == b'-')
            // Wildcards of relations between source packages.
            && !matches!(text, "any" | "native" | "source");
        if fits { Ok(Self(text.into())) } else { Err(ArchitectureError(excerpt(text))) }
    }
}

/// A text that is no architecture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an architecture of Debian: expected one such as `amd64`, `arm64`, `i386` or `all`")]
pub struct ArchitectureError(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_and_others_refused() {
        for text in ["amd64", "arm64", "all", "kfreebsd-amd64", "x32"] {
            assert_eq!(text.parse::<Architecture>().unwrap().as_str(), text);
        }
        for text in ["", "AMD64", "any", "native", "source", "-x", "linux/amd64", "a b", &"a".repeat(33)] {
            assert!(text.parse::<Architecture>().is_err(), "{text}");
        }
    }
}
