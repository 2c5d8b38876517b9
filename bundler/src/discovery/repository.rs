//! Git repositories that controllers deploy from: the objects in all files of the carried commits, whatever path an Application names.
//! A path may be put together in the cluster, so what is not deployed is looked through too rather than guessed.

mod charts;
mod kustomize;
mod layers;

use std::collections::BTreeSet;

use manifests::component::GitName;
use manifests::document::other_names;

use super::walk::{Deployed, may_be_object};
use super::{At, Found, LARGEST, Origin, Place, RepositoryRequest, TreeRequest, Trouble, read_text, yaml};
pub(crate) use charts::has_charts;
pub(super) use charts::{charts, given_files};
pub(super) use kustomize::ImageChange;
use kustomize::is_builtin;
use layers::{Layers, Use};

/// Ends of files in languages that make objects and that nothing here evaluates.
const LANGUAGES: [(&str, &str); 2] = [(".jsonnet", "Jsonnet"), (".cue", "CUE")];

/// Whether a file says that its folder is a chart.
pub(crate) fn is_chart_file(path: &str) -> bool {
    name(path) == "Chart.yaml"
}

/// Whether a file says that its folder is one of kustomize.
pub(crate) fn is_kustomization(path: &str) -> bool {
    matches!(name(path), "kustomization.yaml" | "kustomization.yml" | "Kustomization")
}

