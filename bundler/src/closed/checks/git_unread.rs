//! Git repositories that are carried and deployed by a controller: what is in them is not looked through.

use std::collections::BTreeMap;

use manifests::evidence::{FindingId, Severity};
use manifests::lock::{LockedUse, ThingKind};

use super::git_missing;
use crate::closed::world::spot;
use crate::closed::{Check, Found, World};

pub(super) const CHECK: Check = Check {
    id: FindingId::GitUnread,
    severity: Severity::Warning,
    why: "an image that only its files name is found missing inside the gap",
    look,
};

/// The kinds of objects that have a controller apply what is in a repository.
const DEPLOY: [&str; 4] = ["Application", "ApplicationSet", "GitRepository", "GitRepo"];

fn look(world: &World<'_>) -> Vec<Found> {
    let mut found: BTreeMap<&str, Found> = BTreeMap::new();
    for used in world.uses(ThingKind::Git).filter(|used| DEPLOY.contains(&used.object.kind.as_str())) {
        let Some(url) = used.name.as_deref().filter(|_| !git_missing::is_missing(world, used)) else { continue };
        let known = found.entry(url).and_modify(|known| known.seen.push(spot(used)));
        known.or_insert_with(|| unread(world, used, url));
    }
    found.into_values().collect()
}

fn unread(world: &World<'_>, used: &LockedUse, url: &str) -> Found {
    let message = format!("{} deploys what is in the git repository `{url}`, which is not looked through", used.object);
    let help = "list the images that its files name under `images:`, or name the files under `manifests:` too; then waive this";
    world.found(used, url, message, help.to_owned())
}
