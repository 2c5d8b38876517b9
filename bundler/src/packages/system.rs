//! One system: from verified indexes to its artifact.

use std::fs;
use std::sync::Arc;

use bytes::Bytes;
use manifests::Digest;
use manifests::debian::{Architecture, Package, PackageName, Stanzas, Version};
use manifests::document::WantedPackage;
use manifests::lock::LockedSystem;
use manifests::stack::Base;
use tokio_util::sync::CancellationToken;

use super::artifact::{self, Content};
use super::closure::{self, Profile, Request, Universe, VersionId};
use super::error::PackagesError;
use super::pool::{self, Chosen, Placed};
use super::profile::reduce;
use super::repository::{IndexProblem, Pocket, RepositoryError, RepositoryProblem};
use super::{Proof, locked, proof};
use crate::build::Cause;
use crate::content::Resolved;
use crate::resolve::stack::ResolvedSystem;

/// What was found for nodes of one architecture.
struct Found {
    chosen: Vec<Chosen>,
    wanted: Vec<WantedPackage>,
    /// What each request stood for.
    requests: Vec<(PackageName, Version)>,
    profiles: Vec<Profile>,
}

/// What a system's packages are made from.
pub(super) struct Work {
    pub(super) pockets: Arc<[Pocket]>,
    /// What they are, where a lock says so: then nothing is solved.
    pub(super) locked: Option<LockedSystem>,
    pub(super) proof: Proof,
    pub(super) version: semver::Version,
    pub(super) stop: CancellationToken,
}

/// A profile that a file holds, and the architecture of its node.
struct NodeProfile {
    architecture: Option<Architecture>,
    profile: Profile,
}

