//! Reads indexes into a universe.

use std::borrow::Cow;
use std::collections::HashMap;

use manifests::debian::version::compare;
use manifests::debian::{Architecture, MultiArch, Package, Qualifier, Stanza, Stanzas, parse_relations};

use super::mentions::names;
use super::{
    ArchitectureId, IndexError, Name, NameId, PackageEntry, PackageId, Pocket, Provide, Universe, VersionEntry,
    VersionId,
};

/// How many versions are read: Debian and Ubuntu have some 70 000 in all.
const MAX_VERSIONS: usize = 2_000_000;

/// The priority of what is installed (`apt_preferences(5)`).
const INSTALLED: i16 = 100;

/// A universe that indexes are added to.
#[derive(Debug)]
pub struct UniverseBuilder<'t> {
    universe: Universe<'t>,
}

impl<'t> UniverseBuilder<'t> {
    pub(super) fn new(native: Architecture, foreign: Vec<Architecture>) -> Self {
        let mut architectures = vec![native];
        for architecture in foreign {
            if !architectures.contains(&architecture) && architectures.len() < usize::from(u8::MAX) {
                architectures.push(architecture);
            }
        }
        let universe = Universe {
            architectures,
            by_name: HashMap::new(),
            names: Vec::new(),
            packages: Vec::new(),
            versions: Vec::new(),
            pockets: Vec::new(),
        };
        Self { universe }
    }

    /// Adds the packages of a `Packages` index. Indexes are added in the order of a node's sources, which decides where
    /// nothing else does.
    ///
    /// # Errors
    /// [`IndexError`] when it can't be read. The universe is of no use then.
    pub fn add_index(&mut self, text: &'t [u8], pocket: Pocket) -> Result<(), IndexError> {
        let description = pocket.description.clone();
        let place = self.universe.pockets.len();
        self.universe.pockets.push(pocket);
        for stanza in Stanzas::new(text) {
            let stanza = stanza.map_err(|source| IndexError::Control { pocket: description.clone(), source })?;
            self.universe.add(&stanza, Some(place), &description)?;
        }
        Ok(())
    }

    /// The universe.
    pub fn finish(self) -> Universe<'t> {
        self.universe
    }
}

impl<'t> Universe<'t> {
    /// Adds a package of an index or, without a pocket, one that is installed. Gives its version; none when the package
    /// is for another architecture.
    pub(in crate::packages::closure) fn add(
        &mut self,
        stanza: &Stanza<'t>,
        pocket: Option<usize>,
        description: &str,
    ) -> Result<Option<VersionId>, IndexError> {
        let failed = |source| IndexError::Package { pocket: description.to_owned(), source };
        let package = Package::parse(stanza).map_err(failed)?;
        if package.status.is_some_and(|status| !status.state.has_files()) {
            return Ok(None);
        }
        let Some(architecture) = self.architecture_named(package.architecture) else { return Ok(None) };
        if self.versions.len() >= MAX_VERSIONS {
            return Err(IndexError::TooMany(MAX_VERSIONS));
        }
        let id = self.package(Cow::Borrowed(package.name), architecture);
        self.packages[id.index()].essential |= package.essential;
        self.packages[id.index()].protected |= package.protected;
        let priority = pocket.map_or(INSTALLED, |pocket| self.pockets[pocket].priority);
        let (place, same) = self.place_of(id, &package, stanza);
        if let Some(same) = same {
            self.seen_again(same, pocket, priority, stanza);
            return Ok(Some(same));
        }
        let version = VersionId(u32::try_from(self.versions.len()).unwrap_or(u32::MAX));
        self.versions.push(VersionEntry {
            package: id,
            version: package.version,
            multi_arch: package.multi_arch,
            importance: importance(package.priority),
            priority,
            pocket,
            stanza: *stanza,
        });
        self.packages[id.index()].versions.insert(place, version);
        self.mention_all(&package, architecture);
        self.provide(version, &package, architecture).map_err(|source| IndexError::Provides {
            pocket: description.to_owned(),
            line: package.line,
            package: package.name.to_owned(),
            source,
        })?;
        Ok(Some(version))
    }

    /// Where a version belongs among those of its package, or the one that it is.
    fn place_of(&self, id: PackageId, package: &Package<'t>, stanza: &Stanza<'t>) -> (usize, Option<VersionId>) {
        let versions = self.versions_of(id);
        for (place, known) in versions.iter().enumerate() {
            match compare(package.version, self.version(*known).version) {
                std::cmp::Ordering::Greater => return (place, None),
                std::cmp::Ordering::Equal if self.is_same(*known, package, stanza) => return (place, Some(*known)),
                _ => {}
            }
        }
        (versions.len(), None)
    }

