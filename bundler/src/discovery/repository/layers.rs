//! What files become by the `kustomization.yaml` of their own folder and of those that stand on it.
//!
//! A folder that another one stands on is not deployed by itself, unless an object names it: what its files have before they are changed
//! is often no image at all.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::is_kustomization;
use super::kustomize::{ImageChange, Kustomization};
use super::path::{folder_of, join};
use crate::discovery::TreeRequest;

/// How deep folders stand upon each other at most.
const DEPTH: usize = 32;
/// How many files and folders are gone through for one commit.
const MOST: usize = 100_000;
/// How many images one file is changed by.
const MOST_CHANGES: usize = 5_000;
/// How many changes all files are changed by together.
const MOST_KEPT: usize = 2_000_000;

/// What a file is to a `kustomization.yaml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Use {
    /// Objects.
    Objects,
    /// Something that is laid upon objects.
    Patch,
    /// A text for a ConfigMap.
    Text,
    /// The configuration of a plugin.
    Plugin,
    /// The `kustomization.yaml` itself.
    Itself,
}

/// The changes of images that a file goes through, in their order.
pub(super) type Changes = Arc<Vec<Arc<ImageChange>>>;

/// The folders of a commit that kustomize makes something of.
#[derive(Debug, Default)]
pub(super) struct Layers<'a> {
    tree: Option<&'a TreeRequest>,
    folders: BTreeMap<String, Arc<(String, Kustomization)>>,
    /// What folders do to images, as far as that was asked.
    changes: BTreeMap<String, Changes>,
    /// Folders that others stand on, and files that they take.
    below: BTreeSet<String>,
    /// Each file with the ways in which it is used.
    pub(super) used: BTreeMap<(String, Use), BTreeSet<Changes>>,
    /// What lies elsewhere: the file that names it, and what is done to its images.
    pub(super) remote: BTreeSet<(String, String, Changes)>,
    /// What is not followed: the file, and why.
    pub(super) troubles: BTreeSet<(String, String)>,
    steps: usize,
    /// How many changes are held for all ways.
    kept: usize,
}

impl<'a> Layers<'a> {
    /// Reads all of a commit; `read` gives the text of a file.
    pub(super) fn of(tree: &'a TreeRequest, read: impl Fn(&Path) -> Result<String, String>) -> Self {
        let mut layers = Self { tree: Some(tree), ..Self::default() };
        for (file, place) in tree.files.iter().filter(|(path, _)| is_kustomization(path)) {
            let own = read(place)
                .and_then(|text| Kustomization::read(&text).map_err(|why| format!("it can't be read as YAML: {why}")));
            match own {
                Ok(own) => drop(layers.folders.insert(folder_of(file).to_owned(), Arc::new((file.clone(), own)))),
                Err(why) => layers.trouble(file, why),
            }
        }
        let below = layers.folders.iter().flat_map(|(folder, file)| {
            let own = &file.1;
            own.resources.iter().chain(&own.components).chain(&own.plugins).filter_map(|path| join(folder, path))
        });
        layers.below = below.collect();
        layers
    }

    /// The folders that nothing stands on.
    pub(super) fn tops(&self) -> Vec<String> {
        self.folders.keys().filter(|folder| !self.below.contains(*folder)).cloned().collect()
    }

    /// Whether a folder is one of kustomize.
    pub(super) fn has(&self, folder: &str) -> bool {
        self.folders.contains_key(folder)
    }

    /// Whether something stands on a folder, or takes a file.
    pub(super) fn is_below(&self, path: &str) -> bool {
        self.below.contains(path)
    }

    /// Goes through a folder as kustomize builds it, before images are changed by what takes it from elsewhere.
    pub(super) fn build(&mut self, folder: &str, after: &[Arc<ImageChange>]) {
        self.folder(folder, &Changes::new(after.to_vec()), 0);
    }

    fn folder(&mut self, folder: &str, after: &Changes, depth: usize) {
        let Some(shared) = self.folders.get(folder).cloned() else { return };
        let (file, own) = &*shared;
        if !self.step(file) {
            return;
        }
        if depth > DEPTH {
            let why = format!("more than {DEPTH} folders stand upon each other, or in a circle");
            return self.trouble(file, why);
        }
        if own.images.iter().any(|change| change.is_pattern()) {
            self.trouble(file, "the name of an image that it changes is a pattern".to_owned());
        }
        let Some(mut changes) = self.layered(file, &own.images, after) else { return };
        self.uses(file, Use::Itself, &changes);
        let lists = [(&own.patches, Use::Patch), (&own.texts, Use::Text), (&own.plugins, Use::Plugin)];
        for (path, of) in lists.iter().flat_map(|(paths, of)| paths.iter().map(move |path| (path, *of))) {
            // Only in objects are images changed.
            let changes = if of == Use::Patch { Arc::clone(&changes) } else { Changes::default() };
            self.taken(file, path, of, &changes, depth);
        }
        // A component changes what was taken before it.
        for path in own.components.iter().rev() {
            self.taken(file, path, Use::Objects, &changes, depth);
            let made = join(folder, path).map(|component| self.changes_of(&component, depth + 1)).unwrap_or_default();
            let Some(more) = self.layered(file, &made, &changes) else { return };
            changes = more;
        }
        for path in &own.resources {
            self.taken(file, path, Use::Objects, &changes, depth);
        }
    }

