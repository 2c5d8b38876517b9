//! What objects deploy of repositories: folders that other ones stand on, and folders that are not there.

use std::collections::BTreeSet;
use std::sync::Arc;

use manifests::component::GitName;
use manifests::document::other_names;

use super::charts::{folders, is_own};
use super::path::{folder_of, is_in, is_meant, name};
use super::{FLEET, Files, ImageChange, LANGUAGES, is_chart_file, is_kustomization, is_of_objects, read_file};
use crate::discovery::walk::{Deployed, may_be_object};
use crate::discovery::{At, Found, Object, Origin, RepositoryRequest, TreeRequest, Trouble};

/// Goes through what objects name by itself though other folders stand on it, and tells folders that are not there.
pub(in crate::discovery) fn read_deployed(
    all: &[RepositoryRequest],
    deployed: &BTreeSet<At<Deployed>>,
    found: &mut Found,
) {
    for request in all {
        let own = deployed.iter().filter(|at| may_lie_in(&at.what.url, request, all));
        let named: BTreeSet<Named<'_>> = own.map(|at| Named::of(&at.what)).collect();
        for tree in request.trees.iter().filter(|_| !named.is_empty()) {
            Files { request, tree, found }.named(&named);
        }
        brought(all, request, deployed, found);
    }
    for at in deployed.iter().filter(|at| !at.what.folder.is_empty()) {
        if !at.what.folder.contains(['*', '$', '[']) {
            absent(all, at, found);
        } else if !at.what.folder.contains("**") {
            let may_have_it = all.iter().filter(|request| may_lie_in(&at.what.url, request, all));
            may_have_it.for_each(|own| without_objects(own, at, found));
        }
    }
}

/// A folder that is deployed, or the pattern of some.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Named<'a> {
    folder: &'a str,
    is_deep: bool,
    images: &'a [Arc<ImageChange>],
}

impl<'a> Named<'a> {
    fn of(deployed: &'a Deployed) -> Self {
        Self { folder: &deployed.folder, is_deep: deployed.is_deep, images: &deployed.images }
    }
}

impl Files<'_, '_> {
    /// What objects name by itself, though others stand on it or take it: it is deployed as it is there too.
    fn named(&mut self, named: &BTreeSet<Named<'_>>) {
        let mut layers = self.layers();
        let charts = folders(self.tree);
        let (mut built, mut plain) = (BTreeSet::new(), BTreeSet::new());
        for Named { folder, is_deep, images } in meant(self.tree, named) {
            if layers.has(folder) {
                built.insert((folder, images));
                continue;
            }
            for path in files_in(self.tree, folder).filter(|path| is_deep || folder_of(path) == folder) {
                let between = above(folder_of(path)).take_while(|above| *above != folder);
                // Flux takes a folder of kustomize as one.
                match between.filter(|above| layers.has(above)).last() {
                    Some(taken) => drop(built.insert((taken, images))),
                    None if is_of_objects(path) && !is_own(path, &charts) => drop(plain.insert((path, images))),
                    None => {}
                }
            }
        }
        let is_new = |path: &str, images: &[Arc<ImageChange>]| layers.is_below(path) || !images.is_empty();
        built.retain(|(folder, images)| is_new(folder, images));
        plain.retain(|(path, images)| is_new(path, images));
        built.into_iter().for_each(|(folder, images)| layers.build(folder, images));
        self.layered(&layers);
        plain.into_iter().for_each(|(path, images)| self.objects(path, &[images]));
    }
}

/// The folders of a commit that are named.
fn meant<'a>(tree: &'a TreeRequest, named: &BTreeSet<Named<'a>>) -> BTreeSet<Named<'a>> {
    let all: BTreeSet<&str> = tree.files.keys().flat_map(|path| above(folder_of(path)).chain([""])).collect();
    let mut found = BTreeSet::new();
    for one in named {
        match one.folder.contains('*') {
            true => {
                let folders = all.iter().filter(|folder| is_meant(one.folder, folder));
                found.extend(folders.map(|folder| Named { folder, ..*one }));
            }
            false => found.extend(all.get(one.folder).map(|folder| Named { folder, ..*one })),
        }
    }
    found
}

/// The files in a folder and in those below.
fn files_in<'a>(tree: &'a TreeRequest, folder: &str) -> impl Iterator<Item = &'a str> {
    let begin = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    let from = tree.files.range(begin.clone()..).map(|(path, _)| path.as_str());
    from.take_while(move |path| path.starts_with(&begin))
}

