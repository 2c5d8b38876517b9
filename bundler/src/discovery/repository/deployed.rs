//! What objects deploy of repositories: folders that other ones stand on, and folders that are not there.

use std::collections::BTreeSet;

use manifests::component::GitName;
use manifests::document::other_names;

use super::Files;
use super::path::is_in;
use crate::discovery::walk::Deployed;
use crate::discovery::{At, Found, Origin, RepositoryRequest, TreeRequest, Trouble};

/// Goes through what objects name by itself though other folders stand on it, and tells folders that are not there.
pub(in crate::discovery) fn read_deployed(
    all: &[RepositoryRequest],
    deployed: &BTreeSet<At<Deployed>>,
    found: &mut Found,
) {
    for request in all {
        // A URL of the site may be of any of them.
        let is_elsewhere = |at: &&At<Deployed>| !all.iter().any(|request| may_be_of(&at.what, request));
        let own = deployed.iter().filter(|at| may_be_of(&at.what, request) || is_elsewhere(at));
        let folders: BTreeSet<&str> = own.map(|at| at.what.folder.as_str()).collect();
        for tree in request.trees.iter().filter(|_| !folders.is_empty()) {
            Files { request, tree, found }.named(&folders);
        }
    }
    for at in deployed.iter().filter(|at| !at.what.folder.contains(['*', '$', '[']) && !at.what.folder.is_empty()) {
        absent(all, at, found);
    }
}

/// Whether a folder that is deployed may be of a repository. An object of Flux has another one say that.
fn may_be_of(deployed: &Deployed, request: &RepositoryRequest) -> bool {
    let places = other_names(&deployed.url);
    deployed.url.is_empty() || request.places.iter().any(|place| places.contains(place))
}

/// Tells a folder that no repository has of those that it may be of.
fn absent(all: &[RepositoryRequest], at: &At<Deployed>, found: &mut Found) {
    let Deployed { url, revision, folder } = &at.what;
    let short = ["refs/heads/", "refs/tags/"].iter().find_map(|kind| revision.strip_prefix(kind)).unwrap_or(revision);
    let mut trees = Vec::new();
    for request in all.iter().filter(|request| may_be_of(&at.what, request)) {
        let named: Vec<&TreeRequest> = request.trees.iter().filter(|tree| tree.at == short).collect();
        let meant = if named.is_empty() { request.trees.iter().collect() } else { named };
        trees.extend(meant.into_iter().map(|tree| (request, tree)));
    }
    let has = |tree: &TreeRequest| {
        tree.files.keys().chain(&tree.links).chain(tree.unread.keys()).any(|path| is_in(path, folder))
    };
    // Without a URL its own repository is the likeliest.
    let is_own = |request: &RepositoryRequest| {
        let is_here = |name: &GitName| *name == request.repository;
        !url.is_empty() || matches!(&at.origin, Origin::Repository { repository, .. } if is_here(repository))
    };
    let told = trees.iter().find(|(request, _)| is_own(request));
    if let Some((request, tree)) = told.filter(|_| !trees.iter().any(|(_, tree)| has(tree))) {
        let why = format!("{} deploys this folder, and there is nothing in it that is looked through", at.object);
        Files { request, tree, found }.fail(folder, Trouble::NotFollowed { why });
    }
}