    /// Changes before others; none where that is too much to go on with, which is told.
    fn layered(&mut self, file: &str, made: &Changes, after: &Changes) -> Option<Changes> {
        let count = made.len() + after.len();
        if count > MOST_CHANGES {
            self.trouble(file, format!("more than {MOST_CHANGES} images are changed in what it takes"));
        } else if made.is_empty() || after.is_empty() {
            return Some(Arc::clone(if made.is_empty() { after } else { made }));
        }
        let all: Vec<_> = made.iter().chain(&**after).take(MOST_CHANGES).cloned().collect();
        self.kept += all.len();
        if self.kept > MOST_KEPT {
            let why = "images are changed in too many ways by folders that stand upon each other; the rest is left out";
            self.trouble(file, why.to_owned());
            self.steps = MOST + 1;
            return None;
        }
        Some(Arc::new(all))
    }

    /// What a folder does to images: first what it takes to change them, then what it says itself.
    /// Each folder is asked once: where all take two more, there would be no end of it.
    fn changes_of(&mut self, folder: &str, depth: usize) -> Changes {
        if let Some(known) = self.changes.get(folder) {
            return Arc::clone(known);
        }
        let Some(shared) = self.folders.get(folder).filter(|_| depth <= DEPTH).cloned() else {
            return Changes::default();
        };
        let mut changes = Vec::new();
        for component in shared.1.components.iter().filter_map(|path| join(folder, path)) {
            let more = self.changes_of(&component, depth + 1);
            changes.extend(more.iter().take((MOST_CHANGES + 1).saturating_sub(changes.len())).cloned());
        }
        changes.extend(shared.1.images.iter().cloned());
        changes.truncate(MOST_CHANGES + 1);
        let changes = Arc::new(changes);
        self.changes.insert(folder.to_owned(), Arc::clone(&changes));
        changes
    }

    /// Whether there may be one more file or folder; where it is one too many, that is told once.
    fn step(&mut self, file: &str) -> bool {
        self.steps += 1;
        if self.steps == MOST + 1 {
            self.trouble(file, format!("more than {MOST} files and folders are taken; the rest is left out"));
        }
        self.steps <= MOST
    }

    fn taken(&mut self, by: &str, path: &str, of: Use, changes: &Changes, depth: usize) {
        let Some(tree) = self.tree.filter(|_| self.steps <= MOST) else { return };
        let place = join(folder_of(by), path).filter(|_| !path.contains("://"));
        let is_folder = |place: &str| {
            tree.files
                .range(format!("{place}/")..)
                .next()
                .is_some_and(|(file, _)| file.starts_with(&format!("{place}/")))
        };
        match place {
            Some(place) if of == Use::Plugin && self.has(&place) => self.plugins(&place, depth + 1),
            Some(place) if self.has(&place) => self.folder(&place, changes, depth + 1),
            Some(place) if tree.files.contains_key(&place) => {
                if self.step(by) {
                    self.uses(&place, of, changes);
                }
            }
            Some(place) if tree.links.contains(&place) => {
                self.trouble(by, format!("`{path}` is a link, which is not followed"));
            }
            // A folder of files that configure plugins, or one that kustomize refuses.
            Some(place) if is_folder(&place) => {
                self.trouble(by, format!("`{path}` is a folder without a `kustomization.yaml`"));
            }
            _ if is_remote(path) => {
                self.remote.insert((by.to_owned(), path.to_owned(), changes.clone()));
            }
            _ => self.trouble(by, format!("`{path}` is not among the files of the repository that are looked through")),
        }
    }

    /// A folder whose objects configure plugins.
    fn plugins(&mut self, folder: &str, depth: usize) {
        let Some(shared) = self.folders.get(folder).cloned() else { return };
        let (file, own) = &*shared;
        if depth > DEPTH || !self.step(file) {
            return;
        }
        if own.changes_objects() {
            self.trouble(file, "it changes what configures plugins of kustomize, which is not followed".to_owned());
        }
        for path in &own.resources {
            self.taken(file, path, Use::Plugin, &Changes::default(), depth);
        }
    }

    fn uses(&mut self, file: &str, of: Use, changes: &Changes) {
        self.used.entry((file.to_owned(), of)).or_default().insert(Arc::clone(changes));
    }

    /// The document of a folder's `kustomization.yaml`.
    pub(super) fn kustomization(&self, file: &str) -> Option<&Kustomization> {
        self.folders.get(folder_of(file)).map(|own| &own.1)
    }

    fn trouble(&mut self, file: &str, why: String) {
        self.troubles.insert((file.to_owned(), why));
    }
}

/// Whether a resource lies elsewhere: a URL, or a repository as kustomize takes it.
fn is_remote(path: &str) -> bool {
    let host = path.split(['/', ':']).next().unwrap_or_default();
    path.contains("://")
        || path.contains("?ref=")
        || path.contains("git::")
        || host.contains('@')
        || host.contains('.') && path.contains('/') && !host.starts_with('.')
}
