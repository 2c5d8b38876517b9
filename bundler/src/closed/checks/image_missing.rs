//! Images that surely run and are not carried.

use manifests::evidence::{Confidence, Fate, FindingId, Reference, Severity};

use super::{line, only_component};
use crate::closed::fate::taken_out;
use crate::closed::world::place;
use crate::closed::{Check, Found, World};

pub(super) const CHECK: Check = Check {
    id: FindingId::ImageMissing,
    severity: Severity::Error,
    why: "its pods would never start inside the gap",
    look,
};

fn look(world: &World<'_>) -> Vec<Found> {
    let references = world.fates.references.iter();
    let sure = references.filter(|reference| reference.confidence == Some(Confidence::Certain));
    let missing = sure.filter(|reference| matches!(reference.fate, Fate::Missing | Fate::Waived));
    missing.map(|reference| found(world, reference)).collect()
}

fn found(world: &World<'_>, reference: &Reference) -> Found {
    let removed = taken_out(world.stack, &reference.image, &reference.sightings);
    let message = match removed {
        Some(_) => format!("the stack takes `{}` out, and it is still used", reference.image),
        None => format!("`{}` is used, and not carried", reference.image),
    };
    let first = reference.sightings.first();
    let asked = || first.and_then(|seen| place(world.stack, &seen.component, seen.chart.as_deref()));
    Found {
        object: reference.image.to_string(),
        message,
        component: only_component(reference),
        location: removed.cloned().or_else(asked),
        seen: reference.sightings.iter().map(line).collect(),
        help:
            "carry it (from elsewhere under its name, with `from: {image: …}`), set another image in the values of the \
               release, or waive it with the reason why nothing runs it"
                .to_owned(),
    }
}
