//! Charts and files that could not be looked through.

use manifests::evidence::{FindingId, Severity};
use manifests::lock::LockedFailure;

use crate::closed::world::place_of_list;
use crate::closed::{Check, Found, World};

pub(super) const CHECK: Check = Check {
    id: FindingId::ChartUnrendered,
    severity: Severity::Error,
    why: "nobody knows what it refers to",
    look: |world| {
        failures(world, |failure| !failure.refuses_kubernetes && failure.git.is_none() && !is_of_list(world, failure))
    },
};

/// Lists of images that could not be read.
pub(super) const LIST: Check = Check {
    id: FindingId::ListUnread,
    severity: Severity::Error,
    why: "an image that it names would not be carried",
    look: |world| failures(world, |failure| is_of_list(world, failure)),
};

/// Charts that are not for the stack's version of Kubernetes.
pub(super) const KUBERNETES: Check = Check {
    id: FindingId::ChartRefusesKubernetes,
    severity: Severity::Error,
    why: "Helm refuses to install it",
    look: |world| failures(world, |failure| failure.refuses_kubernetes),
};

fn is_of_list(world: &World<'_>, failure: &LockedFailure) -> bool {
    let mut lists = world.seen.lists.iter();
    failure.release.is_none() && lists.any(|list| (&list.component, &list.list) == (&failure.component, &failure.of))
}

fn failures(world: &World<'_>, is_meant: impl Fn(&LockedFailure) -> bool) -> Vec<Found> {
    let failures = world.seen.failures.iter().filter(|failure| is_meant(failure));
    failures.map(|failure| found(world, failure)).collect()
}

fn found(world: &World<'_>, failure: &LockedFailure) -> Found {
    let LockedFailure { component, of, release, variant, reason, help, .. } = failure;
    let with = variant.as_ref().map(|variant| format!(" with {variant}")).unwrap_or_default();
    let what = match release {
        Some(release) if release != of => format!("`{of}` of the component `{component}` as `{release}`"),
        _ => format!("`{of}` of the component `{component}`"),
    };
    let list = world.seen.lists.iter().find(|list| (&list.component, &list.list) == (component, of));
    let list = list.filter(|_| release.is_none()).and_then(|list| place_of_list(world.stack, list).cloned());
    let chart = || world.place_of_release(component, of, release.as_deref());
    // What is wrong with one release, or with it under other values, says nothing of the rest of the chart.
    let object = match (release, variant) {
        _ if failure.refuses_kubernetes => format!("{component}/{of}"),
        (Some(release), Some(variant)) => format!("{component}/{release}: {variant}"),
        (release, _) => format!("{component}/{}", release.as_ref().unwrap_or(of)),
    };
    Found {
        object,
        message: format!("{what}{with}: {reason}"),
        component: Some(component.clone()),
        location: list.or_else(chart).or_else(|| world.place(component, None)),
        seen: Vec::new(),
        help: help.clone(),
    }
}
