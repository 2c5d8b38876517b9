//! Decisions that meet nothing any more.

use manifests::evidence::{FindingId, Severity};

use crate::closed::{Check, Found, World};

pub(super) const CHECK: Check = Check {
    id: FindingId::DecisionUnused,
    severity: Severity::Warning,
    why: "the chart has moved on, and what was decided with it",
    look,
};

fn look(world: &World<'_>) -> Vec<Found> {
    let decisions = world.stack.decisions.iter().zip(&world.fates.decided);
    // Those of components may be for other values or versions.
    let unused = decisions.filter(|(own, met)| !**met && own.owner.is_none());
    unused
        .map(|(own, _)| Found {
            object: own.decision.text.clone(),
            message: format!("`{}` is decided, and seen nowhere", own.decision.text),
            component: None,
            location: Some(own.decision.location.clone()),
            seen: Vec::new(),
            help: "remove the decision, or write the text as it is seen now".to_owned(),
        })
        .collect()
}
