//! What a version needs and what it is against, and which versions count for that.

use manifests::debian::{MultiArch, Operator, Qualifier, Relation, parse_relations};

use super::universe::{ArchitectureId, NameId, PackageId, Universe, VersionId};

/// A relation of a version to others.
#[derive(Debug, Clone)]
pub(super) struct Dependency<'t> {
    pub(super) kind: Kind,
    /// One of these has to hold; of a negative one there is only one. None, where the relation can't be read.
    pub(super) alternatives: Vec<Atom<'t>>,
}

/// What a relation says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    PreDepends,
    Depends,
    Recommends,
    Conflicts,
    Breaks,
    /// Of versions that are not `Multi-Arch: same`: no other architecture's.
    OtherArchitecture,
    /// Of versions that are: no other architecture's of another version.
    Lockstep,
}

impl Kind {
    /// Whether it is against something.
    pub(super) fn is_negative(self) -> bool {
        matches!(self, Self::Conflicts | Self::Breaks | Self::OtherArchitecture | Self::Lockstep)
    }

    /// Whether it is needed to work at all.
    pub(super) fn is_critical(self) -> bool {
        self != Self::Recommends
    }

    fn is_implicit(self) -> bool {
        matches!(self, Self::OtherArchitecture | Self::Lockstep)
    }
}

/// A name with what is asked of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Atom<'t> {
    pub(super) relation: Relation<'t>,
    name: Option<NameId>,
}

impl<'t> Universe<'t> {
    /// The relations of a version that decide whether it can be installed, in apt's order.
    pub(super) fn read_relations(&self, version: VersionId) -> Vec<Dependency<'t>> {
        let package = self.package_of(version);
        let mut dependencies = Vec::new();
        for (kind, text) in [
            (Kind::PreDepends, package.pre_depends),
            (Kind::Depends, package.depends),
            (Kind::Conflicts, package.conflicts),
            (Kind::Breaks, package.breaks),
            (Kind::Recommends, package.recommends),
        ] {
            let Ok(relations) = parse_relations(text) else {
                // Nothing meets what can't be read, so nobody gets this version.
                dependencies.push(Dependency { kind: Kind::Depends, alternatives: Vec::new() });
                continue;
            };
            for alternatives in relations {
                let atoms = alternatives.relations().iter().map(|relation| self.atom(*relation));
                dependencies.push(Dependency { kind, alternatives: atoms.collect() });
            }
        }
        if self.is_multi_arch() {
            dependencies.push(self.implicit(version));
        }
        dependencies
    }

    fn atom(&self, relation: Relation<'t>) -> Atom<'t> {
        Atom { relation, name: self.find_name(relation.name) }
    }

    /// What apt adds to each version: one architecture at a time, or all in lockstep.
    fn implicit(&self, version: VersionId) -> Dependency<'t> {
        let entry = self.version(version);
        let name = self.package_of(version).name;
        let same = entry.multi_arch == MultiArch::Same;
        let kind = if same { Kind::Lockstep } else { Kind::OtherArchitecture };
        Dependency {
            kind,
            alternatives: vec![self.atom(Relation { name, qualifier: Qualifier::None, constraint: None })],
        }
    }

    /// Every version that counts for an atom of `owner`: those that satisfy it or, of a negative relation, those that it
    /// is against.
    pub(super) fn targets(&self, owner: VersionId, kind: Kind, atom: &Atom<'t>) -> Vec<VersionId> {
        let mut found = Vec::new();
        let Some(name) = atom.name else { return found };
        let reach = Reach::of(self, owner, kind, atom);
        for package in self.packages_named(name) {
            for version in self.versions_of(*package) {
                if reach.includes(*version) && reach.fits(*version) {
                    found.push(*version);
                }
            }
        }
        for provide in self.provides_of(name) {
            if reach.includes_provider(provide.by)
                && reach.fits_provided(provide.version)
                && !found.contains(&provide.by)
            {
                found.push(provide.by);
            }
        }
        found
    }
}

/// Which versions an atom can be about.
struct Reach<'a, 't> {
    universe: &'a Universe<'t>,
    owner: VersionId,
    kind: Kind,
    relation: &'a Relation<'t>,
    package: PackageId,
    /// Of a positive relation: the architecture that is asked for.
    architecture: Option<ArchitectureId>,
}

impl<'a, 't> Reach<'a, 't> {
    fn of(universe: &'a Universe<'t>, owner: VersionId, kind: Kind, atom: &'a Atom<'t>) -> Self {
        let package = universe.version(owner).package;
        let architecture = match atom.relation.qualifier {
            Qualifier::None => Some(universe.architecture_of(package)),
            Qualifier::Any => None,
            Qualifier::Native => Some(ArchitectureId::NATIVE),
            Qualifier::Architecture(architecture) => universe.architecture_named(architecture),
        };
        Self { universe, owner, kind, relation: &atom.relation, package, architecture }
    }

    fn includes(&self, version: VersionId) -> bool {
        let entry = self.universe.version(version);
        let architecture = self.universe.architecture_of(entry.package);
        if self.kind.is_negative() {
            return self.is_against(entry.package, architecture);
        }
        match self.relation.qualifier {
            Qualifier::None => Some(architecture) == self.architecture || entry.multi_arch == MultiArch::Foreign,
            Qualifier::Any => entry.multi_arch == MultiArch::Allowed,
            Qualifier::Native | Qualifier::Architecture(_) => Some(architecture) == self.architecture,
        }
    }

    /// A package is never against itself, and one that is `Multi-Arch: same` only by the implicit rule against its
    /// siblings.
    fn is_against(&self, package: PackageId, architecture: ArchitectureId) -> bool {
        let asked = match self.relation.qualifier {
            Qualifier::None | Qualifier::Any => true,
            Qualifier::Native | Qualifier::Architecture(_) => Some(architecture) == self.architecture,
        };
        let sibling = self.universe.name_of(package) == self.universe.name_of(self.package);
        let same = self.universe.version(self.owner).multi_arch == MultiArch::Same;
        asked && package != self.package && !(sibling && same && !self.kind.is_implicit())
    }

    fn includes_provider(&self, version: VersionId) -> bool {
        let entry = self.universe.version(version);
        if self.kind.is_negative() {
            let sibling = self.universe.name_of(entry.package) == self.universe.name_of(self.package);
            return !sibling && !self.kind.is_implicit();
        }
        self.includes(version)
    }

    fn fits(&self, version: VersionId) -> bool {
        let text = self.universe.version(version).version;
        match self.kind {
            Kind::Lockstep => !Operator::Equal.holds(text, self.universe.version(self.owner).version),
            _ => self.relation.accepts(text),
        }
    }

    /// Who provides no version satisfies only those that ask for none.
    fn fits_provided(&self, version: Option<&str>) -> bool {
        match (self.relation.constraint, version) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some((operator, bound)), Some(version)) => operator.holds(version, bound),
        }
    }
}