/// A folder and those that it lies in, but for the repository's own.
fn above(folder: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(folder), |folder| Some(folder_of(folder))).take_while(|folder| !folder.is_empty())
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

/// Tells charts that are deployed by themselves, and that are only rendered as a part of the chart that brings them.
fn brought(
    all: &[RepositoryRequest],
    request: &RepositoryRequest,
    deployed: &BTreeSet<At<Deployed>>,
    found: &mut Found,
) {
    let own: Vec<_> = deployed.iter().filter(|at| may_lie_in(&at.what.url, request, all)).collect();
    for tree in &request.trees {
        let charts = folders(tree);
        let files = tree.files.keys().filter(|path| is_chart_file(path)).map(|path| folder_of(path));
        for folder in files.filter(|folder| !charts.contains(folder)) {
            for at in own.iter().filter(|at| is_meant(&at.what.folder, folder)) {
                let why = format!("{} deploys this chart by itself, and another one brings it", at.object);
                Files { request, tree, found }.fail(folder, Trouble::NotFollowed { why });
            }
        }
    }
}

/// Tells a folder that no repository has of those that it may be of.
fn absent(all: &[RepositoryRequest], at: &At<Deployed>, found: &mut Found) {
    let Deployed { url, revision, folder, .. } = &at.what;
    let short = ["refs/heads/", "refs/tags/"].iter().find_map(|kind| revision.strip_prefix(kind)).unwrap_or(revision);
    let mut trees = Vec::new();
    for request in all.iter().filter(|request| may_be_of(&at.what.url, request)) {
        let named: Vec<&TreeRequest> = request.trees.iter().filter(|tree| tree.at == short).collect();
        let meant = if named.is_empty() { request.trees.iter().collect() } else { named };
        trees.extend(meant.into_iter().map(|tree| (request, tree)));
    }
    let has = |tree: &TreeRequest| {
        let mut links = tree.links.iter().filter(|path| is_of_objects(path)).chain(tree.unread.keys());
        links.any(|path| is_in(path, folder)) || files_in(tree, folder).any(|path| is_something(tree, path))
    };
    // Without a URL its own repository is the likeliest.
    let is_own = |request: &RepositoryRequest| {
        let is_here = |name: &GitName| *name == request.repository;
        !url.is_empty() || matches!(&at.origin, Origin::Repository { repository, .. } if is_here(repository))
    };
    let told = trees.iter().find(|(request, _)| is_own(request));
    if let Some((request, tree)) = told.filter(|_| !trees.iter().any(|(_, tree)| has(tree))) {
        let why = match trees.iter().any(|(_, tree)| files_in(tree, folder).next().is_some()) {
            true => hollow(&at.object),
            false => format!("{} deploys this folder, and there is nothing in it that is looked through", at.object),
        };
        Files { request, tree, found }.fail(folder, Trouble::NotFollowed { why });
    }
}

/// Tells those of several folders in which there are files, and none of objects.
fn without_objects(request: &RepositoryRequest, at: &At<Deployed>, found: &mut Found) {
    for tree in &request.trees {
        for Named { folder, .. } in meant(tree, &BTreeSet::from([Named::of(&at.what)])) {
            let files: Vec<&str> = files_in(tree, folder).collect();
            let is_one = files.iter().any(|path| is_of_objects(path) && folder_of(path) == folder);
            if is_one && !files.iter().any(|path| is_something(tree, path)) {
                Files { request, tree, found }.fail(folder, Trouble::NotFollowed { why: hollow(&at.object) });
            }
        }
    }
}

fn hollow(object: &Object) -> String {
    format!(
        "{object} deploys this folder, and no file in it is an object or says in a way that is followed how one is made"
    )
}

/// Whether a file is looked through for objects, or told.
fn is_something(tree: &TreeRequest, path: &str) -> bool {
    let may_be = || tree.files.get(path).is_some_and(|file| read_file(file).is_ok_and(|text| may_be_object(&text)));
    let is_told = LANGUAGES.iter().any(|(end, _)| path.to_ascii_lowercase().ends_with(end));
    is_chart_file(path) || is_kustomization(path) || name(path) == FLEET || is_told || is_of_objects(path) && may_be()
}
