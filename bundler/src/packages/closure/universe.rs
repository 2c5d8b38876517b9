//! All packages of all pockets, and what a profile has installed.
//!
//! It is built as apt builds its cache, down to the numbers: where apt has no reason to prefer one provider of a virtual
//! package to another, it takes the one with the highest number, and packages are numbered in the order in which the
//! indexes first mention them. Texts are slices of the indexes; relations are read when somebody asks for them.

use std::borrow::Cow;
use std::collections::HashMap;

use manifests::Digest;
use manifests::debian::{Architecture, MultiArch, Package, Stanza};

mod builder;
mod error;
mod mentions;

pub use builder::UniverseBuilder;
pub use error::IndexError;

/// A package: a name and an architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageId(u32);

/// A version of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionId(u32);

/// A name that a package has, or that is provided, or only asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct NameId(u32);

/// dpkg's importance of packages that no system lacks: `required`.
const REQUIRED: u8 = 1;

/// An architecture by its place: 0 is the native one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ArchitectureId(u8);

impl ArchitectureId {
    /// The system's own architecture, which packages for `all` belong to.
    pub(super) const NATIVE: Self = Self(0);
    /// The place of names such as `python3:any`, which no package has.
    const ANY: Self = Self(u8::MAX);
}

impl PackageId {
    pub(super) fn from_raw(raw: u32) -> Self {
        Self(raw)
    }

    pub(super) fn raw(self) -> u32 {
        self.0
    }

    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

impl VersionId {
    pub(super) fn from_raw(raw: u32) -> Self {
        Self(raw)
    }

    pub(super) fn raw(self) -> u32 {
        self.0
    }

    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Where an index comes from, and how much apt prefers what it lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pocket {
    /// What a person calls it: `bookworm-updates main of https://archive.example.org/debian`.
    pub description: String,
    /// The priority of its packages: a pin, or [`manifests::debian::Release::priority`].
    pub priority: i16,
    /// What the caller knows it by, such as its place in a list of repositories.
    pub tag: usize,
}

/// All packages that can be had, for systems of one native architecture.
#[derive(Debug, Clone)]
pub struct Universe<'t> {
    architectures: Vec<Architecture>,
    by_name: HashMap<Cow<'t, str>, NameId>,
    names: Vec<Name<'t>>,
    packages: Vec<PackageEntry>,
    versions: Vec<VersionEntry<'t>>,
    pockets: Vec<Pocket>,
}

#[derive(Debug, Clone)]
struct Name<'t> {
    text: Cow<'t, str>,
    packages: Vec<PackageId>,
    provides: Vec<Provide<'t>>,
}

#[derive(Debug, Clone)]
struct PackageEntry {
    name: NameId,
    architecture: ArchitectureId,
    /// The highest first.
    versions: Vec<VersionId>,
    essential: bool,
    protected: bool,
}

/// A version that is provided under another name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Provide<'t> {
    pub(super) by: VersionId,
    pub(super) version: Option<&'t str>,
}

#[derive(Debug, Clone)]
pub(super) struct VersionEntry<'t> {
    pub(super) package: PackageId,
    pub(super) version: &'t str,
    pub(super) multi_arch: MultiArch,
    /// dpkg's priority, from 1 for `required` to 5 for `extra`, and 0 for none.
    pub(super) importance: u8,
    /// The highest pin of all pockets that have it.
    pub(super) priority: i16,
    /// The pocket with that pin; none of what is only installed.
    pub(super) pocket: Option<usize>,
    pub(super) stanza: Stanza<'t>,
}

