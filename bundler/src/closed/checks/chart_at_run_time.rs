//! Charts that the cluster fetches by itself.

use manifests::evidence::{FindingId, Severity};
use manifests::lock::{LockedUse, ThingKind};

use crate::closed::{Check, Found, World};

pub(super) const CHECK: Check = Check {
    id: FindingId::ChartAtRunTime,
    severity: Severity::Error,
    why: "it can't be fetched inside the gap, and nobody has looked for its images",
    look,
};

fn look(world: &World<'_>) -> Vec<Found> {
    let carried = |used: &LockedUse| {
        let name = used.name.as_deref();
        world.stack.charts.iter().any(|chart| Some(chart.name.as_str()) == name)
    };
    world.uses(ThingKind::Chart).filter(|used| !carried(used)).map(|used| found(world, used)).collect()
}

fn found(world: &World<'_>, used: &LockedUse) -> Found {
    let name = used.name.as_deref().unwrap_or_default();
    let from = used.from.as_ref().map(|from| format!(" from {from}")).unwrap_or_default();
    Found {
        object: name.to_owned(),
        message: format!("{} has the cluster fetch the chart `{name}`{from}", used.object),
        component: Some(used.component.clone()),
        location: world.place(&used.component, used.chart.as_deref()),
        seen: vec![format!("{} in {}", used.object, used.file)],
        help: format!("add the chart `{name}` to `charts:` of the component, so that it is carried and looked through"),
    }
}
