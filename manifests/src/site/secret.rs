//! Where secrets are. The secrets themselves are never part of a site.

use std::fmt;
use std::str::FromStr;

use super::LocalFile;

/// Where a secret is found when it is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// In a file. One line end at its end does not belong to the secret.
    File(LocalFile),
    /// In a variable of the installer's environment.
    Environment(VariableName),
    /// In somebody's head: this question is asked at the terminal.
    Prompt(String),
}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => write!(f, "the file {}", file.path.display()),
            Self::Environment(name) => write!(f, "the environment's {name}"),
            Self::Prompt(question) => write!(f, "asked: {question}"),
        }
    }
}

/// The name of a variable of the environment: letters, digits and `_`, not beginning with a digit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VariableName(String);

impl VariableName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VariableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for VariableName {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let letter = |b: u8| b.is_ascii_alphabetic() || b == b'_';
        let good = (1..=200).contains(&text.len())
            && text.bytes().next().is_some_and(letter)
            && text.bytes().all(|b| letter(b) || b.is_ascii_digit());
        if good { Ok(Self(text.to_owned())) } else { Err(()) }
    }
}
