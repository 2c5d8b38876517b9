//! Charts that are not rendered with all combinations of what sites may say.

use manifests::evidence::{FindingId, Severity};
use manifests::lock::LockedCombinations;

use crate::closed::{Check, Found, World};

pub(super) const CHECK: Check = Check {
    id: FindingId::CombinationsUnrendered,
    severity: Severity::Warning,
    why: "an image that is there with one of the others alone is found missing inside the gap",
    look,
};

fn look(world: &World<'_>) -> Vec<Found> {
    world.seen.unrendered.iter().map(|left_out| found(world, left_out)).collect()
}

fn found(world: &World<'_>, left_out: &LockedCombinations) -> Found {
    let LockedCombinations { component, chart, release, values, rendered, of } = left_out;
    let values: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
    let more = of.saturating_sub(*rendered);
    Found {
        object: format!("{component}/{release}"),
        message: format!(
            "`{chart}` of the component `{component}` is rendered with {rendered} combinations of what sites may say for {}, and \
             not with {more} more",
            values.join(", ")
        ),
        component: Some(component.clone()),
        location: world.place_of_release(component, chart, Some(release)).or_else(|| world.place(component, Some(chart))),
        seen: Vec::new(),
        help: "each choice is rendered, and pairs of them as far as there is room; declare the combinations of three and more that \
               sites have under `variants`, then waive this with the reason why these are all"
            .to_owned(),
    }
}
