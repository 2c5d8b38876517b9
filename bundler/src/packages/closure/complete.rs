//! The complete solver: finds an installation if there is one, or what stands against it.
//!
//! A package is a name of resolvo, a version a solvable. A relation that several packages can satisfy is a union of
//! version sets, in apt's order of preference; a negative one constrains each package that it is against to its other
//! versions. What is installed is required to stay, in the same version or a later one.

use std::cell::RefCell;
use std::fmt::Display;

use manifests::debian::version::compare;
use resolvo::{
    Candidates, Condition, ConditionId, ConditionalRequirement, Dependencies, DependencyProvider, Interner,
    KnownDependencies, NameId, Requirement, SolvableId, Solver, SolverCache, StringId, UnsolvableOrCancelled,
    VersionSetId, VersionSetUnionId,
};

use super::explain::{self, Explanation};
use super::machine::{Machine, Mode};
use super::relations::Dependency;
use super::universe::{PackageId, VersionId};

/// Versions of a package that satisfy something, or that something is against.
#[derive(Debug, Clone)]
pub(super) struct VersionSet {
    pub(super) package: PackageId,
    /// The versions that are named.
    pub(super) versions: Vec<VersionId>,
    /// Whether these are the ones that are refused.
    pub(super) refused: bool,
    /// What asks for them, for an explanation.
    pub(super) origin: Origin,
}

/// Where a set of versions comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// A request, by its place among those that were given.
    Request(usize),
    /// The base: it stays.
    Base,
    /// A relation of a version, by its place.
    Relation(VersionId, usize),
}

/// What a machine can become.
pub(super) struct Provider<'m, 'u, 't> {
    pub(super) machine: &'m Machine<'u, 't>,
    sets: RefCell<Vec<VersionSet>>,
    unions: RefCell<Vec<Vec<VersionSetId>>>,
    /// Who asks for what, in words.
    pub(super) asks: &'m [String],
}

/// Makes the machine what it has to become for `wanted`: versions of which each is installed. `asks` says who wants them.
///
/// # Errors
/// What stands against it.
pub(super) fn solve(machine: &mut Machine<'_, '_>, wanted: &[VersionId], asks: &[String]) -> Result<(), Explanation> {
    let provider = Provider { machine, sets: RefCell::default(), unions: RefCell::default(), asks };
    let requirements = provider.roots(wanted);
    let mut solver = Solver::new(provider);
    match solver.solve(resolvo::Problem::new().requirements(requirements)) {
        Ok(solution) => {
            let versions: Vec<VersionId> = solution.into_iter().map(version).collect();
            adopt(machine, &versions);
            Ok(())
        }
        Err(UnsolvableOrCancelled::Unsolvable(conflict)) => {
            let graph = conflict.graph(&solver);
            Err(explain::explain(solver.provider(), &graph))
        }
        Err(UnsolvableOrCancelled::Cancelled(_)) => Err(Explanation::default()),
    }
}

/// Installs the versions of a solution.
fn adopt(machine: &mut Machine<'_, '_>, versions: &[VersionId]) {
    for version in versions {
        let package = machine.universe().version(*version).package;
        let state = machine.state_mut(package);
        state.mode = if state.current == Some(*version) { Mode::Keep } else { Mode::Install };
        state.install = Some(*version);
        state.candidate = Some(*version);
    }
    let stays: std::collections::HashSet<PackageId> =
        versions.iter().map(|version| machine.universe().version(*version).package).collect();
    for package in machine.universe().packages() {
        let state = machine.state_mut(package);
        if state.install != state.current && !stays.contains(&package) {
            state.install = state.current;
            state.mode = Mode::Keep;
        }
    }
}

pub(super) fn version(solvable: SolvableId) -> VersionId {
    VersionId::from_raw(solvable.into_raw())
}

fn solvable(version: VersionId) -> SolvableId {
    SolvableId::from_raw(version.raw())
}

fn package(name: NameId) -> PackageId {
    PackageId::from_raw(name.into_raw())
}

fn name(package: PackageId) -> NameId {
    NameId::from_raw(package.raw())
}

