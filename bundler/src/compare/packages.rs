//! What changed among packages.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::contents::PackageKey;
use super::{Change, Contents};

/// A package that came, went or has another version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PackageChange {
    /// What happened.
    pub change: Change,
    /// The series.
    pub series: String,
    /// The package's name.
    pub name: String,
    /// The package's architecture.
    pub architecture: String,
    /// The version on the earlier side; several, where it carries several, with `, ` between them.
    pub from: Option<String>,
    /// The version on the later side.
    pub to: Option<String>,
    /// Its bytes on the earlier side.
    pub from_size: Option<u64>,
    /// Its bytes on the later side.
    pub to_size: Option<u64>,
}

/// All packages that came, went or changed, in the order of series, names and architectures.
pub(super) fn changes(from: &Contents, to: &Contents) -> Vec<PackageChange> {
    let keys: BTreeSet<&PackageKey> = from.packages.keys().chain(to.packages.keys()).collect();
    let changed = |key: &PackageKey| {
        let (before, after) = (from.packages.get(key), to.packages.get(key));
        let versions = |side: Option<&BTreeMap<String, u64>>| side.map(|side| side.keys().cloned().collect::<Vec<_>>());
        let change = Change::between(versions(before).as_ref(), versions(after).as_ref())?;
        let size = |side: Option<&BTreeMap<String, u64>>| side.map(|side| side.values().sum());
        let (series, name, architecture) = key.clone();
        Some(PackageChange {
            change,
            series,
            name,
            architecture,
            from: versions(before).map(|versions| versions.join(", ")),
            to: versions(after).map(|versions| versions.join(", ")),
            from_size: size(before),
            to_size: size(after),
        })
    };
    keys.into_iter().filter_map(changed).collect()
}
