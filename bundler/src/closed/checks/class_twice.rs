//! Classes of storage and of ingresses that several bring: those of one name, and those that are taken where none is named.

use std::collections::{BTreeMap, BTreeSet};

use manifests::BundleName;
use manifests::evidence::{FindingId, Severity};

use super::classes::{Classes, DEFAULT, INGRESSES, OwnClass, STORAGE};
use crate::closed::{Check, Found, World};

pub(super) const OF_STORAGE: Check = Check {
    id: FindingId::StorageClassTwice,
    severity: Severity::Warning,
    why: "of two releases with one class the cluster refuses one, and of two default ones nobody knows which is taken",
    look: |world| look(world, &STORAGE),
};

pub(super) const OF_INGRESSES: Check = Check {
    id: FindingId::IngressClassTwice,
    severity: Severity::Warning,
    why: "of two releases with one class the cluster refuses one, and two controllers answer for the same ingresses",
    look: |world| look(world, &INGRESSES),
};

fn look(world: &World<'_>, classes: &Classes) -> Vec<Found> {
    let own = classes.of_distribution(world);
    let mut by: BTreeMap<&str, BTreeSet<&BundleName>> = BTreeMap::new();
    for thing in world.seen.installs.iter().filter(|thing| thing.kind == classes.kind) {
        by.entry(&thing.name).or_default().insert(&thing.component);
        if thing.default {
            by.entry(DEFAULT).or_default().insert(&thing.component);
        }
    }
    let with_own = |name: &str| own.filter(|own| name == DEFAULT || own.name == name);
    let several = by.into_iter().filter(|(name, components)| components.len() + with_own(name).iter().len() > 1);
    several.map(|(name, components)| found(world, classes, name, &components, with_own(name))).collect()
}

fn found(
    world: &World<'_>,
    classes: &Classes,
    name: &str,
    components: &BTreeSet<&BundleName>,
    own: Option<OwnClass>,
) -> Found {
    let what = match name {
        DEFAULT => format!("a default {}", classes.noun),
        name => format!("the {} `{name}`", classes.noun),
    };
    let by = components.iter().map(|component| format!("the component `{component}`"));
    let by = by.chain(own.map(|own| format!("the distribution, by its `{}`", own.part)));
    let mut help = String::from("leave one of them out, or set another class in the values of its release");
    if let Some(own) = own {
        help.push_str(&format!(
            "; the distribution's own goes by `disable: [{}]` of the stack's `distribution`",
            own.part
        ));
    }
    let component = components.last().map(|component| (*component).clone());
    Found {
        object: name.to_owned(),
        message: format!("{what} may be installed by {}", by.collect::<Vec<_>>().join(" and ")),
        location: component.as_ref().and_then(|component| world.place(component, None)),
        component,
        seen: Vec::new(),
        help,
    }
}