/// Solves for each architecture, proves it, and makes the artifact.
pub(super) fn resolve(system: &ResolvedSystem, work: &Work) -> Result<Resolved, Vec<PackagesError>> {
    let Work { pockets, locked, proof: waiver, version, stop } = work;
    let nodes = node_profiles(system)?;
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    // One after the other: the indexes of one architecture fill enough memory.
    for architecture in &system.architectures {
        if stop.is_cancelled() {
            return Err(vec![PackagesError::Stopped]);
        }
        match solve(system, architecture, work, &nodes) {
            Ok(solved) => found.push((architecture, solved)),
            Err(problem) => errors.push(*problem),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    if let Some(locked) = locked {
        let chosen = found.iter().flat_map(|(_, found)| &found.chosen);
        locked::check_complete(locked, chosen).map_err(|error| vec![PackagesError::locked(system, error)])?;
    }
    let placed = pool::place(found.iter_mut().flat_map(|(_, found)| std::mem::take(&mut found.chosen)).collect());
    let listed = system.architectures.iter().chain(&system.foreign);
    let indexes: Vec<(Architecture, Bytes)> =
        listed.map(|architecture| (architecture.clone(), pool::index(&placed, &[architecture]).into())).collect();
    match waiver {
        Proof::Required => {
            for (architecture, found) in &found {
                errors.extend(prove(system, architecture, found, &placed));
            }
        }
        Proof::Waived(reason) => {
            tracing::warn!(series = %system.series, reason, "NOT PROVED: apt was not asked whether the packages are complete");
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let base = digests(system, &nodes);
    let requests = found.iter_mut().flat_map(|(_, found)| std::mem::take(&mut found.requests)).collect();
    let profiles =
        found.iter().flat_map(|(architecture, found)| named(system, architecture, &found.profiles)).collect();
    let content = Content {
        series: system.series.clone(),
        architectures: system.architectures.clone(),
        wanted: found.into_iter().flat_map(|(_, found)| found.wanted).collect(),
        placed,
        indexes,
        pockets,
        profiles,
        base,
        requests,
        unproved: if let Proof::Waived(reason) = waiver { Some(reason.clone()) } else { None },
    };
    artifact::build(content, version).map_err(|error| vec![PackagesError::Name(error)])
}

/// The closure for nodes of one architecture.
fn solve(
    system: &ResolvedSystem,
    architecture: &Architecture,
    work: &Work,
    nodes: &[NodeProfile],
) -> Result<Found, Box<PackagesError>> {
    let pockets = &work.pockets;
    let texts = texts(system, architecture, pockets)?;
    let failed = |cause: Cause| Box::new(PackagesError::system(system, architecture, cause));
    let mut builder = Universe::builder(architecture.clone(), system.foreign.clone());
    for (tag, text) in &texts {
        let pocket = pocket(&pockets[*tag], *tag);
        builder.add_index(text, pocket).map_err(|error| failed(error.into()))?;
    }
    let universe = builder.finish();
    let mut profiles = Vec::new();
    if system.base.contains(&Base::Essential) {
        profiles.extend(Profile::essential(&universe).map_err(|error| failed(error.into()))?);
    }
    let of_nodes = nodes.iter().filter(|node| node.architecture.as_ref().is_none_or(|own| own == architecture));
    profiles.extend(of_nodes.map(|node| node.profile.clone()));
    if profiles.is_empty() {
        return Err(Box::new(PackagesError::no_profile(system, architecture)));
    }
    let wanted = system.packages.iter().filter(|package| package.architectures.contains(architecture));
    let requests: Vec<Request> = wanted
        .map(|package| Request {
            component: package.component.to_string(),
            package: package.name.clone(),
            architecture: package.foreign.clone(),
            version: package.version.clone(),
            recommends: package.recommends,
        })
        .collect();
    let solution = match &work.locked {
        Some(locked) => locked::solution(locked, &universe, system, &requests),
        None => solved(&universe, &profiles, &requests, system).map_err(|error| failed(error.into()))?,
    };
    let choose = |version: &VersionId| chosen(&universe, *version, pockets);
    let chosen: Result<Vec<_>, _> = solution.packages.iter().map(choose).collect();
    let chosen = chosen.map_err(|error| failed(error.into()))?;
    let (mut wanted, mut stood_for) = (Vec::new(), Vec::new());
    for of in &solution.wanted {
        let package = universe.package_of(of.version);
        let (Ok(name), Ok(version)) = (package.name.parse::<PackageName>(), package.version.parse::<Version>()) else {
            continue;
        };
        stood_for.push((name.clone(), version.clone()));
        wanted.push(WantedPackage {
            component: of.component.clone(),
            package: name,
            architecture: architecture.clone(),
            version,
            foreign: system.foreign.iter().find(|foreign| foreign.as_str() == package.architecture).cloned(),
            recommends: of.recommends,
        });
    }
    Ok(Found { chosen, wanted, requests: stood_for, profiles })
}

/// What is carried, and what is to be installed of it.
pub(super) struct Solution {
    pub(super) packages: Vec<VersionId>,
    pub(super) wanted: Vec<closure::Wanted>,
}

/// The closure of the requests.
fn solved(
    universe: &Universe<'_>,
    profiles: &[Profile],
    requests: &[Request],
    system: &ResolvedSystem,
) -> Result<Solution, closure::Unsolvable> {
    let closure = closure::close(universe, profiles, requests)?;
    for unmet in &closure.unmet {
        let architecture = universe.native();
        tracing::warn!(series = %system.series, %architecture, "{unmet}, which can't be installed and is left out");
    }
    let packages = closure.packages.iter().map(|package| package.version).collect();
    Ok(Solution { packages, wanted: closure.wanted })
}

/// What of each profile that is a file matters.
fn digests(system: &ResolvedSystem, nodes: &[NodeProfile]) -> Vec<Option<Digest>> {
    let digest = |base: &Base| {
        let name = base.name();
        let node = nodes.iter().find(|node| matches!(base, Base::File(_)) && node.profile.name() == name)?;
        Some(Digest::of(node.profile.status()))
    };
    system.base.iter().map(digest).collect()
}

/// The texts of all indexes that matter to nodes of an architecture, with the place of their pocket.
fn texts(
    system: &ResolvedSystem,
    architecture: &Architecture,
    pockets: &[Pocket],
) -> Result<Vec<(usize, Vec<u8>)>, Box<PackagesError>> {
    let mut texts = Vec::new();
    for (tag, pocket) in pockets.iter().enumerate() {
        let matters = |of: &Option<Architecture>| {
            of.as_ref().is_none_or(|of| of == architecture || of.is_all() || system.foreign.contains(of))
        };
        for index in pocket.indexes.iter().filter(|index| matters(&index.architecture)) {
            let failed = |source: IndexProblem| {
                let problem = RepositoryProblem::Index { path: index.path.clone(), source: source.into() };
                Box::new(PackagesError::from(RepositoryError::new(&pocket.request, problem)))
            };
            texts.push((tag, index.text().map_err(failed)?));
        }
    }
    Ok(texts)
}

fn pocket(pocket: &Pocket, tag: usize) -> closure::Pocket {
    let description = pocket.place.shown();
    let priority = pocket.request.repository.priority.unwrap_or_else(|| pocket.release.priority());
    closure::Pocket { description, priority, tag }
}

/// A package of the closure, with what it takes to fetch it.
fn chosen(universe: &Universe<'_>, version: closure::VersionId, pockets: &[Pocket]) -> Result<Chosen, IncompleteEntry> {
    let package = universe.package_of(version);
    let incomplete = |field| IncompleteEntry {
        package: package.name.to_owned(),
        version: package.version.to_owned(),
        place: universe.pocket(version).map(|pocket| pocket.description.clone()).unwrap_or_default(),
        field,
    };
    let pocket = universe.pocket(version).and_then(|pocket| pockets.get(pocket.tag));
    let pocket = pocket.ok_or_else(|| incomplete("Filename"))?;
    if package.filename.is_empty() {
        return Err(incomplete("Filename"));
    }
    Ok(Chosen {
        name: package.name.parse().map_err(|_| incomplete("Package"))?,
        version: package.version.parse().map_err(|_| incomplete("Version"))?,
        architecture: package.architecture.parse().map_err(|_| incomplete("Architecture"))?,
        filename: package.filename.to_owned(),
        digest: package.sha256.ok_or_else(|| incomplete("SHA256"))?,
        size: package.size.ok_or_else(|| incomplete("Size"))?,
        stanza: universe.stanza(version).to_vec(),
        url: pocket.place.package(package.filename),
        from: pocket.place.shown(),
    })
}

/// A package that can't be fetched safely.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{package} {version} of {place} has no `{field}` in its index")]
#[diagnostic(help("packages are taken by SHA-256 only: ask the publisher of the repository"))]
struct IncompleteEntry {
    package: String,
    version: String,
    place: String,
    field: &'static str,
}

/// Asks apt, for each profile of an architecture.
fn prove(system: &ResolvedSystem, architecture: &Architecture, found: &Found, placed: &[Placed]) -> Vec<PackagesError> {
    let architectures: Vec<&Architecture> = [architecture].into_iter().chain(&system.foreign).collect();
    let index = pool::index(placed, &architectures);
    let index = String::from_utf8_lossy(&index);
    let own = |wanted: &WantedPackage| {
        let is_it = |placed: &&Placed| {
            let package = &placed.package;
            package.name == wanted.package
                && package.version.as_str() == wanted.version.as_str()
                && (package.architecture.is_all() || package.architecture == *wanted.own_architecture())
        };
        let package = placed.iter().find(is_it).map(|placed| &placed.package.architecture);
        package.unwrap_or(&wanted.architecture).to_string()
    };
    let wanted: Vec<_> = found
        .wanted
        .iter()
        .map(|wanted| proof::WantedPackage {
            name: wanted.package.to_string(),
            architecture: own(wanted),
            version: wanted.version.to_string(),
            recommends: wanted.recommends,
        })
        .collect();
    let prove = |profile| {
        let subject =
            proof::Subject { profile, native: architecture, foreign: &system.foreign, index: &index, wanted: &wanted };
        proof::prove(&subject).err().map(|error| PackagesError::system(system, architecture, error.into()))
    };
    found.profiles.iter().filter_map(prove).collect()
}

/// Reads the profiles that are files, once for all architectures.
fn node_profiles(system: &ResolvedSystem) -> Result<Vec<NodeProfile>, Vec<PackagesError>> {
    let (mut profiles, mut errors) = (Vec::new(), Vec::new());
    for base in &system.base {
        let Base::File(path) = base else { continue };
        let failed = |cause: Cause| PackagesError::profile(system, path.clone(), cause);
        let read = || -> Result<NodeProfile, Cause> {
            let status = reduce(&fs::read(path).map_err(|error| Cause::from(Unreadable(error)))?)?.status;
            let architecture = architecture_of(&status);
            refuse_unnamed(system, architecture.as_ref(), &status)?;
            Ok(NodeProfile { architecture, profile: Profile::from_status(base.name(), status)? })
        };
        match read() {
            Ok(profile) => profiles.push(profile),
            Err(cause) => errors.push(failed(cause)),
        }
    }
    if errors.is_empty() { Ok(profiles) } else { Err(errors) }
}

/// A profile that is not there.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("it can't be read")]
#[diagnostic(help("the path is relative to the stack's folder"))]
struct Unreadable(#[source] std::io::Error);

/// Packages of an architecture that the system does not name would look as if they could not be there.
fn refuse_unnamed(system: &ResolvedSystem, own: Option<&Architecture>, status: &[u8]) -> Result<(), Unnamed> {
    for stanza in Stanzas::new(status).filter_map(Result::ok) {
        let Ok(package) = Package::parse(&stanza) else { continue };
        let Ok(architecture) = package.architecture.parse::<Architecture>() else { continue };
        if !architecture.is_all() && own != Some(&architecture) && !system.foreign.contains(&architecture) {
            return Err(Unnamed { package: package.name.to_owned(), architecture });
        }
    }
    Ok(())
}

/// A profile has packages of an architecture that the system does not name.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("it has {package} of the foreign architecture {architecture}, which the system does not name")]
#[diagnostic(help("add `foreign: [{architecture}]` to the system, so that its packages are carried and proved too"))]
struct Unnamed {
    package: String,
    architecture: Architecture,
}

/// The architecture of a node is that of its dpkg.
fn architecture_of(status: &[u8]) -> Option<Architecture> {
    let mut packages = Stanzas::new(status).filter_map(|stanza| Package::parse(&stanza.ok()?).ok());
    packages.find(|package| package.name == "dpkg")?.architecture.parse().ok()
}

/// Profiles with names that say their architecture, where there are several.
fn named(system: &ResolvedSystem, architecture: &Architecture, profiles: &[Profile]) -> Vec<(String, Bytes)> {
    let one = |profile: &Profile| {
        let name = profile.name();
        let name = if system.architectures.len() > 1 { format!("{name}.{architecture}") } else { name.to_owned() };
        (name, Bytes::copy_from_slice(profile.status()))
    };
    profiles.iter().map(one).collect()
}
