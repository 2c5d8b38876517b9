//! Releases of a distribution by their code name.

use std::str::FromStr;

use crate::word::{excerpt, word};

/// The code name of a distribution's release: `bookworm`, `noble`. It also stands in paths.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Series(Box<str>);

word!(Series, "^[a-z][a-z0-9-]{0,62}$", "The code name of a distribution's release, such as `bookworm` or `noble`.");

impl FromStr for Series {
    type Err = SeriesError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = text.len() <= 63
            && text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if fits { Ok(Self(text.into())) } else { Err(SeriesError(excerpt(text))) }
    }
}

/// A text that is no code name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the code name of a release: expected a lower-case word such as `bookworm` or `noble`")]
pub struct SeriesError(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_is_one_lower_case_word() {
        for text in ["jammy", "noble", "bookworm", "trixie-backports"] {
            assert_eq!(text.parse::<Series>().unwrap().as_str(), text);
        }
        for text in ["", "Noble", "22.04", "a/b", "..", "a b", &"a".repeat(64)] {
            assert!(text.parse::<Series>().is_err(), "{text}");
        }
    }
}
