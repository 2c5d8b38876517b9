//! Names of packages.

use std::str::FromStr;

use crate::word::{excerpt, word};

/// The longest name that is read, in bytes: it also stands in file names.
const MAX_LENGTH: usize = 200;

/// The name of a binary package (Debian Policy 5.6.1): at least two lower-case letters, digits, `+`, `-` and `.`,
/// beginning with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageName(Box<str>);

word!(PackageName, "^[a-z0-9][a-z0-9+.-]{1,199}$", "The name of a binary package, such as `open-iscsi`.");

impl FromStr for PackageName {
    type Err = PackageNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if is_name(text) { Ok(Self(text.into())) } else { Err(PackageNameError(excerpt(text))) }
    }
}

/// Whether a text is a package's name.
pub(super) fn is_name(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (2..=MAX_LENGTH).contains(&text.len())
        && text.bytes().next().is_some_and(letter)
        && text.bytes().all(|byte| letter(byte) || matches!(byte, b'+' | b'-' | b'.'))
}

/// A text that is no name of a package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not the name of a package: expected two or more of lower-case letters, digits, `+`, `-` and `.`, \
     beginning with a letter or digit"
)]
pub struct PackageNameError(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_is_that_of_the_policy() {
        for text in ["open-iscsi", "libstdc++6", "0ad", "python3.11", "gcc-12-base"] {
            assert_eq!(text.parse::<PackageName>().unwrap().as_str(), text);
        }
        for text in ["", "a", "Open", "-a", ".a", "+a", "a_b", "a b", "a/b", "../x", "libé", &"a".repeat(201)] {
            assert!(text.parse::<PackageName>().is_err(), "{text}");
        }
    }
}