/// Whether a file may hold objects or make some, by its name.
pub(crate) fn is_of_objects(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let mut ends = [".yaml", ".yml", ".json"].into_iter().chain(LANGUAGES.iter().map(|(end, _)| *end));
    is_kustomization(&path) || name(&path) == "kustomization" || ends.any(|end| path.ends_with(end))
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The folder of a file; empty for the repository's own.
fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A path from a folder on; none where it leaves the repository.
fn join(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    let from = if path.starts_with('/') { "" } else { folder };
    for part in from.split('/').chain(path.split('/')).filter(|part| !part.is_empty() && *part != ".") {
        match part {
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Whether a file lies in a folder.
fn is_in(path: &str, folder: &str) -> bool {
    folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether a folder is one that a pattern means, in which `*` is anything within one name.
pub(super) fn is_meant(pattern: &str, folder: &str) -> bool {
    let (patterns, names): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), folder.split('/').collect());
    patterns.len() == names.len() && patterns.iter().zip(names).all(|(pattern, name)| is_part_meant(pattern, name))
}

fn is_part_meant(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((begin, rest)) => name.strip_prefix(begin).is_some_and(|name| {
            let mut ends = name.char_indices().map(|(at, _)| &name[at..]).chain([""]);
            ends.any(|name| is_part_meant(rest, name))
        }),
    }
}

/// Goes through all files of a repository.
pub(super) fn read(request: &RepositoryRequest, found: &mut Found) {
    for tree in &request.trees {
        Files { request, tree, found }.all();
    }
}

/// Goes through what objects name by itself though other folders stand on it, and tells folders that are not there.
pub(super) fn read_deployed(all: &[RepositoryRequest], deployed: &BTreeSet<At<Deployed>>, found: &mut Found) {
    for request in all {
        let own = deployed.iter().filter(|at| may_be_of(&at.what, request));
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

/// The files of one commit.
struct Files<'a, 'f> {
    request: &'a RepositoryRequest,
    tree: &'a TreeRequest,
    found: &'f mut Found,
}

impl<'a> Files<'a, '_> {
    fn all(&mut self) {
        for (path, why) in &self.tree.unread {
            self.fail(path, Trouble::Unreadable { why: why.clone() });
        }
        let mut layers = self.layers();
        layers.tops().iter().for_each(|folder| layers.build(folder));
        self.layered(&layers);
        let charts = charts::folders(self.tree);
        let is_used: BTreeSet<&str> = layers.used.keys().map(|(path, _)| path.as_str()).collect();
        let is_else = |path: &str| is_used.contains(path) || is_kustomization(path) || charts::is_own(path, &charts);
        for path in self.tree.files.keys().filter(|path| !is_else(path)) {
            self.objects(path, &[]);
        }
        self.languages();
    }

    /// Folders that other ones stand on, and that are deployed by themselves.
    fn named(&mut self, patterns: &BTreeSet<&str>) {
        let mut layers = self.layers();
        let is_named = |folder: &str| patterns.iter().any(|pattern| is_meant(pattern, folder));
        let named: Vec<String> = layers.below().filter(|folder| is_named(folder)).cloned().collect();
        named.iter().for_each(|folder| layers.build(folder));
        self.layered(&layers);
    }

    fn layers(&self) -> Layers<'a> {
        Layers::of(self.tree, |path| read_text(self.tree.files.get(path)?, LARGEST).ok())
    }

    /// What is used by kustomize, with all that is done to its images.
    fn layered(&mut self, layers: &Layers<'_>) {
        for (path, why) in &layers.troubles {
            self.fail(path, Trouble::NotFollowed { why: why.clone() });
        }
        for (by, path, changes) in &layers.remote {
            self.found.remote(path, changes, &self.place(by, &[]));
        }
        for ((path, of), ways) in &layers.used {
            for changes in ways {
                let place = self.place(path, changes);
                match of {
                    Use::Objects => self.objects(path, changes),
                    Use::Patch => self.text(path).into_iter().for_each(|text| self.found.patch(&text, &place)),
                    Use::Text => self.text(path).into_iter().for_each(|text| self.found.config(&text, &place)),
                    Use::Plugin => self.plugin(path),
                    Use::Itself => {
                        let own = layers.kustomization(path).and_then(|own| own.tree.as_ref());
                        own.into_iter().for_each(|tree| self.found.kustomization(tree, &place));
                    }
                }
            }
        }
    }

    fn objects(&mut self, path: &str, changes: &[ImageChange]) {
        let text = self.text(path).filter(|text| may_be_object(text));
        text.into_iter().for_each(|text| self.found.file(&text, &self.place(path, changes)));
    }

    fn plugin(&mut self, path: &str) {
        let trees = self.text(path).map(|text| yaml::read(&text)).unwrap_or(Ok(Vec::new()));
        let changes_no_image = |tree: &yaml::Tree| {
            is_builtin(tree)
                && !matches!(tree.text_of("kind"), Some("ImageTagTransformer" | "HelmChartInflationGenerator"))
        };
        if !trees.is_ok_and(|trees| trees.iter().all(changes_no_image)) {
            let why = "it configures a plugin of kustomize that makes or changes objects, and is not run".to_owned();
            self.fail(path, Trouble::NotFollowed { why });
        }
    }

    /// Languages are told by their folders.
    fn languages(&mut self) {
        let ends = |path: &str| LANGUAGES.iter().find(|(end, _)| path.to_ascii_lowercase().ends_with(end));
        let found = self.tree.files.keys().filter_map(|path| Some((folder_of(path), ends(path)?.1)));
        for (folder, language) in found.collect::<BTreeSet<_>>() {
            let why = format!("there is {language} in this folder, which is not evaluated");
            self.fail(folder, Trouble::NotFollowed { why });
        }
    }

    fn text(&mut self, path: &str) -> Option<String> {
        match read_text(self.tree.files.get(path)?, LARGEST) {
            Ok(text) => Some(text),
            Err(why) => {
                self.fail(path, Trouble::Unreadable { why });
                None
            }
        }
    }

    fn fail(&mut self, path: &str, trouble: Trouble) {
        let place = self.place(path, &[]);
        self.found.fail(&place, trouble);
    }

    fn place<'c>(&self, path: &str, images: &'c [ImageChange]) -> Place<'c>
    where
        'a: 'c,
    {
        let (request, at) = (self.request, self.tree.at.clone());
        let origin =
            Origin::Repository { repository: request.repository.clone(), at, file: path.to_owned(), line: None };
        Place { component: &request.component, origin, variant: None, placeholders: &[], images }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_never_leaves_the_repository() {
        assert_eq!(join("a/b", "../c/./d.yaml").as_deref(), Some("a/c/d.yaml"));
        assert_eq!(join("a", "/x").as_deref(), Some("x"));
        assert_eq!(join("a", "..").as_deref(), Some(""));
        assert_eq!(join("a", "../../etc/passwd"), None);
    }

    #[test]
    fn a_pattern_means_names_within_one_folder() {
        for (pattern, folder, is) in [
            ("apps/*", "apps/web", true),
            ("apps/*", "apps/web/base", false),
            ("apps/*/over-*s/x", "apps/web/over-lays/x", true),
            ("apps", "apps", true),
            ("apps", "app", false),
        ] {
            assert_eq!(is_meant(pattern, folder), is, "{pattern} {folder}");
        }
    }
}
