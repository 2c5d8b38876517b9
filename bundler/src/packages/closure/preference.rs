//! apt's order of preference: those that are installed and can be upgraded first, then new ones, each in the order of
//! the alternatives and, among the versions that satisfy one name, by what speaks for their packages.

use std::cmp::Ordering;
use std::collections::HashSet;

use manifests::debian::MultiArch;

use super::machine::{Machine, Mode, PackageState};
use super::relations::{Atom, Dependency};
use super::universe::{NameId, VersionId};

impl<'t> Machine<'_, 't> {
    /// The versions that satisfy a relation and are chosen by `which` of their package, in apt's order.
    pub(super) fn choices(
        &self,
        version: VersionId,
        dependency: &Dependency<'t>,
        which: impl Fn(&PackageState) -> Option<VersionId> + Copy,
    ) -> Vec<VersionId> {
        let (mut upgrades, mut fresh) = (Vec::new(), Vec::new());
        for atom in &dependency.alternatives {
            let mut found = self.counting(version, dependency.kind, atom, which);
            found.sort_by(|one, other| self.preference(atom, *one, *other));
            for version in found {
                let installed = self.current(self.universe().version(version).package).is_some();
                if installed { upgrades.push(version) } else { fresh.push(version) }
            }
        }
        upgrades.append(&mut fresh);
        let mut seen = HashSet::new();
        upgrades.retain(|version| seen.insert(*version));
        if !dependency.kind.is_negative() {
            upgrades.retain(|version| {
                let state = self.state(self.universe().version(*version).package);
                let ruled_out = state.mode == Mode::Delete || (state.mode == Mode::Keep && state.current.is_none());
                !(state.protected && ruled_out)
            });
        }
        upgrades
    }

    /// The version that apt would choose for a relation if nothing that satisfies it were installed.
    pub(super) fn first_choice(&self, version: VersionId, dependency: &Dependency<'t>) -> Option<VersionId> {
        dependency.alternatives.iter().find_map(|atom| {
            let mut found = self.counting(version, dependency.kind, atom, |state| state.candidate);
            found.sort_by_cached_key(|version| self.merit(atom, *version));
            found.first().copied()
        })
    }

    /// The order of the versions that satisfy one name: what is decided, what is installed, the name itself before who
    /// provides it, what every system has, the own architecture, the more important, the later mentioned.
    pub(super) fn preference(&self, atom: &Atom<'t>, one: VersionId, other: VersionId) -> Ordering {
        let key = |version: VersionId| {
            let entry = self.universe().version(version);
            let state = self.state(entry.package);
            let family =
                entry.multi_arch == MultiArch::Same && self.has_installed(self.universe().name_of(entry.package));
            // `false` sorts first.
            (!state.protected, !family, state.current.is_none(), self.merit(atom, version))
        };
        key(one).cmp(&key(other))
    }

    /// What speaks for a version, whatever the machine has: the lowest is the best.
    fn merit(&self, atom: &Atom<'t>, version: VersionId) -> impl Ord + use<'t> {
        let universe = self.universe();
        let entry = universe.version(version);
        let package = entry.package;
        (
            universe.find_name(atom.relation.name) != Some(universe.name_of(package)),
            !universe.is_essential(package),
            !universe.is_protected(package),
            universe.architecture_of(package),
            entry.importance,
            std::cmp::Reverse(package),
        )
    }

    fn has_installed(&self, name: NameId) -> bool {
        self.universe().packages_named(name).iter().any(|package| self.current(*package).is_some())
    }
}
