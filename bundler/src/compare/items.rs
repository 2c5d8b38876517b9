//! What changed among images and charts, and among the artifacts of bundles.

use std::collections::BTreeMap;

use manifests::Digest;
use serde::Serialize;

use super::{Change, Contents};

/// An item that came, went or changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ItemChange {
    /// What happened.
    pub change: Change,
    /// `image`, `chart`; between two bundles also `files`, `packages`, `mirror`.
    pub kind: String,
    /// The name without a tag.
    pub name: String,
    /// The tag (or digest) on the earlier side.
    pub from: Option<String>,
    /// The tag (or digest) on the later side. Where the tag is the same, both carry the content's digest too.
    pub to: Option<String>,
    /// Bytes of it on the earlier side, where that is known.
    pub from_size: Option<u64>,
    /// Bytes of it on the later side, where that is known.
    pub to_size: Option<u64>,
}

/// Content and size of each tag of one name.
type Tags = BTreeMap<String, (Digest, Option<u64>)>;

/// All items that came, went or changed, in the order of kinds and names.
pub(super) fn changes(from: &Contents, to: &Contents) -> Vec<ItemChange> {
    let mut names: BTreeMap<(&str, &str), [Tags; 2]> = BTreeMap::new();
    // A lock has no sets: what is in them is compared one by one.
    let any = !from.is_lock() && !to.is_lock();
    for (side, contents) in [from, to].into_iter().enumerate() {
        for item in contents.items.iter().filter(|item| any || matches!(item.kind.as_str(), "image" | "chart")) {
            let tags = names.entry((&item.kind, &item.name)).or_default();
            tags[side].insert(item.tag.clone(), (item.digest, item.size));
        }
    }
    names.iter().flat_map(|((kind, name), tags)| of_name(kind, name, tags)).collect()
}

fn of_name(kind: &str, name: &str, [old, new]: &[Tags; 2]) -> Vec<ItemChange> {
    let change = |change, from: Option<&str>, to: Option<&str>| ItemChange {
        change,
        kind: kind.to_owned(),
        name: name.to_owned(),
        from: from.map(str::to_owned),
        to: to.map(str::to_owned),
        from_size: from.and_then(|tag| old.get(tag)?.1),
        to_size: to.and_then(|tag| new.get(tag)?.1),
    };
    let gone: Vec<&str> = old.keys().filter(|tag| !new.contains_key(*tag)).map(String::as_str).collect();
    let come: Vec<&str> = new.keys().filter(|tag| !old.contains_key(*tag)).map(String::as_str).collect();
    let mut changes = Vec::new();
    for (tag, (before, _)) in old {
        if let Some((after, _)) = new.get(tag).filter(|(after, _)| after != before) {
            let shown = |digest: &Digest| Some(format!("{tag} ({})", digest.short()));
            let moved = change(Change::Changed, Some(tag), Some(tag));
            changes.push(ItemChange { from: shown(before), to: shown(after), ..moved });
        }
    }
    // One tag for another is a new version of the same thing.
    if let ([from], [to]) = (gone.as_slice(), come.as_slice()) {
        changes.push(change(Change::Changed, Some(from), Some(to)));
        return changes;
    }
    changes.extend(gone.into_iter().map(|tag| change(Change::Removed, Some(tag), None)));
    changes.extend(come.into_iter().map(|tag| change(Change::Added, None, Some(tag))));
    changes
}