impl<'t> Universe<'t> {
    /// Begins a universe for systems whose own architecture is `native`, and that also take packages of `foreign` ones.
    pub fn builder(native: Architecture, foreign: Vec<Architecture>) -> UniverseBuilder<'t> {
        UniverseBuilder::new(native, foreign)
    }

    /// The system's own architecture.
    pub fn native(&self) -> &Architecture {
        &self.architectures[0]
    }

    /// All architectures, the system's own first.
    pub fn architectures(&self) -> &[Architecture] {
        &self.architectures
    }

    /// How many versions there are.
    pub fn len(&self) -> usize {
        self.versions.len()
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.versions.is_empty()
    }

    /// The pocket that a version comes from; none for what is only installed.
    pub fn pocket(&self, version: VersionId) -> Option<&Pocket> {
        self.version(version).pocket.map(|pocket| &self.pockets[pocket])
    }

    /// The stanza of a version with its types.
    ///
    /// # Panics
    /// Never: it was parsed when it was added.
    pub fn package_of(&self, version: VersionId) -> Package<'t> {
        let parsed = Package::parse(&self.version(version).stanza);
        parsed.unwrap_or_else(|_| unreachable!("a stanza that was parsed before"))
    }

    /// The stanza of a version as upstream wrote it.
    pub fn stanza(&self, version: VersionId) -> &'t [u8] {
        self.version(version).stanza.text()
    }

    /// The name and, where it is not the system's own, the architecture: `libc6`, `libc6:i386`.
    pub fn display(&self, package: PackageId) -> String {
        let entry = &self.packages[package.index()];
        let name = &self.name(entry.name).text;
        match self.architectures.get(usize::from(entry.architecture.0)) {
            Some(architecture) if entry.architecture != ArchitectureId::NATIVE => format!("{name}:{architecture}"),
            _ => name.to_string(),
        }
    }

    /// The version of this text and digest.
    pub fn exactly(&self, name: &str, version: &str, architecture: &Architecture, digest: Digest) -> Option<VersionId> {
        let package = self.find(name, self.architecture_named(architecture.as_str())?)?;
        let is_it = |id: &VersionId| {
            let found = self.package_of(*id);
            found.version == version && found.architecture == architecture.as_str() && found.sha256 == Some(digest)
        };
        self.versions_of(package).iter().copied().find(is_it)
    }

    /// Names that are close to one that does not exist.
    pub fn similar(&self, name: &str) -> Vec<String> {
        let has_versions =
            |name: &&Name<'_>| name.packages.iter().any(|package| !self.versions_of(*package).is_empty());
        let close = |text: &str| text.contains(name) || (text.len() > 3 && name.contains(text));
        let mut names: Vec<&Name<'_>> =
            self.names.iter().filter(|name| close(&name.text)).filter(has_versions).collect();
        names.sort_by_key(|similar| (similar.text.len().abs_diff(name.len()), similar.text.clone()));
        names.iter().take(5).map(|name| name.text.to_string()).collect()
    }

    /// The package of a name and an architecture.
    pub(super) fn find(&self, name: &str, architecture: ArchitectureId) -> Option<PackageId> {
        self.package_named(self.find_name(name)?, architecture)
    }

    pub(super) fn find_name(&self, name: &str) -> Option<NameId> {
        self.by_name.get(name).copied()
    }

    pub(super) fn architecture_named(&self, architecture: &str) -> Option<ArchitectureId> {
        let native = || self.architectures.iter().position(|known| known.as_str() == architecture);
        let index = if architecture == "all" { 0 } else { native()? };
        u8::try_from(index).ok().map(ArchitectureId)
    }

    /// Whether several architectures are in play.
    pub(super) fn is_multi_arch(&self) -> bool {
        self.architectures.len() > 1
    }

    pub(super) fn packages(&self) -> impl Iterator<Item = PackageId> + use<> {
        (0..u32::try_from(self.packages.len()).unwrap_or(u32::MAX)).map(PackageId)
    }

    pub(super) fn packages_named(&self, name: NameId) -> &[PackageId] {
        &self.name(name).packages
    }

    pub(super) fn provides_of(&self, name: NameId) -> &[Provide<'t>] {
        &self.name(name).provides
    }

    /// A package's versions, the highest first.
    pub(super) fn versions_of(&self, package: PackageId) -> &[VersionId] {
        &self.packages[package.index()].versions
    }

    pub(super) fn version(&self, version: VersionId) -> &VersionEntry<'t> {
        &self.versions[version.index()]
    }

    pub(super) fn name_of(&self, package: PackageId) -> NameId {
        self.packages[package.index()].name
    }

    pub(super) fn architecture_of(&self, package: PackageId) -> ArchitectureId {
        self.packages[package.index()].architecture
    }

    pub(super) fn is_essential(&self, package: PackageId) -> bool {
        self.packages[package.index()].essential
    }

    pub(super) fn is_protected(&self, package: PackageId) -> bool {
        self.packages[package.index()].protected
    }

    /// Whether no system lacks a package, when this is a version of it: not even one that does not boot by itself.
    /// `Protected` says nothing of that: it is on what a system that has it must not lose.
    pub(super) fn is_on_every_system(&self, version: VersionId) -> bool {
        let entry = self.version(version);
        self.is_essential(entry.package) || entry.importance == REQUIRED
    }

    fn name(&self, name: NameId) -> &Name<'t> {
        &self.names[name.0 as usize]
    }

    fn package_named(&self, name: NameId, architecture: ArchitectureId) -> Option<PackageId> {
        self.name(name).packages.iter().copied().find(|package| self.architecture_of(*package) == architecture)
    }
}