    /// Whether two stanzas of one version are one package: a third-party archive may have built it anew. The digest says
    /// it, and for what is installed, which has none, what it depends on: this is how apt tells them apart as well.
    fn is_same(&self, known: VersionId, package: &Package<'t>, stanza: &Stanza<'t>) -> bool {
        let known = &self.version(known).stanza;
        if known == stanza {
            return true;
        }
        let Ok(known) = Package::parse(known) else { return false };
        let plain = |text: &str| text.split_ascii_whitespace().collect::<String>();
        match (known.sha256, package.sha256) {
            (Some(one), Some(other)) => one == other,
            _ => [
                (known.version, package.version),
                (known.depends, package.depends),
                (known.pre_depends, package.pre_depends),
                (known.conflicts, package.conflicts),
                (known.breaks, package.breaks),
            ]
            .into_iter()
            .all(|(one, other)| one == other || plain(one) == plain(other)),
        }
    }

    fn seen_again(&mut self, version: VersionId, pocket: Option<usize>, priority: i16, stanza: &Stanza<'t>) {
        let entry = &mut self.versions[version.index()];
        if pocket.is_some() && (entry.pocket.is_none() || priority > entry.priority) {
            entry.pocket = pocket;
            entry.stanza = *stanza;
        }
        entry.priority = entry.priority.max(priority);
    }

    /// Numbers the packages that a package's relations mention, in apt's order.
    fn mention_all(&mut self, package: &Package<'t>, own: ArchitectureId) {
        for (relations, negative) in [
            (package.pre_depends, false),
            (package.depends, false),
            (package.conflicts, true),
            (package.breaks, true),
            (package.recommends, false),
            (package.suggests, false),
            (package.replaces, true),
            (package.enhances, false),
        ] {
            for name in names(relations) {
                self.mention(name, own, negative);
            }
        }
    }

    fn mention(&mut self, name: &'t str, own: ArchitectureId, negative: bool) {
        let specific = name.contains(':');
        let architecture = if specific { ArchitectureId::ANY } else { own };
        // Who is against a name is against it on every architecture, and needs no package to be against.
        let known = || self.find_name(name).is_some_and(|name| !self.packages_named(name).is_empty());
        if !negative || (specific && !name.ends_with(":any")) || !known() {
            self.package(Cow::Borrowed(name), architecture);
        }
    }

    fn provide(
        &mut self,
        by: VersionId,
        package: &Package<'t>,
        own: ArchitectureId,
    ) -> Result<(), manifests::debian::relation::RelationError> {
        let allowed = package.multi_arch == MultiArch::Allowed;
        for alternatives in parse_relations(package.provides)? {
            for relation in alternatives.relations() {
                let version = relation.constraint.map(|(_, version)| version);
                let itself = relation.name == package.name && version.is_none_or(|version| version == package.version);
                if itself && relation.qualifier == Qualifier::None {
                    continue;
                }
                if allowed {
                    self.package(Cow::Owned(format!("{}:any", relation.name)), ArchitectureId::ANY);
                }
                let id = self.package(Cow::Borrowed(relation.name), own);
                let name = self.name_of(id);
                self.names[name.0 as usize].provides.push(Provide { by, version });
            }
        }
        if allowed {
            self.package(Cow::Owned(format!("{}:any", package.name)), ArchitectureId::ANY);
        }
        Ok(())
    }

    /// The package of a name and architecture, which gets the next number when it is new.
    fn package(&mut self, name: Cow<'t, str>, architecture: ArchitectureId) -> PackageId {
        let name = match self.by_name.get(&name) {
            Some(known) => *known,
            None => {
                let id = NameId(u32::try_from(self.names.len()).unwrap_or(u32::MAX));
                self.names.push(Name { text: name.clone(), packages: Vec::new(), provides: Vec::new() });
                self.by_name.insert(name, id);
                id
            }
        };
        if let Some(known) = self.package_named(name, architecture) {
            return known;
        }
        let id = PackageId(u32::try_from(self.packages.len()).unwrap_or(u32::MAX));
        self.packages.push(PackageEntry {
            name,
            architecture,
            versions: Vec::new(),
            essential: false,
            protected: false,
        });
        self.names[name.0 as usize].packages.push(id);
        id
    }
}

fn importance(priority: &str) -> u8 {
    match priority {
        "" => 0,
        "required" => 1,
        "important" => 2,
        "standard" => 3,
        "optional" => 4,
        _ => 5,
    }
}
