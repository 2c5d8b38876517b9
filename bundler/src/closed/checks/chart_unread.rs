//! Charts that are not looked through, because people say so.

use manifests::evidence::{FindingId, Severity};

use crate::closed::{Check, Found, World};
use crate::resolve::stack::ResolvedRendering;

pub(super) const CHECK: Check = Check {
    id: FindingId::ChartUnread,
    severity: Severity::Warning,
    why: "what it refers to and is not listed is found missing inside the gap",
    look,
};

fn look(world: &World<'_>) -> Vec<Found> {
    world.stack.renderings.iter().filter_map(|rendering| found(world, rendering)).collect()
}

fn found(world: &World<'_>, rendering: &ResolvedRendering) -> Option<Found> {
    let (reason, component) = (rendering.without.as_ref()?, &rendering.component);
    let chart = &world.stack.charts.get(rendering.chart)?.name;
    let name = rendering.release.as_ref().and_then(|release| release.name.as_ref());
    let release = name.map_or_else(|| chart.clone(), ToString::to_string);
    Some(Found {
        object: format!("{component}/{release}"),
        message: format!("`{chart}` of the component `{component}` is not looked through: {reason}"),
        component: Some(component.clone()),
        location: Some(rendering.location.clone()),
        seen: Vec::new(),
        help: "remove `withoutDiscovery` once the chart can be rendered".to_owned(),
    })
}
