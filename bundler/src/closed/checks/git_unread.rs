//! Git repositories that are carried, and of which something is not looked through.

use std::collections::BTreeMap;

use manifests::evidence::{FindingId, Severity};
use manifests::lock::{LockedFailure, LockedUse, ThingKind};

use super::git_missing;
use crate::closed::world::{place_of_git, spot};
use crate::closed::{Check, Found, World};
use crate::resolve::stack::ResolvedGit;

pub(super) const CHECK: Check = Check {
    id: FindingId::GitUnread,
    severity: Severity::Error,
    why: "an image that only this names is found missing inside the gap",
    look,
};

/// Repositories that people say are not looked through.
pub(super) const LEFT_OUT: Check = Check {
    id: FindingId::ChartUnread,
    severity: Severity::Warning,
    why: "what it refers to and is not listed is found missing inside the gap",
    look: |world| world.stack.git.iter().filter_map(left_out).collect(),
};

/// The kinds of objects that have a controller apply what is in a repository.
const DEPLOY: [&str; 7] =
    ["Application", "ApplicationSet", "FluxInstance", "GitRepo", "GitRepository", "HelmRelease", "Kustomization"];

fn look(world: &World<'_>) -> Vec<Found> {
    let mut found: BTreeMap<(&str, &str), Found> = BTreeMap::new();
    for used in world.uses(ThingKind::Git).filter(|used| DEPLOY.contains(&used.object.kind.as_str())) {
        let Some((url, revision)) = at_another_commit(world, used) else { continue };
        let known = found.entry((url, revision)).and_modify(|known| known.seen.push(spot(used)));
        known.or_insert_with(|| elsewhere(world, used, url, revision));
    }
    let failures = world.seen.failures.iter().filter_map(|failure| failed(world, failure));
    failures.chain(found.into_values()).collect()
}

/// What of a repository could not be looked through.
fn failed(world: &World<'_>, failure: &LockedFailure) -> Option<Found> {
    let LockedFailure { component, of, variant, reason, help, git, .. } = failure;
    let name = git.as_ref().filter(|_| !failure.refuses_kubernetes)?;
    let with = variant.as_ref().map(|variant| format!(" with {variant}")).unwrap_or_default();
    Some(Found {
        object: format!("{component}/{of}"),
        message: format!("`{of}` of the component `{component}`{with}: {reason}"),
        component: Some(component.clone()),
        location: place_of_git(world.stack, component, name).cloned(),
        seen: Vec::new(),
        help: help.clone(),
    })
}

/// The repository and the revision of an object that deploys from another commit of a carried repository than from one that was looked
/// through.
fn at_another_commit<'a>(world: &World<'_>, used: &'a LockedUse) -> Option<(&'a str, &'a str)> {
    let url = used.name.as_deref().filter(|_| !git_missing::is_missing(world, used))?;
    let revision = used.version.as_deref().filter(|revision| *revision != "HEAD")?;
    let mut carried = git_missing::carried(world, url).filter(|git| git.wanted.without_discovery.is_none()).peekable();
    carried.peek()?;
    let is_looked_through = |git: &ResolvedGit| {
        let name = &git.wanted.name;
        let mut known = world.seen.git.iter().filter(|own| own.component == git.component && own.git == *name);
        known.any(|own| {
            let mut commits = own.refs.values().chain([&own.commit]);
            own.refs.keys().any(|name| git_missing::is_name(name.as_str(), revision))
                || commits.any(|commit| commit.as_str().starts_with(&revision.to_ascii_lowercase()))
        })
    };
    (!carried.any(is_looked_through)).then_some((url, revision))
}

fn elsewhere(world: &World<'_>, used: &LockedUse, url: &str, revision: &str) -> Found {
    let message = format!(
        "{} deploys from the git repository `{url}` at `{revision}`, which is none of the commits that are looked through",
        used.object
    );
    let is_commit = revision.len() == 40 && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
    let help = if is_commit {
        format!("carry a tag that is there under `refs:`, or list the repository once more with `commit: {revision}`")
    } else if git_missing::is_range(revision) {
        "have it name a branch or a tag that is carried; or carry all that may be meant under `refs:`, then waive this"
            .to_owned()
    } else {
        format!("add `{revision}` to `refs:` of the repository")
    };
    world.found(used, url, message, help)
}

fn left_out(git: &ResolvedGit) -> Option<Found> {
    let (component, wanted) = (&git.component, &git.wanted);
    let reason = wanted.without_discovery.as_ref()?;
    Some(Found {
        object: format!("{component}/{}", wanted.name),
        message: format!(
            "the git repository `{}` of the component `{component}` is not looked through: {reason}",
            wanted.name
        ),
        component: Some(component.clone()),
        location: Some(wanted.location.clone()),
        seen: Vec::new(),
        help: "remove `withoutDiscovery` once images of all that is deployed from it are found".to_owned(),
    })
}
