//! Git repositories that the cluster fetches by itself.

use manifests::component::{GitSource, WantedGit};
use manifests::document::other_names;
use manifests::evidence::{FindingId, Severity};
use manifests::lock::{LockedUse, ThingKind};

use crate::closed::{Check, Found, World};
use crate::git::shown_with_user;
use crate::resolve::stack::ResolvedGit;

pub(super) const CHECK: Check = Check {
    id: FindingId::GitMissing,
    severity: Severity::Error,
    why: "it can't be fetched inside the gap, and nobody has looked at what it deploys",
    look,
};

fn look(world: &World<'_>) -> Vec<Found> {
    world.uses(ThingKind::Git).filter_map(|used| found(world, used)).collect()
}

/// Whether a repository is not carried, or not with what is wanted of it.
pub(super) fn is_missing(world: &World<'_>, used: &LockedUse) -> bool {
    found(world, used).is_some()
}

fn found(world: &World<'_>, used: &LockedUse) -> Option<Found> {
    let url = used.name.as_deref()?;
    let carried: Vec<&WantedGit> = carried(world, url).map(|git| &git.wanted).collect();
    let revision = used.version.as_deref().unwrap_or_default();
    if carried.iter().any(|git| holds(git, revision)) {
        return None;
    }
    let (lacks, help) = match carried.first() {
        None => ("", format!("add it to `git:` of the component:\n  - name: {}\n    url: {url}", name(url))),
        Some(git) => (
            ", which is carried without that",
            match is_range(revision) {
                true => "have it name a branch or a tag that is carried".to_owned(),
                false => format!("add `{revision}` to `refs:` of the git repository `{}`", git.name),
            },
        ),
    };
    let at = if revision.is_empty() { String::new() } else { format!(" at `{revision}`") };
    let message = format!("{} has the cluster fetch the git repository `{url}`{at}{lacks}", used.object);
    Some(world.found(used, url, message, help))
}

/// The repositories that are carried from a URL.
pub(super) fn carried<'a>(world: &World<'a>, url: &str) -> impl Iterator<Item = &'a ResolvedGit> + use<'a> {
    let names = other_names(url);
    let is_it = move |git: &&ResolvedGit| places(&git.wanted).iter().any(|place| names.contains(place));
    world.stack.git.iter().filter(is_it)
}

fn places(git: &WantedGit) -> Vec<String> {
    match &git.source {
        GitSource::Url(url) => other_names(&shown_with_user(url)),
        GitSource::Local(_) => Vec::new(),
    }
}

/// Whether a repository is carried with a revision, as far as that can be told: a commit may be in the history of any branch,
/// and which branch `HEAD` is, upstream says.
fn holds(git: &WantedGit, revision: &str) -> bool {
    let is_commit = revision.len() >= 7 && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
    let unknown = git.reference.is_head() || revision.is_empty() || revision == "HEAD" || is_commit;
    let mut names = std::iter::once(&git.reference).chain(&git.refs);
    unknown || names.any(|name| is_name(name.as_str(), revision))
}

/// Whether which tag or branch it is, is found out inside: a range of versions, or what is filled in.
pub(super) fn is_range(revision: &str) -> bool {
    revision.contains(['*', '>', '<', '=', '~', '^', ' ', '|', ',', '{'])
}

/// Whether both are the same branch or tag.
pub(super) fn is_name(name: &str, revision: &str) -> bool {
    let short =
        |name: &'_ str| name.strip_prefix("refs/heads/").or(name.strip_prefix("refs/tags/")).unwrap_or(name).to_owned();
    short(name) == short(revision)
}

/// A name for the repository, after the last part of its URL.
fn name(url: &str) -> &str {
    let last = url.trim_end_matches('/').rsplit(['/', ':']).next().unwrap_or(url);
    last.strip_suffix(".git").unwrap_or(last)
}
