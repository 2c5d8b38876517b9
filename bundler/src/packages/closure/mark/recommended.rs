//! What is recommended, one by one: for machines where it can't all be installed.
//!
//! apt's problem resolver gives up those recommendations that stand in the way and keeps the others. So each is tried
//! with all that it recommends itself, then without that, and stays if nothing breaks.

use std::collections::{HashSet, VecDeque};

use super::{Mark, Marker, Policy};
use crate::packages::closure::machine::{Machine, PackageState};
use crate::packages::closure::relations::{Dependency, Kind};
use crate::packages::closure::universe::{PackageId, VersionId};

/// Installs as much as goes of what `packages` recommend, and what they need, and what that recommends. Nothing that is
/// installed before is given up for it.
pub(in crate::packages::closure) fn install_recommended(machine: &mut Machine<'_, '_>, packages: &[PackageId]) {
    let mut seen: HashSet<PackageId> = packages.iter().copied().collect();
    let mut queue: VecDeque<PackageId> = packages.iter().copied().collect();
    protect(machine);
    while let Some(package) = queue.pop_front() {
        let Some(version) = machine.installed(package).filter(|version| machine.current(package) != Some(*version))
        else {
            continue;
        };
        for dependency in machine.relations(version).iter().filter(|dependency| !dependency.kind.is_negative()) {
            if dependency.kind == Kind::Recommends {
                recommend(machine, package, version, dependency);
            }
            let choices = machine.choices(version, dependency, |state| state.install);
            let next = choices.into_iter().map(|version| machine.universe().version(version).package);
            queue.extend(next.filter(|package| seen.insert(*package)));
        }
    }
}

/// Installs what one relation recommends, if that goes.
fn recommend<'t>(machine: &mut Machine<'_, 't>, owner: PackageId, version: VersionId, dependency: &Dependency<'t>) {
    if machine.holds(version, dependency, |state| state.install) {
        return;
    }
    for recommends in [true, false] {
        let before = machine.save();
        let mut marker = Marker { machine: &mut *machine, policy: Policy { recommends } };
        let mark = Mark { package: owner, depth: 0, from_user: false, follow: true };
        if !marker.is_old_news(owner, dependency)
            && marker.install_choice(mark, version, dependency, false)
            && keeps(machine, &before)
        {
            return protect(machine);
        }
        machine.load(before);
    }
}

/// Whether all that was decided before still stands, and works.
fn keeps(machine: &Machine<'_, '_>, before: &[PackageState]) -> bool {
    let stands = |package: PackageId| {
        let earlier = before[package.index()];
        !earlier.protected || machine.installed(package) == earlier.install
    };
    machine.universe().packages().all(stands) && machine.broken().is_empty()
}

fn protect(machine: &mut Machine<'_, '_>) {
    for version in machine.changes() {
        let package = machine.universe().version(version).package;
        machine.state_mut(package).protected = true;
    }
}
