//! What changed among mirrors, in figures: their packages are in the artifacts, not in the documents.

use std::collections::BTreeSet;

use manifests::BundleName;
use serde::Serialize;

use super::{Change, Contents};

/// A mirror that came, went or has other packages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MirrorChange {
    /// What happened.
    pub change: Change,
    /// Its name.
    pub name: BundleName,
    /// What the earlier side has of it.
    pub from: Option<Figures>,
    /// What the later side has of it.
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
pub(super) fn changes(from: &Contents, to: &Contents) -> Vec<MirrorChange> {
    let names: BTreeSet<&BundleName> = from.mirrors.keys().chain(to.mirrors.keys()).collect();
    let changed = |name: &BundleName| {
        let (before, after) = (from.mirrors.get(name), to.mirrors.get(name));
        let change = Change::between(before, after)?;
        let figures = |side: Option<&(Vec<String>, Figures)>| side.map(|(_, figures)| *figures);
        Some(MirrorChange { change, name: name.clone(), from: figures(before), to: figures(after) })
    };
    names.into_iter().filter_map(changed).collect()
}
