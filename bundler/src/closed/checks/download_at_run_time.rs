//! What commands in pods fetch from outside by themselves.

use manifests::evidence::{FindingId, Severity};
use manifests::lock::{LockedUse, ThingKind};

use crate::closed::{Check, Found, World};

pub(super) const CHECK: Check = Check {
    id: FindingId::DownloadAtRunTime,
    severity: Severity::Error,
    why: "it can't be fetched inside the gap, and nobody has looked at what it refers to",
    look,
};

fn look(world: &World<'_>) -> Vec<Found> {
    world.uses(ThingKind::Download).filter_map(|used| found(world, used)).collect()
}

fn found(world: &World<'_>, used: &LockedUse) -> Option<Found> {
    let url = used.name.as_deref()?;
    let message = format!("a command in {} fetches `{url}` when it runs", used.object);
    let help = "turn it off in the values of the release; or carry what it fetches (`files:`, `charts:`, `manifests:`) and have \
                the chart take it from there; or waive it with the reason why it never runs, or may fail, at the site";
    Some(world.found(used, url, message, help.to_owned()))
}