impl<'t> Provider<'_, '_, 't> {
    fn roots(&self, wanted: &[VersionId]) -> Vec<ConditionalRequirement> {
        let universe = self.machine.universe();
        let mut requirements: Vec<ConditionalRequirement> = Vec::new();
        for (place, version) in wanted.iter().enumerate() {
            let package = universe.version(*version).package;
            let set = VersionSet { package, versions: vec![*version], refused: false, origin: Origin::Request(place) };
            requirements.push(self.set(set).into());
        }
        for package in self.machine.base() {
            let set = VersionSet { package: *package, versions: Vec::new(), refused: true, origin: Origin::Base };
            requirements.push(self.set(set).into());
        }
        requirements
    }

    fn set(&self, set: VersionSet) -> VersionSetId {
        let mut sets = self.sets.borrow_mut();
        sets.push(set);
        VersionSetId(u32::try_from(sets.len() - 1).unwrap_or(u32::MAX))
    }

    pub(super) fn resolve_set(&self, id: VersionSetId) -> VersionSet {
        self.sets.borrow()[id.0 as usize].clone()
    }

    /// The first set of a requirement: they all come from one relation.
    pub(super) fn origin(&self, requirement: &Requirement) -> Origin {
        let set = match requirement {
            Requirement::Single(set) => *set,
            Requirement::Union(union) => self.unions.borrow()[union.0 as usize][0],
        };
        self.resolve_set(set).origin
    }

    /// The sets of versions that satisfy a relation, by package, in apt's order of preference.
    fn requirement(&self, owner: VersionId, place: usize, dependency: &Dependency<'t>) -> Requirement {
        let universe = self.machine.universe();
        let mut sets: Vec<VersionSet> = Vec::new();
        let mut add = |version: VersionId| {
            let package = universe.version(version).package;
            match sets.iter_mut().find(|set| set.package == package) {
                Some(set) => set.versions.push(version),
                None => sets.push(VersionSet {
                    package,
                    versions: vec![version],
                    refused: false,
                    origin: Origin::Relation(owner, place),
                }),
            }
        };
        // What is there or was chosen already comes first, then candidates, then everything else.
        self.machine.choices(owner, dependency, |state| state.install).into_iter().for_each(&mut add);
        self.machine.choices(owner, dependency, |state| state.candidate).into_iter().for_each(&mut add);
        for atom in &dependency.alternatives {
            let mut targets = universe.targets(owner, dependency.kind, atom);
            targets.sort_by(|one, other| self.machine.preference(atom, *one, *other));
            targets.into_iter().for_each(&mut add);
        }
        if sets.is_empty() {
            // A set that nothing is in, of any package: the owner's own will do.
            let package = universe.version(owner).package;
            let origin = Origin::Relation(owner, place);
            sets.push(VersionSet { package, versions: Vec::new(), refused: false, origin });
        }
        let ids: Vec<VersionSetId> = sets.into_iter().map(|set| self.set(set)).collect();
        if let [only] = ids[..] {
            return only.into();
        }
        let mut unions = self.unions.borrow_mut();
        unions.push(ids);
        VersionSetUnionId(u32::try_from(unions.len() - 1).unwrap_or(u32::MAX)).into()
    }

    fn constrain(
        &self,
        owner: VersionId,
        place: usize,
        dependency: &Dependency<'t>,
        constrains: &mut Vec<VersionSetId>,
    ) {
        let universe = self.machine.universe();
        let mut refused: Vec<VersionId> = Vec::new();
        for atom in &dependency.alternatives {
            refused.extend(universe.targets(owner, dependency.kind, atom));
        }
        refused.sort_unstable_by_key(|version| (universe.version(*version).package, *version));
        refused.dedup();
        for versions in
            refused.chunk_by(|one, other| universe.version(*one).package == universe.version(*other).package)
        {
            let package = universe.version(versions[0]).package;
            let origin = Origin::Relation(owner, place);
            constrains.push(self.set(VersionSet { package, versions: versions.to_vec(), refused: true, origin }));
        }
    }

