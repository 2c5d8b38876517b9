//! Where a profile has a package that satisfies a relation otherwise than apt would have chosen, that choice is carried
//! too: a node of the same kind may lack the package.

use std::collections::{BTreeMap, BTreeSet};

use crate::packages::closure::Why;
use crate::packages::closure::machine::Machine;
use crate::packages::closure::mark::{self, Policy};
use crate::packages::closure::relations::Kind;
use crate::packages::closure::universe::{PackageId, VersionId};

/// A relation that the base satisfies by other means.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Otherwise {
    /// What apt would have chosen.
    choice: VersionId,
    /// What of the base satisfies the relation instead.
    instead: Vec<PackageId>,
    /// Whose relation it is.
    owner: VersionId,
}

/// Adds those choices with what they need. One that can't be installed is left out: no profile asks for it. The machine
/// starts anew for each, and is left so.
pub(super) fn collect(machine: &mut Machine<'_, '_>, found: &mut BTreeMap<VersionId, Why>) {
    for otherwise in find(machine) {
        let package = machine.universe().version(otherwise.choice).package;
        machine.restart_without(&otherwise.instead);
        mark::install_all(machine, &[package], Policy { recommends: false });
        let changes = machine.changes();
        if !changes.contains(&otherwise.choice) || !changes.iter().all(|version| machine.is_satisfied(*version, false))
        {
            continue;
        }
        let universe = machine.universe();
        let instead: Vec<String> = otherwise.instead.iter().map(|package| universe.display(*package)).collect();
        let owner = universe.display(universe.version(otherwise.owner).package);
        let why = format!("{owner} needs it where {} is not installed", instead.join(" and "));
        for version in changes {
            found.entry(version).or_insert_with(|| Why::For(why.clone()));
        }
    }
}

fn find(machine: &Machine<'_, '_>) -> BTreeSet<Otherwise> {
    let universe = machine.universe();
    let mut found = BTreeSet::new();
    for owner in machine.changes() {
        for dependency in machine.relations(owner).iter() {
            if !matches!(dependency.kind, Kind::PreDepends | Kind::Depends) {
                continue;
            }
            let counting = dependency.alternatives.iter();
            let satisfying =
                counting.flat_map(|atom| machine.counting(owner, dependency.kind, atom, |state| state.install));
            let satisfying: BTreeSet<PackageId> = satisfying.map(|version| universe.version(version).package).collect();
            let Some(choice) = machine.first_choice(owner, dependency) else { continue };
            let is_base = |package: &PackageId| {
                machine.current(*package).is_some_and(|version| !universe.is_on_every_system(version))
            };
            if satisfying.contains(&universe.version(choice).package) || !satisfying.iter().all(is_base) {
                continue;
            }
            found.insert(Otherwise { choice, instead: satisfying.into_iter().collect(), owner });
        }
    }
    found
}
