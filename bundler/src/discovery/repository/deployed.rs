//! What objects deploy of repositories: folders that other ones stand on, and folders that are not there.

use std::collections::BTreeSet;

use manifests::component::GitName;
use manifests::document::other_names;

use super::charts::folders;
use super::path::{folder_of, is_in, is_meant};
use super::{Files, is_chart_file};
use crate::discovery::walk::Deployed;
use crate::discovery::{At, Found, Origin, RepositoryRequest, TreeRequest, Trouble};

/// Goes through what objects name by itself though other folders stand on it, and tells folders that are not there.
pub(in crate::discovery) fn read_deployed(
    all: &[RepositoryRequest],
    deployed: &BTreeSet<At<Deployed>>,
    found: &mut Found,
) {
    for request in all {
        let own = deployed.iter().filter(|at| may_lie_in(&at.what.url, request, all));
        let folders: BTreeSet<&str> = own.map(|at| at.what.folder.as_str()).collect();
        for tree in request.trees.iter().filter(|_| !folders.is_empty()) {
            Files { request, tree, found }.named(&folders);
        }
    }
    for at in deployed.iter().filter(|at| !at.what.folder.is_empty()) {
        if !at.what.folder.contains(['*', '$', '[']) {
            absent(all, at, found);
        }
        all.iter().filter(|request| may_lie_in(&at.what.url, request, all)).for_each(|own| brought(own, at, found));
    }
}

/// Whether what has a URL may lie in a repository. One that none of them has may be the site's for any.
pub(in crate::discovery) fn may_lie_in(url: &str, request: &RepositoryRequest, all: &[RepositoryRequest]) -> bool {
    may_be_of(url, request) || !all.iter().any(|other| may_be_of(url, other))
}

/// Whether a URL may be a repository's. An object of Flux has another one say that.
fn may_be_of(url: &str, request: &RepositoryRequest) -> bool {
    let places = other_names(url);
    url.is_empty() || request.places.iter().any(|place| places.contains(place))
}

/// Tells a chart that is deployed by itself, and that is only rendered as a part of the chart that brings it.
fn brought(request: &RepositoryRequest, at: &At<Deployed>, found: &mut Found) {
    for tree in &request.trees {
        let charts = folders(tree);
        let files = tree.files.keys().filter(|path| is_chart_file(path)).map(|path| folder_of(path));
        for folder in files.filter(|folder| !charts.contains(folder) && is_meant(&at.what.folder, folder)) {
            let why = format!("{} deploys this chart by itself, and another one brings it", at.object);
            Files { request, tree, found }.fail(folder, Trouble::NotFollowed { why });
        }
    }
}

/// Tells a folder that no repository has of those that it may be of.
fn absent(all: &[RepositoryRequest], at: &At<Deployed>, found: &mut Found) {
    let Deployed { url, revision, folder } = &at.what;
    let short = ["refs/heads/", "refs/tags/"].iter().find_map(|kind| revision.strip_prefix(kind)).unwrap_or(revision);
    let mut trees = Vec::new();
    for request in all.iter().filter(|request| may_be_of(&at.what.url, request)) {
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
