//! Classes of storage and of ingresses that are asked for and that nothing provides.

use manifests::evidence::{FindingId, Severity};
use manifests::lock::{LockedThing, LockedUse};

use super::classes::{Classes, DEFAULT, INGRESSES, STORAGE};
use super::wanted;
use crate::closed::{Check, Found, World};

pub(super) const OF_STORAGE: Check = Check {
    id: FindingId::StorageClassMissing,
    severity: Severity::Error,
    why: "claims for storage stay pending, and pods with them",
    look: |world| look(world, &STORAGE),
};

pub(super) const OF_INGRESSES: Check = Check {
    id: FindingId::IngressClassMissing,
    severity: Severity::Error,
    why: "nobody serves such ingresses",
    look: |world| look(world, &INGRESSES),
};

fn look(world: &World<'_>, classes: &Classes) -> Vec<Found> {
    let missing = world.uses(classes.kind).filter(|used| !is_there(world, classes, used.name.as_deref()));
    let mut found: Vec<Found> = missing.map(|used| of_object(world, classes, used)).collect();
    for (component, offer) in wanted(world, classes.list) {
        let name = offer.name.as_str();
        if !is_there(world, classes, Some(name)) {
            found.push(Found {
                object: name.to_owned(),
                message: format!(
                    "the component `{component}` wants the {} `{name}`, which nothing provides",
                    classes.noun
                ),
                component: Some(component.clone()),
                location: Some(offer.location.clone()),
                seen: Vec::new(),
                help: help(classes),
            });
        }
    }
    found
}

/// Whether a class is there; without a name, whether there is one that is the default. What people say they provide may be.
fn is_there(world: &World<'_>, classes: &Classes, name: Option<&str>) -> bool {
    let mut installed = world.seen.installs.iter().filter(|thing| thing.kind == classes.kind);
    let is_it = |thing: &LockedThing| name.map_or(thing.default, |name| thing.name == name);
    installed.any(is_it) || classes.is_there_already(world, name)
}

fn of_object(world: &World<'_>, classes: &Classes, used: &LockedUse) -> Found {
    let Classes { noun, .. } = classes;
    let message = match &used.name {
        Some(name) => format!("{} asks for the {noun} `{name}`, which nothing provides", used.object),
        None => format!("{} asks for the default {noun}, and nothing provides one", used.object),
    };
    world.found(used, used.name.as_deref().unwrap_or(DEFAULT), message, help(classes))
}

fn help(classes: &Classes) -> String {
    let Classes { noun, field, .. } = classes;
    format!(
        "add a component that provides the {noun}, or set another in the values of the release; if the site has it, name \
         it in the stack under `provides: {field}:`"
    )
}
