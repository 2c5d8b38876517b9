//! Decisions that meet nothing any more.

use manifests::component::Decision;
use manifests::evidence::{FindingId, Severity};

use crate::closed::{Check, Found, World};
use crate::resolve::stack::OwnDecision;

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
    // What could not be rendered may be where it is.
    let unused = unused.filter(|_| world.seen.failures.is_empty());
    unused
        .map(|(own, _)| Found {
            object: own.decision.text.clone(),
            message: format!("`{}` is decided, and {}", own.decision.text, seen(world, own)),
            component: None,
            location: Some(own.decision.location.clone()),
            seen: Vec::new(),
            help: "remove the decision, or write the text as it is seen now".to_owned(),
        })
        .collect()
}

/// Where it is seen, if not where the decision is meant.
fn seen(world: &World<'_>, own: &OwnDecision) -> String {
    let anywhere = Decision { component: None, chart: None, ..own.decision.clone() };
    let mut all =
        world.seen.references.iter().flat_map(|reference| reference.seen.iter().map(move |seen| (reference, seen)));
    let other = all.find(|(reference, seen)| {
        anywhere.is_about(&seen.text, &reference.image, &seen.component, seen.chart.as_deref())
    });
    match other {
        None => "seen nowhere".to_owned(),
        Some((_, seen)) => {
            let chart = seen.chart.as_ref().map(|chart| format!(" in its chart `{chart}`")).unwrap_or_default();
            format!("seen where it is not meant: by the component `{}`{chart}", seen.component)
        }
    }
}
