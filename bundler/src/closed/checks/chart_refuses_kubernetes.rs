//! Charts that are not for the stack's version of Kubernetes.

use manifests::evidence::{FindingId, Severity};

use crate::closed::{Check, Found, World};

pub(super) const CHECK: Check =
    Check { id: FindingId::ChartRefusesKubernetes, severity: Severity::Error, why: "Helm refuses to install it", look };

fn look(world: &World<'_>) -> Vec<Found> {
    super::chart_unrendered::failures(world, true)
}
