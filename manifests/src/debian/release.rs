//! `Release`: what an archive says of a suite, and the digests of its indexes.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;

use super::architecture::Architecture;
use crate::Digest;

mod date;
mod parse;

pub use parse::ReleaseError;

/// The largest `Release` that is read, in bytes: the largest in Debian and Ubuntu have some 300 000.
pub const MAX_SIZE: usize = 16 << 20;

/// What an archive says of a suite.
///
/// Only SHA-256 counts: digests by MD5 and SHA-1 are passed over, so a `Release` that has no others lists no file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Who publishes it: `Debian`, `Ubuntu`.
    pub origin: Option<String>,
    /// The archive's title.
    pub label: Option<String>,
    /// `stable`, `noble-security`.
    pub suite: Option<String>,
    /// `bookworm`, `noble`.
    pub codename: Option<String>,
    /// `12.9`, `24.04`.
    pub version: Option<String>,
    /// When it was made.
    pub date: Timestamp,
    /// When it should no longer be believed.
    pub valid_until: Option<Timestamp>,
    /// The architectures that it has packages for.
    pub architectures: Vec<Architecture>,
    /// Its parts: `main`, `universe`. A security archive may say `updates/main`.
    pub components: Vec<String>,
    /// Whether indexes are also found by their digest.
    pub acquire_by_hash: bool,
    /// Whether its packages are installed only when asked for: priority 1.
    pub not_automatic: bool,
    /// Whether packages that were taken from it are upgraded from it nevertheless: priority 100.
    pub but_automatic_upgrades: bool,
    /// The indexes by their path below the suite's folder.
    pub files: BTreeMap<String, IndexFile>,
}

/// An index that a `Release` lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexFile {
    /// The digest of its bytes.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
}

impl Release {
    /// A release that says nothing but its date.
    pub fn new(date: Timestamp) -> Self {
        Self {
            origin: None,
            label: None,
            suite: None,
            codename: None,
            version: None,
            date,
            valid_until: None,
            architectures: Vec::new(),
            components: Vec::new(),
            acquire_by_hash: false,
            not_automatic: false,
            but_automatic_upgrades: false,
            files: BTreeMap::new(),
        }
    }

    /// Reads a `Release` whose signature was checked, or the text within an `InRelease`.
    ///
    /// # Errors
    /// [`ReleaseError`] when it is no single stanza, a field has a value that it can't have, the date is missing, or a
    /// path leads out of the suite.
    pub fn parse(text: &[u8]) -> Result<Self, ReleaseError> {
        parse::parse(text)
    }

    /// The priority that apt gives its packages where no pin says otherwise (`apt_preferences(5)`).
    pub fn priority(&self) -> i16 {
        match (self.not_automatic, self.but_automatic_upgrades) {
            (false, _) => 500,
            (true, true) => 100,
            (true, false) => 1,
        }
    }
}

/// Writes it as a file. What a field is to hold must have no line's end in it.
impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in [
            ("Origin", &self.origin),
            ("Label", &self.label),
            ("Suite", &self.suite),
            ("Codename", &self.codename),
            ("Version", &self.version),
        ] {
            if let Some(value) = value {
                writeln!(f, "{name}: {value}")?;
            }
        }
        writeln!(f, "Date: {}", date::write(self.date))?;
        if let Some(valid_until) = self.valid_until {
            writeln!(f, "Valid-Until: {}", date::write(valid_until))?;
        }
        for (name, value) in [
            ("Acquire-By-Hash", self.acquire_by_hash),
            ("NotAutomatic", self.not_automatic),
            ("ButAutomaticUpgrades", self.but_automatic_upgrades),
        ] {
            if value {
                writeln!(f, "{name}: yes")?;
            }
        }
        let architectures: Vec<&str> = self.architectures.iter().map(Architecture::as_str).collect();
        writeln!(f, "Architectures: {}", architectures.join(" "))?;
        writeln!(f, "Components: {}", self.components.join(" "))?;
        writeln!(f, "SHA256:")?;
        self.files.iter().try_for_each(|(path, file)| writeln!(f, " {} {:>10} {path}", file.digest.hex(), file.size))
    }
}

#[cfg(test)]
mod tests;
