//! The packages of a system as a lock has them: found in the indexes that it names, and solved for no more.

use std::collections::HashSet;

use manifests::debian::{Architecture, PackageName, Series};
use manifests::lock::{LockedPackage, LockedRequest, LockedSystem};

use super::closure::{Request, Universe, VersionId, Wanted};
use super::pool::Chosen;
use super::system::Solution;
use crate::resolve::stack::ResolvedSystem;

/// What a lock names for nodes of the universe's own architecture. What its indexes don't list is left out here, and told
/// by [`check_complete`].
pub(super) fn solution(
    lock: &LockedSystem,
    universe: &Universe<'_>,
    system: &ResolvedSystem,
    requests: &[Request],
) -> Solution {
    let native = universe.native();
    let is_for = |package: &&LockedPackage| {
        let own = &package.architecture;
        own.is_all() || own == native || system.foreign.contains(own)
    };
    let find = |package: &LockedPackage| {
        universe.exactly(package.package.as_str(), package.version.as_str(), &package.architecture, package.digest)
    };
    let packages = lock.packages.iter().filter(is_for).filter_map(find).collect();
    let of_nodes = lock.wanted.iter().filter(|wanted| wanted.architecture == *native);
    let wanted = of_nodes.zip(requests).filter_map(|(locked, request)| {
        let version: VersionId =
            lock.packages.iter().filter(|package| is_it(package, locked, native)).find_map(find)?;
        Some(Wanted { component: request.component.clone(), version, recommends: request.recommends })
    });
    Solution { packages, wanted: wanted.collect() }
}

/// Whether a package is what a request stood for.
fn is_it(package: &LockedPackage, request: &LockedRequest, native: &Architecture) -> bool {
    let name: &PackageName = request.found.as_ref().unwrap_or(&request.package);
    let architecture = request.foreign.as_ref().unwrap_or(native);
    package.package == *name
        && package.version.as_str() == request.version.as_str()
        && (package.architecture.is_all() || package.architecture == *architecture)
}

/// Makes sure that all packages of a lock are among those that were found.
pub(super) fn check_complete<'a>(
    lock: &LockedSystem,
    chosen: impl Iterator<Item = &'a Chosen>,
) -> Result<(), Unlisted> {
    let found: HashSet<_> = chosen.map(|chosen| (&chosen.name, chosen.version.as_str(), chosen.digest)).collect();
    let is_missing =
        |package: &&LockedPackage| !found.contains(&(&package.package, package.version.as_str(), package.digest));
    let missing: Vec<String> = lock
        .packages
        .iter()
        .filter(is_missing)
        .map(|package| format!("{} {} {}", package.package, package.version, package.architecture))
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(Unlisted { missing: missing.join(", "), series: lock.series.clone() }) }
}

/// A lock that does not fit its own indexes.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the lock names packages that the indexes it was made from don't list: {missing}")]
#[diagnostic(help(
    "the lock was changed by hand, or joined from two: take it from version control again, or lock the series anew with \
     `airgap-bundle lock STACK --update {series}`"
))]
pub(super) struct Unlisted {
    missing: String,
    series: Series,
}
