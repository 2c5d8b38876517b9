//! What changed from one bundle to another.

mod mirrors;
mod packages;

use std::collections::{BTreeMap, HashSet};

use manifests::{BundleName, Digest, Document, ImageReference};
use serde::Serialize;

pub use mirrors::{Figures, MirrorChange};
pub use packages::PackageChange;

/// What changed from one bundle to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The earlier bundle.
    pub from: Version,
    /// The later bundle.
    pub to: Version,
    /// Items that came, went or changed, by kind and name.
    pub items: Vec<ItemChange>,
    /// Packages that came, went or changed, by series, name and architecture.
    pub packages: Vec<PackageChange>,
    /// Mirrors that came, went or have other packages, by name.
    pub mirrors: Vec<MirrorChange>,
    /// What the later bundle has to bring along.
    pub carry: Carry,
}

/// Names a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Version {
    /// Its name.
    pub name: BundleName,
    /// Its version.
    pub version: String,
}

/// What happened to an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// Only the later bundle has it.
    Added,
    /// Only the earlier bundle has it.
    Removed,
    /// Both have it, with other content or another version.
    Changed,
}

/// An item that came, went or changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ItemChange {
    /// What happened.
    pub change: Change,
    /// `image`, `chart`, `files`, `packages`, `mirror`.
    pub kind: String,
    /// The name without a tag.
    pub name: String,
    /// The tag (or digest) in the earlier bundle.
    pub from: Option<String>,
    /// The tag (or digest) in the later bundle. Where the tag is the same, both carry the manifest's digest too.
    pub to: Option<String>,
}

/// Blobs to carry, by the sizes of their own bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Carry {
    /// Blobs that only the later bundle has.
    pub blobs: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Blobs that both have.
    pub shared_blobs: usize,
    /// Their bytes.
    pub shared_bytes: u64,
    /// Blobs that only the earlier bundle has.
    pub dropped_blobs: usize,
    /// Their bytes.
    pub dropped_bytes: u64,
}

impl Comparison {
    /// Compares two bundles by their documents.
    pub fn between(from: &Document, to: &Document) -> Self {
        let version =
            |document: &Document| Version { name: document.name.clone(), version: document.version.to_string() };
        let packages = packages::changes(from, to);
        let (items, mirrors, carry) = (items(from, to), mirrors::changes(from, to), carry(from, to));
        Self { from: version(from), to: version(to), items, packages, mirrors, carry }
    }
}

/// Tags and manifests of one name, in each bundle.
#[derive(Default)]
struct Tags([BTreeMap<String, Digest>; 2]);

fn items(from: &Document, to: &Document) -> Vec<ItemChange> {
    let mut names: BTreeMap<(String, String), Tags> = BTreeMap::new();
    for (side, document) in [from, to].into_iter().enumerate() {
        for item in &document.items {
            let (Some(reference), Some(descriptor)) = (item.reference(), item.descriptor()) else { continue };
            let (name, tag) = split(&reference);
            let tags = names.entry((item.kind().to_owned(), name)).or_default();
            tags.0[side].insert(tag, descriptor.digest);
        }
    }
    names.iter().flat_map(|((kind, name), tags)| changes(kind, name, tags)).collect()
}

fn split(reference: &str) -> (String, String) {
    match reference.parse::<ImageReference>() {
        Ok(parsed) => (parsed.repository().to_string(), parsed.manifest_name()),
        Err(_) => (reference.to_owned(), String::new()),
    }
}

fn changes(kind: &str, name: &str, Tags([old, new]): &Tags) -> Vec<ItemChange> {
    let change = |change, from, to| ItemChange { change, kind: kind.to_owned(), name: name.to_owned(), from, to };
    let gone: Vec<&String> = old.keys().filter(|tag| !new.contains_key(*tag)).collect();
    let come: Vec<&String> = new.keys().filter(|tag| !old.contains_key(*tag)).collect();
    let mut changes = Vec::new();
    for (tag, before) in old {
        if let Some(after) = new.get(tag).filter(|after| *after != before) {
            let shown = |digest: &Digest| Some(format!("{tag} ({})", digest.short()));
            changes.push(change(Change::Changed, shown(before), shown(after)));
        }
    }
    // One tag for another is a new version of the same thing.
    if let ([from], [to]) = (gone.as_slice(), come.as_slice()) {
        changes.push(change(Change::Changed, Some((*from).clone()), Some((*to).clone())));
        return changes;
    }
    changes.extend(gone.into_iter().map(|tag| change(Change::Removed, Some(tag.clone()), None)));
    changes.extend(come.into_iter().map(|tag| change(Change::Added, None, Some(tag.clone()))));
    changes
}

fn carry(from: &Document, to: &Document) -> Carry {
    let (old, new) = (digests(from), digests(to));
    let mut carry = Carry::default();
    for blob in &to.blobs {
        let (blobs, bytes) = if old.contains(&blob.digest) {
            (&mut carry.shared_blobs, &mut carry.shared_bytes)
        } else {
            (&mut carry.blobs, &mut carry.bytes)
        };
        *blobs += 1;
        *bytes += blob.size;
    }
    for blob in from.blobs.iter().filter(|blob| !new.contains(&blob.digest)) {
        carry.dropped_blobs += 1;
        carry.dropped_bytes += blob.size;
    }
    carry
}

fn digests(document: &Document) -> HashSet<Digest> {
    document.blobs.iter().map(|blob| blob.digest).collect()
}
