//! From what the stack and its components ask for to the packages of each system.

use manifests::BundleName;
use manifests::component::{KeySource, PackageRepository, WantedPackage};
use manifests::debian::{Architecture, PackageName};
use manifests::stack::{Base, System};
use manifests::yaml::{Location, Problem, suggest};

use super::{ResolvedPackage, ResolvedSystem, rebase};

/// What one component asks for on the nodes.
pub(super) struct Wanted {
    pub(super) component: BundleName,
    pub(super) packages: Vec<WantedPackage>,
    pub(super) repositories: Vec<PackageRepository>,
}

/// Joins systems and components. What the stack itself asks for is the component of its own name, `stack`.
pub(super) fn join(systems: Vec<System>, wanted: &[Wanted], stack: &BundleName) -> (Vec<ResolvedSystem>, Vec<Problem>) {
    let mut problems = Vec::new();
    for part in wanted {
        refuse_nowhere(part, &systems, part.component == *stack, &mut problems);
    }
    let resolved = systems.into_iter().map(|system| one(system, wanted, &mut problems)).collect();
    (resolved, problems)
}

/// What is asked for on no system at all would be missed at the site.
fn refuse_nowhere(part: &Wanted, systems: &[System], of_stack: bool, problems: &mut Vec<Problem>) {
    if let (Some(package), []) = (part.packages.first(), systems) {
        let problem = Problem::new(&package.location, "packages need to know what the nodes run", "for which system?");
        problems.push(problem.with_help("add `systems:` to the stack, with a series and its repositories"));
        return;
    }
    let names: Vec<&str> = systems.iter().map(|system| system.series.as_str()).collect();
    // A component may name the series of other stacks too, unless it means one of this stack.
    for package in part.packages.iter().filter(|_| !of_stack) {
        for series in package.series.iter().filter(|series| !names.contains(&series.as_str())) {
            if let Some(meant) = suggest::nearest(series.as_str(), &names) {
                let message = format!("the stack has no system `{series}`");
                let problem = Problem::new(&package.location, message, "this package would be left out");
                problems.push(problem.with_help(format!("did you mean `{meant}`?")));
            }
        }
    }
    for package in part.packages.iter().filter(|_| of_stack) {
        if let Some(series) =
            package.series.iter().find(|series| systems.iter().all(|system| system.series != **series))
        {
            let problem = Problem::new(&package.location, format!("the stack has no system `{series}`"), "asked for");
            problems.push(problem.with_help(format!("its systems are {}", names.join(", "))));
        } else if let Some(problem) = refuse_no_architecture(package, systems) {
            problems.push(problem);
        }
    }
}

/// What is for architectures that none of its systems has.
fn refuse_no_architecture(package: &WantedPackage, systems: &[System]) -> Option<Problem> {
    let its = systems.iter().filter(|system| package.series.is_empty() || package.series.contains(&system.series));
    let has: Vec<&Architecture> = its.flat_map(|system| &system.architectures).collect();
    let wanted = &package.architectures;
    if wanted.is_empty() || has.iter().any(|architecture| wanted.contains(architecture)) {
        return None;
    }
    let listed = |names: &[&Architecture]| names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let message = format!("no node has the architecture {}", listed(&wanted.iter().collect::<Vec<_>>()));
    let problem = Problem::new(&package.location, message, "this package would be left out");
    Some(problem.with_help(format!("the nodes of its systems have {}", listed(&has))))
}

fn one(system: System, wanted: &[Wanted], problems: &mut Vec<Problem>) -> ResolvedSystem {
    let mut packages = Vec::new();
    for part in wanted {
        for package in &part.packages {
            if !package.series.is_empty() && !package.series.contains(&system.series) {
                continue;
            }
            match expand(package, &system) {
                Ok(names) => packages.extend(names.into_iter().map(|(name, architectures)| ResolvedPackage {
                    name,
                    version: package.version.clone(),
                    recommends: package.recommends,
                    foreign: package.foreign.clone(),
                    architectures,
                    component: part.component.clone(),
                    location: package.location.clone(),
                })),
                Err(problem) => problems.push(*problem),
            }
        }
    }
    let System { series, architectures, foreign, mut base, kernels: _, repositories: own, location } = system;
    let brought = wanted.iter().flat_map(|part| &part.repositories);
    let brought = brought.filter(|repository| repository.series.is_empty() || repository.series.contains(&series));
    let mut repositories: Vec<PackageRepository> = Vec::new();
    for mut repository in own.into_iter().chain(brought.cloned()) {
        if let KeySource::File(path) = &mut repository.key {
            rebase(path, &repository.location);
        }
        if !repositories.iter().any(|known| same(known, &repository)) {
            repositories.push(repository);
        }
    }
    if repositories.is_empty() && !packages.is_empty() {
        let problem =
            Problem::new(&location, format!("`{series}` has no repository to take packages from"), "this one");
        problems.push(problem.with_help("add `repositories:` to it"));
    }
    for profile in &mut base {
        if let Base::File(path) = profile {
            rebase(path, &location);
        }
    }
    ResolvedSystem { series, architectures, foreign, base, repositories, packages, location }
}

/// Two components may bring the same repository along.
fn same(a: &PackageRepository, b: &PackageRepository) -> bool {
    let placed =
        |location: &Location| PackageRepository { location: location.clone(), series: Vec::new(), ..a.clone() };
    placed(&b.location) == PackageRepository { series: Vec::new(), ..b.clone() }
}

/// The names of a package and the architectures of nodes for each: more than one where it is named after a kernel.
fn expand(package: &WantedPackage, system: &System) -> Result<Vec<(PackageName, Vec<Architecture>)>, Box<Problem>> {
    let wanted =
        |architecture: &&Architecture| package.architectures.is_empty() || package.architectures.contains(architecture);
    let architectures: Vec<Architecture> = system.architectures.iter().filter(wanted).cloned().collect();
    if architectures.is_empty() {
        return Ok(Vec::new());
    }
    if let Some(foreign) = package.foreign.as_ref().filter(|foreign| !system.foreign.contains(foreign)) {
        let message = format!("nodes of `{}` do not take packages of `{foreign}`", system.series);
        let problem = Problem::new(&package.location, message, "of a foreign architecture");
        let problem = problem.with_other(&system.location, "this system");
        return Err(Box::new(problem.with_help(format!("add `foreign: [{foreign}]` to the system"))));
    }
    if let Some(name) = package.package.fixed() {
        return Ok(vec![(name, architectures)]);
    }
    if system.kernels.is_empty() {
        let message = format!("`{}` needs to know the kernels of `{}`", package.package, system.series);
        let problem = Problem::new(&package.location, message, "named after a kernel");
        let problem = problem.with_other(&system.location, "this system");
        return Err(Box::new(problem.with_help("add `kernels:` to the system: what `uname -r` prints on its nodes")));
    }
    let mut names = Vec::new();
    for kernel in &system.kernels {
        let Some(name) = package.package.for_kernel(kernel) else {
            let message = format!("`{}` makes no name of a package with the kernel `{kernel}`", package.package);
            return Err(Box::new(Problem::new(&package.location, message, "this name")));
        };
        // Debian's kernels are named after their architecture, Ubuntu's are not.
        let named: Vec<_> = system.architectures.iter().filter(|a| kernel.ends_with(&format!("-{a}"))).collect();
        let fits = |architecture: &&Architecture| named.is_empty() || named.contains(architecture);
        let architectures: Vec<_> = architectures.iter().filter(fits).cloned().collect();
        if !architectures.is_empty() {
            names.push((name, architectures));
        }
    }
    Ok(names)
}
