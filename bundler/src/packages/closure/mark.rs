//! How apt decides what is installed: it marks what is asked for, then what that needs, first choice first, and goes back
//! where a choice turns out impossible (`pkgDepCache::MarkInstall` of apt 2.4 to 2.8).
//!
//! The order of everything is apt's, since a closure has to hold what a node's apt chooses. Two things differ: nothing
//! that is installed is removed, because nodes install with `--no-remove`, and what apt's problem resolver would do
//! about a machine that stays broken is left to the complete solver.

mod choice;

use std::rc::Rc;

use super::machine::{Machine, Mode, Reason};
use super::relations::Dependency;
use super::universe::{PackageId, VersionId};

/// How deep marks go; apt stops at 3000, and Debian's deepest chain has some 200.
const MAX_DEPTH: u32 = 1000;

/// What is followed beyond what is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Policy {
    /// Whether recommended packages are installed.
    pub(super) recommends: bool,
}

/// Marks packages for installation, as `apt-get install` does with its arguments: each by itself, then what each needs.
pub(super) fn install_all(machine: &mut Machine<'_, '_>, packages: &[PackageId], policy: Policy) {
    for follow in [false, true] {
        for package in packages {
            machine.state_mut(*package).protected = true;
            let request = Mark { package: *package, depth: 0, from_user: true, follow };
            // What can't be marked shows in the state of the machine, which the caller checks.
            let _ = Marker { machine, policy }.install(request);
        }
    }
}

/// A package that is to be installed.
#[derive(Debug, Clone, Copy)]
struct Mark {
    package: PackageId,
    depth: u32,
    /// Whether a person asked for it: then nothing that is decided so far stands against it.
    from_user: bool,
    /// Whether what it needs is marked too.
    follow: bool,
}

impl Mark {
    fn needed(package: PackageId, depth: u32) -> Self {
        Self { package, depth, from_user: false, follow: true }
    }
}

/// Something could not be marked.
#[derive(Debug)]
struct Failed;

type Marked = Result<(), Failed>;

/// The relations of a version that are not met yet.
#[derive(Debug, Default)]
struct Open {
    install: Vec<usize>,
    remove: Vec<usize>,
}

struct Marker<'m, 'u, 't> {
    machine: &'m mut Machine<'u, 't>,
    policy: Policy,
}

impl<'t> Marker<'_, '_, 't> {
    fn install(&mut self, mark: Mark) -> Marked {
        let state = *self.machine.state(mark.package);
        let settled = state.protected
            && state.mode == Mode::Keep
            && state.candidate.is_some()
            && state.candidate == state.current;
        if !settled && !self.may_change(mark.package, Mode::Install, mark) {
            return Err(Failed);
        }
        let candidate = state.candidate.ok_or(Failed)?;
        if !state.protected
            && state.install.is_none_or(|version| self.machine.is_satisfied(version, self.policy.recommends))
        {
            if state.candidate == state.current {
                return if state.install.is_none() { self.keep(mark.package, mark) } else { Ok(()) };
            }
            if state.mode == Mode::Install {
                return Ok(());
            }
        }
        self.check(mark, candidate)?;
        if mark.from_user {
            self.set_installed(mark);
        }
        if !mark.follow {
            if !mark.from_user {
                self.set_installed(mark);
            }
            return Ok(());
        }
        self.follow(mark, candidate)
    }

    /// Marks what a candidate needs and clears what stands against it.
    fn follow(&mut self, mark: Mark, candidate: VersionId) -> Marked {
        let protected = self.machine.state(mark.package).protected;
        let fails_early = !protected && !mark.from_user;
        let mut failed = false;
        let relations = self.machine.relations(candidate);
        let open = self.open(candidate, &relations, protected);
        let mut upgrades = Vec::new();
        for step in [
            self.clear_conflicts(mark, candidate, &relations, &open.remove, &mut upgrades),
            self.collect_dependents(mark.package, candidate, &mut upgrades),
        ] {
            if step.is_err() && fails_early {
                return Err(Failed);
            }
            failed |= step.is_err();
        }
        if !mark.from_user {
            self.set_installed(mark);
        }
        // While its needs are looked at, nothing may undo it.
        self.machine.state_mut(mark.package).protected = true;
        self.upgrade_siblings(mark, candidate);
        let mut result = self.upgrade(mark, &upgrades, protected);
        if result.is_ok() || !fails_early {
            failed |= result.is_err();
            result = self.install_needs(mark, candidate, &relations, &open.install, protected);
        }
        self.machine.state_mut(mark.package).protected = protected;
        if result.is_err() && fails_early {
            self.discard(mark.package);
            return Err(Failed);
        }
        if failed || result.is_err() { Err(Failed) } else { Ok(()) }
    }

