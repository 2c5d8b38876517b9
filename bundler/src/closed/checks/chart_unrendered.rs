//! Charts that could not be looked through.

use manifests::evidence::{FindingId, Severity};
use manifests::lock::LockedFailure;

use crate::closed::{Check, Found, World};

pub(super) const CHECK: Check =
    Check { id: FindingId::ChartUnrendered, severity: Severity::Error, why: "nobody knows what it refers to", look };

fn look(world: &World<'_>) -> Vec<Found> {
    failures(world, false)
}

/// What could not be looked at, because of the version of Kubernetes or for another reason.
pub(super) fn failures(world: &World<'_>, because_of_kubernetes: bool) -> Vec<Found> {
    let failures = world.seen.failures.iter().filter(|failure| failure.refuses_kubernetes == because_of_kubernetes);
    failures.map(|failure| found(world, failure)).collect()
}

fn found(world: &World<'_>, failure: &LockedFailure) -> Found {
    let LockedFailure { component, of, variant, reason, help, .. } = failure;
    let with = variant.as_ref().map(|variant| format!(" with {variant}")).unwrap_or_default();
    Found {
        object: of.clone(),
        message: format!("`{of}` of the component `{component}`{with}: {reason}"),
        component: Some(component.clone()),
        location: world.place(component, Some(of)).or_else(|| world.place(component, None)),
        seen: Vec::new(),
        help: help.clone(),
    }
}
