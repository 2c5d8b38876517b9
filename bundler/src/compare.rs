//! What changed from one bundle or lock to another.

mod advisories;
mod contents;
mod items;
mod licences;
mod mirrors;
mod packages;
mod rows;
mod sizes;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use manifests::{BundleName, Digest};
use serde::Serialize;

pub use advisories::{AdvisoryChange, AdvisoryChanges};
pub use contents::Contents;
pub use items::ItemChange;
pub use licences::LicenceChange;
pub use mirrors::{Figures, MirrorChange};
pub use packages::PackageChange;
pub(crate) use rows::in_short;
pub use rows::{Row, rows, rows_of_inside};
pub use sizes::Sizes;

/// What changed from one bundle or lock to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// The earlier side.
    pub from: Version,
    /// The later side.
    pub to: Version,
    /// Components that came, went or ask for something else, by name.
    pub components: Vec<ComponentChange>,
    /// Items that came, went or changed, by kind and name.
    pub items: Vec<ItemChange>,
    /// Files that came, went or changed, by component and path.
    pub files: Vec<FileChange>,
    /// Packages that came, went or changed, by series, name and architecture.
    pub packages: Vec<PackageChange>,
    /// Mirrors that came, went or have other packages, by name.
    pub mirrors: Vec<MirrorChange>,
    /// Whether the images of both sides were looked into: else licences are those that images and charts name, and nothing is
    /// known of packages inside.
    pub looked_into: bool,
    /// Licences that came or went; none where one side is a lock, which knows of none.
    pub licences: Option<Vec<LicenceChange>>,
    /// Advisories that are new or gone; none where no database was asked.
    pub advisories: Option<AdvisoryChanges>,
    /// What the later bundle has to bring along; none where one side is a lock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carry: Option<Carry>,
}

/// Names a bundle or a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Version {
    /// The name of the stack.
    pub name: BundleName,
    /// The bundle's version; none for a lock, which is of none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// What happened to an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// Only the later side has it.
    Added,
    /// Only the earlier side has it.
    Removed,
    /// Both have it, with other content or another version.
    Changed,
}

/// A component that came, went or asks for something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ComponentChange {
    /// What happened.
    pub change: Change,
    /// Its name.
    pub name: String,
}

/// A file that came, went or changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FileChange {
    /// What happened.
    pub change: Change,
    /// Its component.
    pub component: String,
    /// Its path.
    pub path: String,
    /// Its digest on the earlier side.
    pub from: Option<Digest>,
    /// Its digest on the later side.
    pub to: Option<Digest>,
    /// Its bytes on the earlier side.
    pub from_size: Option<u64>,
    /// Its bytes on the later side.
    pub to_size: Option<u64>,
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
    /// Compares two sides.
    pub fn between(from: &Contents, to: &Contents) -> Self {
        Self {
            from: Version::of(from),
            to: Version::of(to),
            components: components(from, to),
            items: items::changes(from, to),
            files: files(from, to),
            packages: packages::changes(from, to),
            mirrors: mirrors::changes(from, to),
            looked_into: from.looked_into && to.looked_into,
            licences: licences::changes(from, to),
            advisories: advisories::changes(from, to),
            carry: from.blobs.as_ref().zip(to.blobs.as_ref()).map(|(old, new)| carry(old, new)),
        }
    }

    /// Whether both sides are the same.
    pub fn is_empty(&self) -> bool {
        let Self { components, items, files, packages, mirrors, .. } = self;
        components.is_empty() && items.is_empty() && files.is_empty() && packages.is_empty() && mirrors.is_empty()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Some(version) => write!(f, "{} {version}", self.name),
            None => write!(f, "{} (lock)", self.name),
        }
    }
}

impl Version {
    fn of(contents: &Contents) -> Self {
        Self { name: contents.name.clone(), version: contents.version.clone() }
    }
}

impl Change {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }

    /// From one side to the other; none where both are the same, or nothing.
    pub(crate) fn between<T: PartialEq>(before: Option<&T>, after: Option<&T>) -> Option<Self> {
        match (before, after) {
            (None, None) => None,
            (Some(before), Some(after)) if before == after => None,
            (Some(_), Some(_)) => Some(Self::Changed),
            (Some(_), None) => Some(Self::Removed),
            (None, Some(_)) => Some(Self::Added),
        }
    }
}

fn components(from: &Contents, to: &Contents) -> Vec<ComponentChange> {
    let names: BTreeSet<&String> = from.components.keys().chain(to.components.keys()).collect();
    let changed = |name: &String| {
        let change = Change::between(from.components.get(name), to.components.get(name))?;
        Some(ComponentChange { change, name: name.clone() })
    };
    names.into_iter().filter_map(changed).collect()
}

fn files(from: &Contents, to: &Contents) -> Vec<FileChange> {
    let keys: BTreeSet<&(String, String)> = from.files.keys().chain(to.files.keys()).collect();
    let changed = |key: &(String, String)| {
        let (before, after) = (from.files.get(key), to.files.get(key));
        let change = Change::between(before, after)?;
        let (component, path) = key.clone();
        let digest = |side: Option<&(Digest, u64)>| side.map(|(digest, _)| *digest);
        let size = |side: Option<&(Digest, u64)>| side.map(|(_, size)| *size);
        let (from, to, from_size, to_size) = (digest(before), digest(after), size(before), size(after));
        Some(FileChange { change, component, path, from, to, from_size, to_size })
    };
    keys.into_iter().filter_map(changed).collect()
}

fn carry(old: &BTreeMap<Digest, u64>, new: &BTreeMap<Digest, u64>) -> Carry {
    let mut carry = Carry::default();
    for (digest, size) in new {
        let (blobs, bytes) = if old.contains_key(digest) {
            (&mut carry.shared_blobs, &mut carry.shared_bytes)
        } else {
            (&mut carry.blobs, &mut carry.bytes)
        };
        *blobs += 1;
        *bytes += size;
    }
    for size in old.iter().filter(|(digest, _)| !new.contains_key(digest)).map(|(_, size)| size) {
        carry.dropped_blobs += 1;
        carry.dropped_bytes += size;
    }
    carry
}
