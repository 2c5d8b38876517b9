//! `index.yaml` of a chart repository.
//!
//! Real ones have more than 10 MB and bad entries in them. What is kept of an entry is its version, its URLs and its
//! digest; entries that Helm would skip are skipped, with a warning.

use std::collections::BTreeMap;

use manifests::Digest;

use super::constraint::{Constraint, ConstraintError};
use super::version::Version;

mod parse;

/// The largest index that is read, in bytes.
pub const MAX_SIZE: u64 = 64 << 20;

/// The charts of a repository.
#[derive(Debug, Default)]
pub struct RepositoryIndex {
    charts: BTreeMap<String, Vec<Entry>>,
}

/// One version of a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its version.
    pub version: Version,
    /// Where the archive is, as written: absolute, or relative to the repository.
    pub urls: Vec<String>,
    /// The archive's digest, where the index has one.
    pub digest: Option<Digest>,
}

/// An entry that was skipped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("skipped an entry of chart `{chart}` in index.yaml: {reason}")]
pub struct SkippedEntry {
    /// The chart.
    pub chart: String,
    /// Why.
    pub reason: String,
}

impl RepositoryIndex {
    /// Reads `index.yaml`, which may also be JSON.
    ///
    /// # Errors
    /// [`IndexError::Unreadable`] when it is no index at all; bad entries are the second part of the answer.
    pub fn parse(bytes: &[u8]) -> Result<(Self, Vec<SkippedEntry>), IndexError> {
        parse::parse(bytes)
    }

    /// The version of a chart that Helm would take: the one that is asked for literally, else the highest in the
    /// range, else (for no range) the highest stable one.
    ///
    /// # Errors
    /// [`IndexError`] when there is none, with those that there are.
    pub fn select(&self, chart: &str, range: Option<&str>) -> Result<&Entry, IndexError> {
        let Some(entries) = self.charts.get(chart) else {
            return Err(IndexError::NoChart { chart: chart.to_owned(), similar: self.similar(chart) });
        };
        select(entries, |entry| &entry.version, range)?.ok_or_else(|| IndexError::NoVersion {
            chart: chart.to_owned(),
            range: range.unwrap_or("*").to_owned(),
            available: newest(entries.iter().map(|entry| &entry.version)),
        })
    }

    fn similar(&self, chart: &str) -> Vec<String> {
        let close = |name: &&String| name.contains(chart) || chart.contains(name.as_str());
        self.charts.keys().filter(close).take(5).cloned().collect()
    }
}

/// Picks the version that Helm would pick: an exact text first, else the highest in the range. Of versions that differ
/// in their build metadata alone, the first stands.
pub(super) fn select<'a, T>(
    candidates: &'a [T],
    version: impl Fn(&T) -> &Version,
    range: Option<&str>,
) -> Result<Option<&'a T>, ConstraintError> {
    let range = range.filter(|range| !range.is_empty());
    let constraint = range.map_or_else(|| Ok(Constraint::any()), str::parse)?;
    let literal = |candidate: &&T| range == Some(version(candidate).original());
    if let Some(found) = candidates.iter().find(literal) {
        return Ok(Some(found));
    }
    let mut best: Option<&T> = None;
    for candidate in candidates.iter().filter(|candidate| constraint.matches(version(candidate))) {
        if best.is_none_or(|best| version(candidate).precedence(version(best)).is_gt()) {
            best = Some(candidate);
        }
    }
    Ok(best)
}

/// The highest five versions, for an error.
pub(super) fn newest<'a>(versions: impl Iterator<Item = &'a Version>) -> Vec<String> {
    let mut versions: Vec<&Version> = versions.collect();
    versions.sort_by(|a, b| b.precedence(a));
    versions.into_iter().take(5).map(ToString::to_string).collect()
}

/// A repository that has not what was asked for.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum IndexError {
    /// It is no YAML, or no index.
    #[error("index.yaml of the chart repository can't be read")]
    Unreadable(#[source] Box<serde_yaml::Error>),
    /// Helm refuses an index without `apiVersion`, such as the page that a proxy shows instead.
    #[error("index.yaml of the chart repository has no apiVersion: it is no index")]
    NoApiVersion,
    /// The repository has no such chart.
    #[error("the chart repository has no chart `{chart}`{}", hint(" (similar: ", similar, ")"))]
    NoChart {
        /// The chart.
        chart: String,
        /// Names that are close.
        similar: Vec<String>,
    },
    /// None of the chart's versions fits.
    #[error("chart `{chart}` has no version that fits `{range}`{}", hint("; the newest are ", available, ""))]
    NoVersion {
        /// The chart.
        chart: String,
        /// The range.
        range: String,
        /// The newest versions.
        available: Vec<String>,
    },
    /// The range is none.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Range(#[from] ConstraintError),
}

fn hint(before: &str, names: &[String], after: &str) -> String {
    if names.is_empty() { String::new() } else { format!("{before}{}{after}", names.join(", ")) }
}

#[cfg(test)]
mod tests;