    /// Why a version is out of the question.
    pub(super) fn exclusion(&self, version: VersionId) -> Option<Exclusion> {
        let universe = self.machine.universe();
        let entry = universe.version(version);
        let state = self.machine.state(entry.package);
        let current = state.current?;
        if current == version {
            return None;
        }
        let is_earlier = compare(entry.version, universe.version(current).version).is_lt();
        match (state.held, is_earlier) {
            (true, _) => Some(Exclusion::Held),
            (false, true) => Some(Exclusion::Earlier),
            (false, false) => None,
        }
    }
}

/// Why a version is out of the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exclusion {
    /// The package is on hold.
    Held,
    /// A later version is installed.
    Earlier,
}

impl Interner for Provider<'_, '_, '_> {
    type NameId = NameId;
    type SolvableId = SolvableId;

    fn display_solvable(&self, id: SolvableId) -> impl Display + '_ {
        let entry = self.machine.universe().version(version(id));
        format!("{} {}", self.machine.universe().display(entry.package), entry.version)
    }

    fn display_name(&self, id: NameId) -> impl Display + '_ {
        self.machine.universe().display(package(id))
    }

    fn display_version_set(&self, id: VersionSetId) -> impl Display + '_ {
        format!("{:?}", self.resolve_set(id))
    }

    fn display_string(&self, id: StringId) -> impl Display + '_ {
        if id.0 == 0 { "it is on hold" } else { "a later version is installed" }
    }

    fn version_set_name(&self, id: VersionSetId) -> NameId {
        name(self.resolve_set(id).package)
    }

    fn solvable_name(&self, id: SolvableId) -> NameId {
        name(self.machine.universe().version(version(id)).package)
    }

    fn version_sets_in_union(&self, id: VersionSetUnionId) -> impl Iterator<Item = VersionSetId> {
        self.unions.borrow()[id.0 as usize].clone().into_iter()
    }

    fn resolve_condition(&self, _: ConditionId) -> Condition {
        // No requirement has a condition, so nobody asks.
        Condition::Requirement(VersionSetId(0))
    }
}

impl DependencyProvider for Provider<'_, '_, '_> {
    async fn filter_candidates(&self, candidates: &[SolvableId], set: VersionSetId, inverse: bool) -> Vec<SolvableId> {
        let set = self.resolve_set(set);
        let is_in = |candidate: &SolvableId| set.versions.contains(&version(*candidate)) != set.refused;
        candidates.iter().copied().filter(|candidate| is_in(candidate) != inverse).collect()
    }

    async fn get_candidates(&self, id: NameId) -> Option<Candidates> {
        let state = self.machine.state(package(id));
        let versions = self.machine.universe().versions_of(package(id));
        let excluded = versions.iter().filter_map(|version| {
            let exclusion = self.exclusion(*version)?;
            Some((solvable(*version), StringId(u32::from(exclusion == Exclusion::Earlier))))
        });
        Some(Candidates {
            candidates: versions.iter().copied().map(solvable).collect(),
            favored: state.install.or(state.current).or(state.candidate).map(solvable),
            excluded: excluded.collect(),
            ..Candidates::default()
        })
    }

    async fn sort_candidates(&self, _: &SolverCache<Self>, solvables: &mut [SolvableId]) {
        let universe = self.machine.universe();
        solvables.sort_by_cached_key(|solvable| {
            let version = version(*solvable);
            let package = universe.version(version).package;
            let state = self.machine.state(package);
            let rank = if state.current == Some(version) {
                0
            } else if state.candidate == Some(version) {
                1
            } else {
                2
            };
            (rank, universe.versions_of(package).iter().position(|known| *known == version))
        });
    }

    async fn get_dependencies(&self, id: SolvableId) -> Dependencies {
        let owner = version(id);
        let is_current = self.machine.current(self.machine.universe().version(owner).package) == Some(owner);
        let mut known = KnownDependencies::default();
        for (place, dependency) in self.machine.relations(owner).iter().enumerate() {
            // What was broken before is not for us to repair.
            let was_broken = is_current && !self.machine.holds(owner, dependency, |state| state.current);
            if !dependency.kind.is_critical() || was_broken {
                continue;
            }
            if dependency.kind.is_negative() {
                self.constrain(owner, place, dependency, &mut known.constrains);
            } else {
                known.requirements.push(self.requirement(owner, place, dependency).into());
            }
        }
        Dependencies::Known(known)
    }
}
