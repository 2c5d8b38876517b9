//! What changed among the packages of two bundles.

use std::collections::{BTreeMap, BTreeSet};

use manifests::Document;
use serde::Serialize;

use super::Change;

/// A package that came, went or has another version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PackageChange {
    /// What happened.
    pub change: Change,
    /// The series.
    pub series: String,
    /// The package's name.
    pub name: String,
    /// The package's architecture.
    pub architecture: String,
    /// The version in the earlier bundle; several, where it carries several, with `, ` between them.
    pub from: Option<String>,
    /// The version in the later bundle.
    pub to: Option<String>,
}

/// Series, name and architecture.
type Key = (String, String, String);

/// All packages that came, went or changed, in the order of series, names and architectures.
pub(super) fn changes(from: &Document, to: &Document) -> Vec<PackageChange> {
    let (old, new) = (versions(from), versions(to));
    let keys: BTreeSet<&Key> = old.keys().chain(new.keys()).collect();
    let shown = |versions: Option<&Vec<String>>| versions.map(|versions| versions.join(", "));
    let changed = |key: &Key| {
        let (from, to) = (shown(old.get(key)), shown(new.get(key)));
        let change = match (&from, &to) {
            (Some(from), Some(to)) if from == to => return None,
            (Some(_), Some(_)) => Change::Changed,
            (Some(_), None) => Change::Removed,
            (None, _) => Change::Added,
        };
        let (series, name, architecture) = key.clone();
        Some(PackageChange { change, series, name, architecture, from, to })
    };
    keys.into_iter().filter_map(changed).collect()
}

fn versions(document: &Document) -> BTreeMap<Key, Vec<String>> {
    let mut versions: BTreeMap<Key, Vec<String>> = BTreeMap::new();
    for set in document.items.iter().filter_map(|item| item.as_packages()) {
        for package in &set.packages {
            let key = (set.series.to_string(), package.name.to_string(), package.architecture.to_string());
            versions.entry(key).or_default().push(package.version.to_string());
        }
    }
    versions
}
