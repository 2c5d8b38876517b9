//! Git repositories that controllers deploy from: the objects in all files of the carried commits, whatever path an Application names.
//! A path may be put together in the cluster, so what is not deployed is looked through too rather than guessed.

mod charts;
mod deployed;
mod kustomize;
mod layers;
mod path;

use std::collections::BTreeSet;

use super::walk::may_be_object;
use super::{Found, LARGEST, Origin, Place, RepositoryRequest, TreeRequest, Trouble, read_text, yaml};
pub(crate) use charts::has_charts;
pub(super) use charts::{charts, given_files};
pub(super) use deployed::read_deployed;
pub(super) use kustomize::ImageChange;
use kustomize::is_builtin;
use layers::{Layers, Use};
pub(super) use path::is_meant;
use path::{folder_of, name};

/// Ends of files in languages that make objects and that nothing here evaluates.
const LANGUAGES: [(&str, &str); 2] = [(".jsonnet", "Jsonnet"), (".cue", "CUE")];

/// How a file begins that stands for one in LFS.
const IN_LFS: &str = "version https://git-lfs.github.com/spec/";
/// The file by which Fleet knows what to make of a folder.
const FLEET: &str = "fleet.yaml";

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

/// Goes through all files of a repository.
pub(super) fn read(request: &RepositoryRequest, found: &mut Found) {
    for tree in &request.trees {
        Files { request, tree, found }.all();
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
        let Some(text) = self.text(path) else { return };
        if text.starts_with(IN_LFS) && is_of_objects(path) {
            let why = "it is kept in LFS, and what stands for it says nothing of its content".to_owned();
            self.fail(path, Trouble::NotFollowed { why });
        }
        if name(path) == FLEET {
            self.found.fleet(&text, &self.place(path, changes));
        } else if may_be_object(&text) {
            self.found.file(&text, &self.place(path, changes));
        }
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
