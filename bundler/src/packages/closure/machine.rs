//! A machine in mind: what it has installed, what could be installed, and what is meant to be.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use manifests::debian::package::{Selection, Status};
use manifests::debian::{Stanzas, version::compare};

use super::profile::Profile;
use super::relations::{Atom, Dependency, Kind};
use super::universe::{IndexError, PackageId, Universe, VersionId};

/// Pins from here on up allow a downgrade (`apt_preferences(5)`).
const DOWNGRADES: i16 = 1000;

/// What is meant to happen to a package.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Mode {
    /// It stays as it is, installed or not.
    #[default]
    Keep,
    /// Its candidate is installed.
    Install,
    /// It is removed.
    Delete,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PackageState {
    pub(super) current: Option<VersionId>,
    pub(super) install: Option<VersionId>,
    pub(super) candidate: Option<VersionId>,
    pub(super) mode: Mode,
    /// What was decided here stays.
    pub(super) protected: bool,
    /// dpkg was told to keep it as it is.
    pub(super) held: bool,
    /// It came for another's sake.
    pub(super) auto: bool,
}

/// Why a package is installed: another's relation, or a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reason {
    pub(super) by: VersionId,
    pub(super) kind: Kind,
}

/// A system of a profile, and what is done to it.
#[derive(Debug)]
pub(super) struct Machine<'u, 't> {
    universe: Cow<'u, Universe<'t>>,
    /// What the profile has, and whether it is on hold.
    installed: HashMap<PackageId, (VersionId, bool)>,
    states: Vec<PackageState>,
    /// What is installed before anything is done.
    base: Vec<PackageId>,
    pub(super) reasons: HashMap<PackageId, Reason>,
    relations: RefCell<HashMap<VersionId, Rc<[Dependency<'t>]>>>,
}

impl<'u, 't> Machine<'u, 't> {
    /// A machine that has nothing.
    pub(super) fn empty(universe: &'u Universe<'t>) -> Self {
        Self::with(Cow::Borrowed(universe), HashMap::new())
    }

    /// A machine of a profile.
    pub(super) fn new(universe: &Universe<'t>, profile: &'t Profile) -> Result<Self, IndexError> {
        let mut universe = universe.clone();
        let mut installed = HashMap::new();
        let description = profile.description();
        for stanza in Stanzas::new(profile.status()) {
            let stanza = stanza.map_err(|source| IndexError::Control { pocket: description.clone(), source })?;
            if let Some(version) = universe.add(&stanza, None, &description)? {
                let status = stanza.get("Status").ok().flatten().and_then(|status| status.parse().ok());
                let held = status.is_some_and(|status: Status| status.selection == Selection::Hold);
                installed.insert(universe.version(version).package, (version, held));
            }
        }
        Ok(Self::with(Cow::Owned(universe), installed))
    }

    fn with(universe: Cow<'u, Universe<'t>>, installed: HashMap<PackageId, (VersionId, bool)>) -> Self {
        let mut machine = Self {
            universe,
            installed,
            states: Vec::new(),
            base: Vec::new(),
            reasons: HashMap::new(),
            relations: RefCell::default(),
        };
        machine.restart();
        machine
    }

    /// What was decided so far, to come back to.
    pub(super) fn save(&self) -> Vec<PackageState> {
        self.states.clone()
    }

    /// Comes back to what was saved.
    pub(super) fn load(&mut self, saved: Vec<PackageState>) {
        self.states = saved;
    }

    /// Forgets all that was decided.
    pub(super) fn restart(&mut self) {
        self.restart_without(&[]);
    }

    /// Forgets all that was decided, and that some packages were installed.
    pub(super) fn restart_without(&mut self, missing: &[PackageId]) {
        self.reasons.clear();
        let states = self.universe.packages().map(|package| {
            let installed = self.installed.get(&package).filter(|_| !missing.contains(&package));
            let current = installed.map(|(version, _)| *version);
            PackageState {
                current,
                install: current,
                candidate: candidate(&self.universe, package, current),
                held: installed.is_some_and(|(_, held)| *held),
                ..PackageState::default()
            }
        });
        self.states = states.collect();
        self.base = self.installed.keys().copied().filter(|package| !missing.contains(package)).collect();
        self.base.sort_unstable();
    }

    pub(super) fn universe(&self) -> &Universe<'t> {
        &self.universe
    }

