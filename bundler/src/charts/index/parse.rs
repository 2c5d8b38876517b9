//! Reads an index in one pass and keeps the little of it that is needed.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{Entry, IndexError, RepositoryIndex, SkippedEntry};
use crate::charts::version::VersionError;

/// What the parser of YAML may do at most: enough for some 64 MiB of index. To keep the last of two equal keys, it would
/// have to hold the whole index in memory.
fn options() -> serde_yaml::Options {
    serde_yaml::options! {
        budget: serde_yaml::budget! {
            max_events: 16_000_000,
            max_nodes: 16_000_000,
        },
        duplicate_keys: serde_yaml::options::DuplicateKeyPolicy::FirstWins,
    }
}

pub(super) fn parse(bytes: &[u8]) -> Result<(RepositoryIndex, Vec<SkippedEntry>), IndexError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let document = match serde_json::from_slice::<Document>(bytes) {
        Ok(document) => document,
        Err(_) => serde_yaml::from_slice_with_options(bytes, options())
            .map_err(|error| IndexError::Unreadable(Box::new(error)))?,
    };
    if document.api_version.as_ref().and_then(text).is_none_or(|version| version.is_empty()) {
        return Err(IndexError::NoApiVersion);
    }
    let mut skipped = Vec::new();
    let mut charts = BTreeMap::new();
    for (chart, entries) in document.entries.unwrap_or_default() {
        let mut good = Vec::new();
        for entry in entries.unwrap_or_default() {
            match entry.0 {
                Ok(entry) => good.push(entry),
                Err(reason) => skipped.push(SkippedEntry { chart: chart.clone(), reason }),
            }
        }
        charts.insert(chart, good);
    }
    Ok((RepositoryIndex { charts }, skipped))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    api_version: Option<Value>,
    entries: Option<BTreeMap<String, Option<Vec<RawEntry>>>>,
}

/// An entry in which anything may be wrong: that makes it a bad entry, not a bad index.
struct RawEntry(Result<Entry, String>);

impl<'de> Deserialize<'de> for RawEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(|value| Self(check(&value)))
    }
}

fn check(entry: &Value) -> Result<Entry, String> {
    if !entry.is_object() {
        return Err("it is empty".to_owned());
    }
    let field = |name: &str| entry.get(name).and_then(text);
    if field("name").is_none_or(|name| name.is_empty()) {
        return Err("it has no name".to_owned());
    }
    let version = field("version").ok_or("it has no version")?;
    let version = version.parse().map_err(|error: VersionError| error.to_string())?;
    let kind = field("type").unwrap_or_default();
    if !matches!(kind.as_str(), "" | "application" | "library") {
        return Err(format!("`{}` is no type of a chart", kind.chars().take(80).collect::<String>()));
    }
    let digest = field("digest").unwrap_or_default().to_ascii_lowercase();
    let digest = manifests::Digest::from_hex(digest.strip_prefix("sha256:").unwrap_or(&digest)).ok();
    let urls = entry.get("urls").and_then(Value::as_array).into_iter().flatten().filter_map(text).collect();
    Ok(Entry { version, urls, digest })
}

/// A text, or a scalar that somebody forgot to quote.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
