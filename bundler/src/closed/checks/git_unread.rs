//! Git repositories that are carried and deployed by a controller: what is in them is not looked through.

use std::collections::BTreeMap;

use manifests::evidence::{FindingId, Severity};
use manifests::lock::{LockedUse, ThingKind};

use super::git_missing;
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
        let known = found.entry(url).or_insert_with(|| unread(world, used, url));
        known.seen.push(format!("{} in {}", used.object, used.file));
    }
    found.into_values().collect()
}

fn unread(world: &World<'_>, used: &LockedUse, url: &str) -> Found {
    Found {
        object: url.to_owned(),
        message: format!("{} deploys what is in the git repository `{url}`, which is not looked through", used.object),
        component: Some(used.component.clone()),
        location: world.place(&used.component, used.chart.as_deref()),
        seen: Vec::new(),
        help: "list the images that its files name under `images:`, or name the files under `manifests:` too; then waive this"
            .to_owned(),
    }
}
