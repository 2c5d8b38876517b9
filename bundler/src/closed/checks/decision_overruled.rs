//! Decisions that leave out what surely runs: they have no effect.

use manifests::component::Verdict;
use manifests::evidence::{Confidence, FindingId, Purpose, Reference, Severity, Sighting};

use super::line;
use crate::closed::{Check, Found, World};
use crate::resolve::stack::OwnDecision;

pub(super) const CHECK: Check = Check {
    id: FindingId::DecisionOverruled,
    severity: Severity::Error,
    why: "it is carried all the same: a decision speaks of what only may be an image",
    look,
};

fn look(world: &World<'_>) -> Vec<Found> {
    let decisions = world.stack.decisions.iter().filter(|own| own.decision.verdict == Verdict::LeaveOut);
    let carried = || world.fates.references.iter().filter(|reference| reference.fate.is_carried());
    decisions.flat_map(|own| carried().filter_map(|reference| found(own, reference))).collect()
}

fn found(own: &OwnDecision, reference: &Reference) -> Option<Found> {
    let decision = &own.decision;
    let surely = |seen: &&Sighting| {
        let runs = seen.purpose == Purpose::Run && seen.confidence == Confidence::Certain;
        (runs || seen.is_of_list())
            && decision.is_about(&seen.text, &reference.image, &seen.component, seen.chart.as_deref())
    };
    let seen: Vec<String> = reference.sightings.iter().filter(surely).map(line).collect();
    let image = &reference.image;
    (!seen.is_empty()).then(|| Found {
        object: image.to_string(),
        message: format!("a decision leaves `{image}` out, and there it is surely used"),
        component: own.owner.clone(),
        location: Some(decision.location.clone()),
        seen,
        help: format!(
            "remove the decision; to leave the image out, waive `image-missing` for `{image}` with the reason why nothing runs it"
        ),
    })
}