    /// Whether a package's mode may be set.
    fn may_change(&self, package: PackageId, mode: Mode, mark: Mark) -> bool {
        let state = self.machine.state(package);
        if mark.depth > MAX_DEPTH || self.machine.universe().versions_of(package).is_empty() {
            return false;
        }
        mark.from_user || state.mode == mode || !(state.protected || (state.held && mode != Mode::Keep))
    }

    /// Whether a candidate can be installed at all: in step with its siblings, and all that it needs can be had.
    fn check(&mut self, mark: Mark, candidate: VersionId) -> Marked {
        if !mark.from_user && !self.is_in_step(mark.package, candidate) {
            return Err(Failed);
        }
        if !mark.follow || self.machine.current(mark.package) == Some(candidate) {
            return Ok(());
        }
        let relations = self.machine.relations(candidate);
        let possible = |dependency: &Dependency<'t>| {
            !dependency.kind.is_critical()
                || dependency.kind.is_negative()
                || self.machine.holds(candidate, dependency, |state| state.install)
                || self.machine.holds(candidate, dependency, |state| state.candidate)
        };
        if relations.iter().all(possible) {
            return Ok(());
        }
        let state = self.machine.state_mut(mark.package);
        if !state.protected {
            state.candidate = state.current;
            state.install = state.current;
            state.mode = Mode::Keep;
        }
        Err(Failed)
    }

    fn is_in_step(&self, package: PackageId, candidate: VersionId) -> bool {
        let universe = self.machine.universe();
        let state = self.machine.state(package);
        let same = |version: VersionId| universe.version(version).multi_arch == manifests::debian::MultiArch::Same;
        let marked = state.mode == Mode::Install && state.install == state.candidate;
        if marked || Some(candidate) == state.current || !same(candidate) {
            return true;
        }
        let siblings = universe.packages_named(universe.name_of(package)).iter();
        let installed = siblings.filter(|sibling| **sibling != package && self.machine.current(**sibling).is_some());
        installed.filter_map(|sibling| self.machine.candidate(*sibling)).all(|sibling| {
            universe.version(sibling).version == universe.version(candidate).version
                || !same(sibling)
                || universe.version(sibling).pocket.is_none()
        })
    }

    fn set_installed(&mut self, mark: Mark) {
        let state = self.machine.state_mut(mark.package);
        if state.protected && state.install == state.candidate {
            return;
        }
        state.install = state.candidate;
        state.mode = if state.candidate == state.current { Mode::Keep } else { Mode::Install };
        if state.current.is_none() {
            state.auto = !mark.from_user;
        }
    }

    fn keep(&mut self, package: PackageId, mark: Mark) -> Marked {
        if !self.may_change(package, Mode::Keep, Mark { from_user: false, ..mark }) {
            return Err(Failed);
        }
        let state = self.machine.state_mut(package);
        state.mode = Mode::Keep;
        state.install = state.current;
        Ok(())
    }

    /// Gives a candidate up.
    fn discard(&mut self, package: PackageId) {
        let state = self.machine.state_mut(package);
        state.mode = Mode::Keep;
        state.install = state.current;
        state.candidate = state.current;
        self.machine.reasons.remove(&package);
    }

    /// The relations of a version that don't hold yet; for one that is protected also those that do, so that they stay.
    fn open(&self, version: VersionId, relations: &[Dependency<'t>], protected: bool) -> Open {
        let mut open = Open::default();
        for (index, dependency) in relations.iter().enumerate() {
            let holds = self.machine.holds(version, dependency, |state| state.install);
            if (holds && !protected) || !(dependency.kind.is_critical() || self.policy.recommends) {
                continue;
            }
            if dependency.kind.is_negative() { open.remove.push(index) } else { open.install.push(index) }
        }
        open
    }

    /// Installed packages that a candidate is against are upgraded; candidates that it is against are given up.
    fn clear_conflicts(
        &mut self,
        mark: Mark,
        version: VersionId,
        relations: &Rc<[Dependency<'t>]>,
        open: &[usize],
        upgrades: &mut Vec<PackageId>,
    ) -> Marked {
        let protected = self.machine.state(mark.package).protected;
        let mut failed = false;
        let mut bad_candidates = Vec::new();
        for dependency in open.iter().map(|index| &relations[*index]) {
            for target in self.machine.choices(version, dependency, |state| state.candidate) {
                let package = self.machine.universe().version(target).package;
                let state = *self.machine.state(package);
                if state.current == Some(target) {
                    // It would have to go, and nothing goes.
                    failed = true;
                } else if state.mode == Mode::Install && self.keep(package, mark).is_err() {
                    failed = true;
                } else if protected {
                    let state = self.machine.state_mut(package);
                    state.candidate = state.install;
                    state.protected |= state.current.is_none();
                } else {
                    bad_candidates.push(package);
                }
            }
            for target in self.machine.choices(version, dependency, |state| state.current) {
                let package = self.machine.universe().version(target).package;
                let state = self.machine.state(package);
                if state.candidate != Some(target) && state.candidate.is_some() && !bad_candidates.contains(&package) {
                    upgrades.push(package);
                } else if state.candidate != state.current {
                    failed = true;
                }
            }
            if failed && !protected && !mark.from_user {
                break;
            }
        }
        if failed { Err(Failed) } else { Ok(()) }
    }

    /// Installed packages whose needs an upgrade no longer meets are upgraded along.
    fn collect_dependents(&self, package: PackageId, candidate: VersionId, upgrades: &mut Vec<PackageId>) -> Marked {
        let Some(current) = self.machine.current(package).filter(|current| *current != candidate) else {
            return Ok(());
        };
        for dependent in self.machine.base().iter().copied() {
            let state = self.machine.state(dependent);
            let Some(installed) = state.current.filter(|_| state.mode == Mode::Keep) else { continue };
            let relations = self.machine.relations(installed);
            let loses = relations.iter().filter(|dependency| !dependency.kind.is_negative()).any(|dependency| {
                (dependency.kind.is_critical() || self.policy.recommends)
                    && dependency.alternatives.iter().filter(|atom| self.is_real(atom, package)).any(|atom| {
                        let targets = self.machine.universe().targets(installed, dependency.kind, atom);
                        targets.contains(&current) && !targets.contains(&candidate)
                    })
            });
            if loses && dependent != package && !upgrades.contains(&dependent) {
                upgrades.push(dependent);
            }
        }
        Ok(())
    }

    fn is_real(&self, atom: &super::relations::Atom<'t>, package: PackageId) -> bool {
        let universe = self.machine.universe();
        universe.find_name(atom.relation.name) == Some(universe.name_of(package))
    }

    /// What is installed from one source package is upgraded together.
    fn upgrade_siblings(&mut self, mark: Mark, candidate: VersionId) {
        let source = self.source_of(candidate);
        let is_behind = |package: &PackageId| {
            let state = self.machine.state(*package);
            *package != mark.package
                && state.candidate != state.current
                && state.install != state.candidate
                && state.candidate.is_some_and(|version| self.source_of(version) == source)
        };
        let siblings: Vec<PackageId> = self.machine.base().iter().copied().filter(is_behind).collect();
        for follow in [false, true] {
            for sibling in &siblings {
                let needed = Mark { follow, ..Mark::needed(*sibling, mark.depth + 1) };
                if self.install(needed).is_ok() {
                    self.note(*sibling, candidate, super::relations::Kind::Depends);
                }
            }
        }
    }

    /// The source package of a version, and that one's version.
    fn source_of(&self, version: VersionId) -> (&'t str, &'t str) {
        let package = self.machine.universe().package_of(version);
        let (name, rest) = package.source.split_once(' ').unwrap_or((package.source, ""));
        let source_version = rest.trim().strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
        (if name.is_empty() { package.name } else { name }, source_version.unwrap_or(package.version))
    }

    fn upgrade(&mut self, mark: Mark, upgrades: &[PackageId], protected: bool) -> Marked {
        let mut failed = false;
        for package in upgrades {
            if self.machine.state(*package).mode == Mode::Install {
                continue;
            }
            match self.install(Mark::needed(*package, mark.depth + 1)) {
                Ok(()) => {
                    if let Some(version) = self.machine.candidate(mark.package) {
                        self.note(*package, version, super::relations::Kind::Breaks);
                    }
                }
                // apt would remove it.
                Err(Failed) => failed = true,
            }
            if failed && !protected && !mark.from_user {
                break;
            }
        }
        if failed { Err(Failed) } else { Ok(()) }
    }

    /// Remembers for whose sake a package is installed.
    fn note(&mut self, package: PackageId, by: VersionId, kind: super::relations::Kind) {
        self.machine.reasons.entry(package).or_insert(Reason { by, kind });
    }
}
