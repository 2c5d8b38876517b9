//! Solves for one profile: by apt's marks and, where these lead into a contradiction, completely.

use std::collections::{BTreeMap, BTreeSet};

use manifests::debian::version::compare;

use super::complete;
use super::machine::Machine;
use super::mark::{self, Policy};
use super::profile::Profile;
use super::relations::Kind;
use super::universe::{PackageId, Universe, VersionId};
use super::{Problem, Request, Why};

mod otherwise;

/// A request and the version that it means.
type Ask<'r> = (&'r Request, VersionId);

/// What was found for a profile.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// What it lacks, with the reasons.
    pub(super) lacks: BTreeMap<VersionId, Why>,
    /// What a request recommends and won't have, each in words.
    pub(super) unmet: BTreeSet<String>,
}

/// What a profile lacks, with the reasons.
pub(super) fn for_profile(
    universe: &Universe<'_>,
    profile: &Profile,
    requests: &[Request],
    resolved: &[VersionId],
) -> Result<Found, Problem> {
    let asks: Vec<Ask<'_>> = requests.iter().zip(resolved.iter().copied()).collect();
    let mut found = BTreeMap::new();
    let mut machine = Machine::new(universe, profile)?;
    solve(&mut machine, profile, &asks, &mut found)?;
    let unmet = unmet_recommendations(&machine, &asks);
    otherwise::collect(&mut machine, &mut found);
    collect_by_number(&mut machine, &asks, &mut found);
    let components: BTreeSet<&str> = requests.iter().map(|request| request.component.as_str()).collect();
    if components.len() > 1 {
        for component in components {
            let own: Vec<Ask<'_>> =
                asks.iter().copied().filter(|(request, _)| request.component == component).collect();
            machine.restart();
            // What fails alone though it does not together is no site's problem: the joint installation is there.
            if solve(&mut machine, profile, &own, &mut found).is_ok() {
                collect_by_number(&mut machine, &own, &mut found);
            }
        }
    }
    Ok(Found { lacks: found, unmet })
}

