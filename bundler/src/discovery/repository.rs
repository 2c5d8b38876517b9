//! Git repositories that controllers deploy from: the objects in all files of the carried commits, whatever path an Application names.
//! A path may be put together in the cluster, so what is not deployed is looked through too rather than guessed.

mod charts;
mod deployed;
mod kustomize;
mod layers;
mod path;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::walk::may_be_object;
use super::{Found, LARGEST, Origin, Place, RepositoryRequest, TreeRequest, Trouble, read_bytes, yaml};
pub(crate) use charts::has_charts;
pub(super) use charts::{charts, given_files};
pub(super) use deployed::{may_lie_in, read_deployed};
pub(super) use kustomize::ImageChange;
use kustomize::is_builtin;
use layers::{Layers, Use};
use path::name;
pub(super) use path::{folder_of, is_meant, join};

/// Ends of files in languages that make objects and that nothing here evaluates.
const LANGUAGES: [(&str, &str); 2] = [(".jsonnet", "Jsonnet"), (".cue", "CUE")];

/// How a file begins that stands for one in LFS.
const IN_LFS: &str = "version https://git-lfs.github.com/spec/";
/// What kustomize has for plugins without a program, and that changes nothing that an image hangs on.
const HARMLESS: [&str; 9] = [
    "AnnotationsTransformer",
    "HashTransformer",
    "IAMPolicyGenerator",
    "LabelTransformer",
    "NamespaceTransformer",
    "PrefixTransformer",
    "ReplicaCountTransformer",
    "SortOrderTransformer",
    "SuffixTransformer",
];
/// How files begin in which Argo CD finds what is put over an Application's own source.
const OVERRIDES: &str = ".argocd-source";
/// Bytes of a file that are looked through in all ways in which it is used.
const MOST_SEEN: usize = 256 << 20;
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
        layers.tops().iter().for_each(|folder| layers.build(folder, &[]));
        self.layered(&layers);
        let charts = charts::folders(self.tree);
        let is_used: BTreeSet<&str> = layers.used.keys().map(|(path, _)| path.as_str()).collect();
        let is_else = |path: &str| is_used.contains(path) || is_kustomization(path) || charts::is_own(path, &charts);
        for path in self.tree.files.keys().filter(|path| !is_else(path)) {
            self.objects(path, &[&[]]);
        }
        for link in self.tree.links.iter().filter(|path| is_of_objects(path) && !charts::is_own(path, &charts)) {
            self.fail(link, Trouble::NotFollowed { why: "it is a link, which is not followed".to_owned() });
        }
        for path in self.tree.files.keys().filter(|path| name(path).starts_with(OVERRIDES)) {
            let why = "Argo CD puts what is in it over the source of an Application, which is not followed".to_owned();
            self.fail(path, Trouble::NotFollowed { why });
        }
        self.languages();
    }

    fn layers(&self) -> Layers<'a> {
        Layers::of(self.tree, read_file)
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
            let ways: Vec<&[Arc<ImageChange>]> = ways.iter().map(|changes| changes.as_slice()).collect();
            match of {
                Use::Objects => self.objects(path, &ways),
                Use::Plugin => self.plugin(path),
                Use::Text => {
                    self.text(path).into_iter().for_each(|text| self.found.config(&text, &self.place(path, &[])));
                }
                Use::Patch => {
                    let Some(text) = self.text(path) else { continue };
                    for place in &self.places(path, &text, &ways) {
                        self.found.patch(&text, None, place);
                    }
                }
                Use::Itself => {
                    let own = layers.kustomization(path).and_then(|own| own.tree.as_ref());
                    let (Some(tree), Some(text)) = (own, self.text(path)) else { continue };
                    let has = |path: &str| self.tree.files.contains_key(path);
                    for place in &self.places(path, &text, &ways) {
                        self.found.kustomization(tree, has, place);
                    }
                }
            }
        }
    }

    /// The objects of a file, in each way in which its images are changed.
    fn objects(&mut self, path: &str, ways: &[&[Arc<ImageChange>]]) {
        let Some(text) = self.text(path) else { return };
        let places = self.places(path, &text, ways);
        if name(path) == FLEET {
            places.iter().for_each(|place| self.found.fleet(&text, place));
        } else if may_be_object(&text) {
            self.found.file(&text, &places);
        }
    }

    /// The places of a file, one for each way in which its images are changed; some of them where these are too many.
    fn places<'c>(&mut self, path: &str, text: &str, ways: &[&'c [Arc<ImageChange>]]) -> Vec<Place<'c>>
    where
        'a: 'c,
    {
        let most = (MOST_SEEN / text.len().max(1)).max(1);
        if ways.len() > most {
            let why =
                format!("its images are changed in {} ways, and it is looked through in {most} of them", ways.len());
            self.fail(path, Trouble::NotFollowed { why });
        }
        ways.iter().take(most).map(|changes| self.place(path, changes)).collect()
    }

    fn plugin(&mut self, path: &str) {
        let trees = self.text(path).map(|text| yaml::read(&text)).unwrap_or(Ok(Vec::new()));
        let changes_no_image =
            |tree: &yaml::Tree| is_builtin(tree) && tree.text_of("kind").is_some_and(|kind| HARMLESS.contains(&kind));
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
        match read_file(self.tree.files.get(path)?) {
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

    fn place<'c>(&self, path: &str, images: &'c [Arc<ImageChange>]) -> Place<'c>
    where
        'a: 'c,
    {
        let (request, at) = (self.request, self.tree.at.clone());
        let origin =
            Origin::Repository { repository: request.repository.clone(), at, file: path.to_owned(), line: None };
        Place { component: &request.component, origin, variant: None, placeholders: &[], images }
    }
}

/// The text of a file. One in LFS has none here; and one that is neither UTF-8 nor anything else may be objects all the same.
fn read_file(path: &Path) -> Result<String, String> {
    let text = match String::from_utf8(read_bytes(path, LARGEST)?) {
        Ok(text) => text,
        Err(error) => {
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            // Letters of two bytes each.
            if may_be_object(&text.replace('\0', "")) {
                return Err("it is no UTF-8".to_owned());
            }
            text
        }
    };
    match text.starts_with(IN_LFS) {
        true => Err("it is kept in LFS, and what stands for it says nothing of its content".to_owned()),
        false => Ok(text),
    }
}
