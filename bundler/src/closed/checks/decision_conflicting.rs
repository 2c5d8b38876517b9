//! Decisions of which each says the opposite of another, and none counts more.

use std::collections::BTreeMap;

use manifests::evidence::{FindingId, Severity};

use super::line;
use crate::closed::fate::that_count;
use crate::closed::{Check, Found, World};
use crate::resolve::stack::OwnDecision;

pub(super) const CHECK: Check = Check {
    id: FindingId::DecisionConflicting,
    severity: Severity::Error,
    why: "which of them is meant, nobody can tell",
    look,
};

fn look(world: &World<'_>) -> Vec<Found> {
    let mut found: BTreeMap<(String, usize), Found> = BTreeMap::new();
    for reference in &world.seen.references {
        for seen in &reference.seen {
            let count = that_count(world.stack, &reference.image, seen);
            let Some((first, own)) = count.first().copied() else { continue };
            let opposite = |(_, other): &&(usize, &OwnDecision)| other.decision.verdict != own.decision.verdict;
            if let Some((_, other)) = count.iter().find(opposite) {
                let new = || conflict(own, other, reference.image.to_string());
                let known = found.entry((reference.image.to_string(), first)).or_insert_with(new);
                known.seen.push(line(seen));
            }
        }
    }
    found.into_values().collect()
}

fn conflict(own: &OwnDecision, other: &OwnDecision, image: String) -> Found {
    let at = &own.decision.location;
    Found {
        message: format!(
            "a decision about `{image}` says the opposite of the one in line {} of {}",
            at.line(),
            at.file()
        ),
        object: image,
        component: own.owner.clone(),
        location: Some(other.decision.location.clone()),
        seen: Vec::new(),
        help: "remove one of them, or say with `chart` or `component` where one of them alone is meant".to_owned(),
    }
}
