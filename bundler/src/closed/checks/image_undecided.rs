//! Texts that may be images, and that nobody has decided on.

use manifests::evidence::{Confidence, Fate, FindingId, Purpose, Reference, Severity};

use super::{line, only_component};
use crate::closed::world::place;
use crate::closed::{Check, Found, World, decision};

pub(super) const CHECK: Check = Check {
    id: FindingId::ImageUndecided,
    severity: Severity::Error,
    why: "if something pulls it inside the gap, it is not there",
    look,
};

fn look(world: &World<'_>) -> Vec<Found> {
    let references = world.fates.references.iter();
    let unsure = references.filter(|reference| reference.confidence < Some(Confidence::Certain));
    let open = unsure.filter(|reference| matches!(reference.fate, Fate::Undecided | Fate::Waived));
    open.map(|reference| found(world, reference)).collect()
}

fn found(world: &World<'_>, reference: &Reference) -> Found {
    let seen: Vec<_> = reference.sightings.iter().filter(|seen| seen.purpose == Purpose::Run).collect();
    let first = seen.first();
    let reason = first.map(|seen| seen.reason.as_str()).unwrap_or_default();
    let text = first.map(|seen| seen.text.as_str()).unwrap_or_default();
    let message = format!("nobody has decided whether `{}` is carried: {reason}", reference.image);
    Found {
        object: reference.image.to_string(),
        message,
        component: only_component(reference),
        location: first.and_then(|seen| place(world.stack, &seen.component, seen.chart.as_deref())),
        seen: seen.iter().map(|seen| line(seen)).collect(),
        help: format!("decide it in the stack:\ndecisions:\n{}", decision(text).trim_end()),
    }
}
