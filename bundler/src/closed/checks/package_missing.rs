//! Packages that components want on nodes.

use manifests::BundleName;
use manifests::component::Offer;
use manifests::debian::{Package, PackageName, Stanzas};
use manifests::evidence::{FindingId, Severity};
use manifests::stack::Base;

use super::{provided, wanted};
use crate::closed::{Check, Found, World};
use crate::resolve::stack::ResolvedSystem;

pub(super) const CHECK: Check =
    Check { id: FindingId::PackageMissing, severity: Severity::Error, why: "what needs it fails on such nodes", look };

fn look(world: &World<'_>) -> Vec<Found> {
    let said = provided(world, |offers| &offers.packages);
    let wanted = wanted(world, |offers| &offers.packages).into_iter();
    let missing: Vec<_> = wanted.filter(|(_, offer)| !said.contains(&&offer.name)).collect();
    // Profiles are read only where something is asked of them.
    if missing.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for system in &world.stack.systems {
        let profiles: Vec<Vec<String>> = system.base.iter().map(installed).collect();
        for (component, offer) in &missing {
            let on_nodes = profiles.iter().all(|names| names.iter().any(|name| name == offer.name.as_str()));
            if !is_carried(system, &offer.name) && !on_nodes {
                found.push(of(component, offer, system.series.as_str()));
            }
        }
    }
    if world.stack.systems.is_empty() {
        found.extend(missing.iter().map(|(component, offer)| of(component, offer, "the nodes")));
    }
    found
}

fn of(component: &BundleName, offer: &Offer<PackageName>, nodes: &str) -> Found {
    let name = &offer.name;
    Found {
        object: name.to_string(),
        message: format!("the component `{component}` wants the package `{name}` on {nodes}, where nothing brings it"),
        component: Some(component.clone()),
        location: Some(offer.location.clone()),
        seen: Vec::new(),
        help: "add it to `packages:`; if the nodes have it, name it in the stack under `provides: packages:`"
            .to_owned(),
    }
}

fn is_carried(system: &ResolvedSystem, name: &PackageName) -> bool {
    system.architectures.iter().all(|architecture| {
        system.packages.iter().any(|package| package.name == *name && package.architectures.contains(architecture))
    })
}

/// The packages of a profile that is a file. One that can't be read is told where packages are solved.
fn installed(base: &Base) -> Vec<String> {
    let Base::File(path) = base else { return Vec::new() };
    std::fs::read(path).map(|status| names(&status)).unwrap_or_default()
}

fn names(status: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    for stanza in Stanzas::new(status).map_while(Result::ok) {
        let Ok(package) = Package::parse(&stanza) else { continue };
        let there = package.status.is_some_and(|status| status.state.has_files());
        names.extend(there.then(|| package.name.to_owned()));
    }
    names
}