    pub(super) fn state(&self, package: PackageId) -> &PackageState {
        &self.states[package.index()]
    }

    pub(super) fn state_mut(&mut self, package: PackageId) -> &mut PackageState {
        &mut self.states[package.index()]
    }

    /// The packages that were installed before anything was done.
    pub(super) fn base(&self) -> &[PackageId] {
        &self.base
    }

    /// The version that was installed before anything was done.
    pub(super) fn current(&self, package: PackageId) -> Option<VersionId> {
        self.state(package).current
    }

    /// What is meant to be installed.
    pub(super) fn installed(&self, package: PackageId) -> Option<VersionId> {
        self.state(package).install
    }

    /// The version that apt would install.
    pub(super) fn candidate(&self, package: PackageId) -> Option<VersionId> {
        self.state(package).candidate
    }

    /// The relations of a version.
    pub(super) fn relations(&self, version: VersionId) -> Rc<[Dependency<'t>]> {
        let known = self.relations.borrow().get(&version).cloned();
        known.unwrap_or_else(|| {
            let relations: Rc<[Dependency<'t>]> = self.universe.read_relations(version).into();
            self.relations.borrow_mut().insert(version, Rc::clone(&relations));
            relations
        })
    }

    /// The versions that count for an atom and are chosen by `which` of their package.
    pub(super) fn counting(
        &self,
        owner: VersionId,
        kind: Kind,
        atom: &Atom<'t>,
        which: impl Fn(&PackageState) -> Option<VersionId>,
    ) -> Vec<VersionId> {
        let mut targets = self.universe.targets(owner, kind, atom);
        targets.retain(|version| which(self.state(self.universe.version(*version).package)) == Some(*version));
        targets
    }

    /// Whether a relation holds for what `which` of each package gives.
    pub(super) fn holds(
        &self,
        owner: VersionId,
        dependency: &Dependency<'t>,
        which: impl Fn(&PackageState) -> Option<VersionId>,
    ) -> bool {
        let found = dependency.alternatives.iter().any(|atom| {
            let targets = self.universe.targets(owner, dependency.kind, atom);
            targets.iter().any(|version| which(self.state(self.universe.version(*version).package)) == Some(*version))
        });
        found != dependency.kind.is_negative()
    }

    /// Whether what a version needs holds for what is meant to be installed.
    pub(super) fn is_satisfied(&self, version: VersionId, recommends: bool) -> bool {
        let relations = self.relations(version);
        let counts = |dependency: &&Dependency<'t>| dependency.kind.is_critical() || recommends;
        relations.iter().filter(counts).all(|dependency| self.holds(version, dependency, |state| state.install))
    }

    /// The packages that would not work, and did before.
    pub(super) fn broken(&self) -> Vec<PackageId> {
        let is_broken = |package: &PackageId| {
            let state = self.state(*package);
            let worked = || state.current == state.install && self.worked_before(*package);
            state.install.is_some_and(|version| !self.is_satisfied(version, false))
                && (state.current != state.install || worked())
        };
        self.universe.packages().filter(is_broken).collect()
    }

    fn worked_before(&self, package: PackageId) -> bool {
        let Some(version) = self.current(package) else { return true };
        let relations = self.relations(version);
        let critical = relations.iter().filter(|dependency| dependency.kind.is_critical());
        critical.into_iter().all(|dependency| self.holds(version, dependency, |state| state.current))
    }

    /// What is installed that was not, or not in this version.
    pub(super) fn changes(&self) -> Vec<VersionId> {
        let changed = self.states.iter().filter(|state| state.install != state.current);
        changed.filter_map(|state| state.install).collect()
    }
}

/// The version with the highest pin; of those, the highest version. What is installed is not replaced by an earlier one
/// unless a pin says so.
fn candidate(universe: &Universe<'_>, package: PackageId, current: Option<VersionId>) -> Option<VersionId> {
    let mut best: Option<(i16, VersionId)> = None;
    for version in universe.versions_of(package) {
        let entry = universe.version(*version);
        let priority = entry.priority;
        let is_earlier =
            || current.is_some_and(|current| compare(entry.version, universe.version(current).version).is_lt());
        if priority <= 0
            || best.is_some_and(|(highest, _)| priority <= highest)
            || (priority < DOWNGRADES && is_earlier())
        {
            continue;
        }
        best = Some((priority, *version));
    }
    best.map(|(_, version)| version)
}
