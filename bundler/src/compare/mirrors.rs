//! What changed among the mirrors of two bundles, in figures: their packages are in the artifacts, not in the documents.

use std::collections::{BTreeMap, BTreeSet};

use manifests::{BundleName, Digest, Document};
use serde::Serialize;

use super::Change;

/// A mirror that came, went or has other packages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MirrorChange {
    /// What happened.
    pub change: Change,
    /// Its name.
    pub name: BundleName,
    /// What the earlier bundle has of it.
    pub from: Option<Figures>,
    /// What the later bundle has of it.
    pub to: Option<Figures>,
}

/// The packages of a mirror.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// How many.
    pub packages: u64,
    /// Their bytes.
    pub size: u64,
}

/// All mirrors that came, went or changed, in the order of their names.
pub(super) fn changes(from: &Document, to: &Document) -> Vec<MirrorChange> {
    let (old, new) = (mirrors(from), mirrors(to));
    let names: BTreeSet<&BundleName> = old.keys().chain(new.keys()).copied().collect();
    let changed = |name: &BundleName| {
        let (before, after) = (old.get(name), new.get(name));
        let change = match (before, after) {
            (Some(before), Some(after)) if before.0 == after.0 => return None,
            (Some(_), Some(_)) => Change::Changed,
            (Some(_), None) => Change::Removed,
            (None, _) => Change::Added,
        };
        let figures = |side: Option<&(Digest, Figures)>| side.map(|(_, figures)| *figures);
        Some(MirrorChange { change, name: name.clone(), from: figures(before), to: figures(after) })
    };
    names.into_iter().filter_map(changed).collect()
}

fn mirrors(document: &Document) -> BTreeMap<&BundleName, (Digest, Figures)> {
    let mirrors = document.items.iter().filter_map(|item| item.as_mirror());
    let figures = mirrors.map(|mirror| {
        let figures = Figures { packages: mirror.packages, size: mirror.size };
        (&mirror.name, (mirror.descriptor.digest, figures))
    });
    figures.collect()
}
