//! Versions of charts, read as loosely as Helm reads them: a leading `v` and missing parts are fine.
//!
//! The grammar is that of `NewVersion` and `StrictNewVersion` of Masterminds/semver v3, which Helm 3 uses.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use semver::{BuildMetadata, Prerelease};

/// A chart's version: what was written, and what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    original: String,
    meaning: semver::Version,
}

impl Version {
    /// Parses a complete semantic version: three numbers, no `v`. This is what Helm asks of a registry's tags.
    ///
    /// # Errors
    /// [`VersionError`] for anything else.
    pub fn parse_strict(text: &str) -> Result<Self, VersionError> {
        let meaning = semver::Version::parse(text).map_err(|_| VersionError::new(text))?;
        Ok(Self { original: text.to_owned(), meaning })
    }

    /// The version as it was written.
    pub fn original(&self) -> &str {
        &self.original
    }

    /// The three numbers.
    pub fn numbers(&self) -> (u64, u64, u64) {
        (self.meaning.major, self.meaning.minor, self.meaning.patch)
    }

    /// Whether it is a prerelease, such as `1.2.3-rc.1`.
    pub fn is_prerelease(&self) -> bool {
        !self.meaning.pre.is_empty()
    }

    /// The order of semantic versioning, in which build metadata counts for nothing.
    pub fn precedence(&self, other: &Self) -> Ordering {
        self.meaning.cmp_precedence(&other.meaning)
    }

    /// The complete version, without a leading `v`.
    pub fn meaning(&self) -> &semver::Version {
        &self.meaning
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || VersionError::new(text);
        let rest = text.strip_prefix('v').unwrap_or(text);
        let (rest, build) = match rest.split_once('+') {
            Some((rest, build)) => (rest, BuildMetadata::new(build).ok().filter(|b| !b.is_empty()).ok_or_else(bad)?),
            None => (rest, BuildMetadata::EMPTY),
        };
        let (rest, pre) = match rest.split_once('-') {
            Some((rest, pre)) => (rest, Prerelease::new(pre).ok().filter(|pre| !pre.is_empty()).ok_or_else(bad)?),
            None => (rest, Prerelease::EMPTY),
        };
        let mut numbers = [0; 3];
        let parts: Vec<&str> = rest.split('.').collect();
        if parts.len() > numbers.len() {
            return Err(bad());
        }
        for (number, part) in numbers.iter_mut().zip(parts) {
            *number = parse_number(part).ok_or_else(bad)?;
        }
        let [major, minor, patch] = numbers;
        Ok(Self { original: text.to_owned(), meaning: semver::Version { major, minor, patch, pre, build } })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.original)
    }
}

/// Digits only: Rust alone would also take a sign. Leading zeros are fine, as they are for Helm.
pub(crate) fn parse_number(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// A text that is no version of a chart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a version of a chart: expected a semantic version such as `1.2.3` or `v1.2.3-rc.1`")]
pub struct VersionError(String);

impl VersionError {
    fn new(text: &str) -> Self {
        Self(text.chars().take(80).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn helm_is_lenient_and_so_are_we() {
        for (text, meaning) in [
            ("1.2.3", "1.2.3"),
            ("v1.2.3", "1.2.3"),
            ("1", "1.0.0"),
            ("1.2", "1.2.0"),
            ("01.002.3", "1.2.3"),
            ("1.2-rc.1", "1.2.0-rc.1"),
            ("1.2.3-a-b+c.d-e", "1.2.3-a-b+c.d-e"),
        ] {
            let version: Version = text.parse().unwrap();
            assert_eq!((version.original(), version.meaning().to_string().as_str()), (text, meaning));
        }
        for text in ["", "v", "x", "1.", "1..2", "1.2.3.4", "+1.2.3", "1.2.3-", "1.2.3+", "1.2.3-01", "vv1", " 1.2.3"] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_tag_has_to_be_complete() {
        assert!(Version::parse_strict("1.2.3+build").is_ok());
        for text in ["v1.2.3", "1.2", "01.2.3", "latest"] {
            assert!(Version::parse_strict(text).is_err(), "{text}");
        }
    }
}