/// What those requests recommend that are installed with it, and won't have.
fn unmet_recommendations(machine: &Machine<'_, '_>, asks: &[Ask<'_>]) -> BTreeSet<String> {
    let universe = machine.universe();
    let mut unmet = BTreeSet::new();
    for (request, version) in asks.iter().filter(|(request, _)| request.recommends) {
        let package = universe.version(*version).package;
        let version = machine.installed(package).unwrap_or(*version);
        let relations = machine.relations(version);
        let recommended = relations.iter().filter(|dependency| dependency.kind == Kind::Recommends);
        for dependency in recommended.filter(|dependency| !machine.holds(version, dependency, |state| state.install)) {
            let atoms: Vec<String> = dependency.alternatives.iter().map(|atom| atom.relation.to_string()).collect();
            let package = universe.display(package);
            unmet.insert(format!("{package} of `{}` recommends {}", request.component, atoms.join(" | ")));
        }
    }
    unmet
}

/// Adds what is chosen when the requests are not taken in their order but in that of the packages' numbers, as apt does
/// before 2.5.
fn collect_by_number(machine: &mut Machine<'_, '_>, asks: &[Ask<'_>], found: &mut BTreeMap<VersionId, Why>) {
    let mut ordered = asks.to_vec();
    ordered.sort_by_key(|(_, version)| machine.universe().version(*version).package);
    if ordered.iter().map(|(_, version)| version).ne(asks.iter().map(|(_, version)| version)) {
        machine.restart();
        if mark_all(machine, &ordered) {
            collect(machine, found);
        }
    }
}

/// Makes the machine what it has to become, and adds what changes.
fn solve(
    machine: &mut Machine<'_, '_>,
    profile: &Profile,
    asks: &[Ask<'_>],
    found: &mut BTreeMap<VersionId, Why>,
) -> Result<(), Problem> {
    if mark_all(machine, asks) {
        collect(machine, found);
        return Ok(());
    }
    // Where not all that is recommended goes together, apt gives up some of it, by rules of thumb: whatever it keeps was
    // among its choices. They are all carried, so that it finds on a node what it found in the archive.
    let mut choices = BTreeMap::new();
    if asks.iter().any(|(request, _)| request.recommends) {
        collect(machine, &mut choices);
    }
    if solve_completely(machine, asks).is_ok() {
        collect(machine, found);
        for (version, why) in choices {
            found.entry(version).or_insert(why);
        }
        return Ok(());
    }
    // Fewer requests make the reason clearer.
    let mut needed = asks.to_vec();
    let mut place = 0;
    while place < needed.len() && needed.len() > 1 {
        let mut fewer = needed.clone();
        fewer.remove(place);
        if solve_completely(machine, &fewer).is_err() { needed = fewer } else { place += 1 }
    }
    let explanation = solve_completely(machine, &needed).err().unwrap_or_default();
    Err(Contradiction { profile: profile.description(), reasons: explanation.reasons, more: explanation.more }.into())
}

/// Marks as apt does, and says whether everything is met. What is installed with its recommendations comes after all
/// else, in a run of apt of its own.
fn mark_all(machine: &mut Machine<'_, '_>, asks: &[Ask<'_>]) -> bool {
    let targets: Vec<PackageId> = asks.iter().map(|(request, version)| aim(machine, request, *version)).collect();
    for recommends in [false, true] {
        let chosen = asks.iter().zip(&targets).filter(|((request, _), _)| request.recommends == recommends);
        let packages: Vec<PackageId> = chosen.map(|(_, package)| *package).collect();
        mark::install_all(machine, &packages, Policy { recommends });
    }
    let is_installed = |package: &PackageId| {
        let state = machine.state(*package);
        state.install.is_some() && state.install == state.candidate
    };
    targets.iter().all(is_installed) && machine.broken().is_empty()
}

fn solve_completely(machine: &mut Machine<'_, '_>, asks: &[Ask<'_>]) -> Result<(), super::explain::Explanation> {
    let preferred = machine.changes();
    machine.restart();
    for version in preferred {
        let package = machine.universe().version(version).package;
        machine.state_mut(package).install = Some(version);
    }
    let targets: Vec<PackageId> = asks.iter().map(|(request, version)| aim(machine, request, *version)).collect();
    let wanted: Vec<VersionId> = targets.iter().filter_map(|package| machine.candidate(*package)).collect();
    let words: Vec<String> = asks.iter().map(|(request, _)| in_words(request)).collect();
    complete::solve(machine, &wanted, &words)?;
    let recommending: Vec<PackageId> =
        asks.iter().zip(&targets).filter(|((request, _), _)| request.recommends).map(|(_, package)| *package).collect();
    if !recommending.is_empty() {
        let before = machine.save();
        mark::install_all(machine, &recommending, Policy { recommends: true });
        if !machine.broken().is_empty() {
            machine.load(before);
        }
    }
    Ok(())
}

fn in_words(request: &Request) -> String {
    let version = request.version.as_ref().map_or_else(String::new, |version| format!(" ({version})"));
    format!("component `{}` asks for {}{version}", request.component, request.package)
}

/// Makes the version that is asked for the candidate, unless a later one that fits is installed: then apt's own.
fn aim(machine: &mut Machine<'_, '_>, request: &Request, version: VersionId) -> PackageId {
    let universe = machine.universe();
    let package = universe.version(version).package;
    let fits = |found: &VersionId| {
        let found = universe.version(*found).version;
        compare(found, universe.version(version).version).is_gt()
            && request.version.as_ref().is_none_or(|constraint| constraint.accepts(found))
    };
    let state = machine.state(package);
    let later = state.current.filter(fits);
    let candidate = later.map(|current| state.candidate.filter(fits).unwrap_or(current));
    machine.state_mut(package).candidate = Some(candidate.unwrap_or(version));
    package
}

fn collect(machine: &Machine<'_, '_>, found: &mut BTreeMap<VersionId, Why>) {
    let universe = machine.universe();
    for version in machine.changes() {
        let package = universe.version(version).package;
        let why = match machine.reasons.get(&package) {
            Some(reason) => {
                let by = universe.version(reason.by);
                let does = match reason.kind {
                    Kind::Recommends => "recommends it",
                    kind if kind.is_negative() => "does not go with an earlier version",
                    _ => "needs it",
                };
                Why::For(format!("{} {} {does}", universe.display(by.package), by.version))
            }
            None => Why::For("it is part of the only installation that meets all requests".to_owned()),
        };
        found.entry(version).or_insert(why);
    }
}

/// Requirements that contradict each other, or the base.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("on a system of {profile}, what is asked for can't be installed{}", listing(reasons, *more))]
#[diagnostic(help(
    "leave out one side, name a repository that has what is missing, or ask for a version that fits; what is installed is \
     never removed nor replaced by an earlier version"
))]
pub struct Contradiction {
    /// The profile.
    pub profile: String,
    /// What stands against what, each in a sentence.
    pub reasons: Vec<String>,
    /// How many more reasons there are.
    pub more: usize,
}

fn listing(reasons: &[String], more: usize) -> String {
    let mut text = String::from(if reasons.is_empty() { "" } else { ":" });
    for reason in reasons {
        text.push_str("\n- ");
        text.push_str(reason);
    }
    if more > 0 {
        text.push_str(&format!("\n- and {more} more of this kind"));
    }
    text
}
