//! What objects of controllers change in what they deploy: images that they put in, patches, and what is not followed of them.

use std::sync::Arc;

use super::application_set::templates;
use super::text::is_expression;
use super::{Walk, custom};
use crate::discovery::repository::ImageChange;
use crate::discovery::yaml::Tree;
use crate::discovery::{Confidence, Reason, Trouble};

/// Where an object lists changes of images, which are no images: its group, and the way to them.
const CHANGES: [(&str, &str); 2] =
    [("kustomize.toolkit.fluxcd.io", "spec"), ("helm.toolkit.fluxcd.io", "spec.postRenderers[].kustomize")];

impl Walk<'_> {
    /// An image of a container after all that is done to it.
    pub(super) fn changed(&self, image: &str) -> String {
        let apply = |image: String, change: &Arc<ImageChange>| change.apply(&image).unwrap_or(image);
        self.place.images.iter().fold(image.to_owned(), apply)
    }

    /// Whether a field lists changes of images.
    pub(super) fn is_of_changes(&self, key: &str) -> bool {
        let group = custom::group(&self.object.api_version);
        key == "images" && CHANGES.contains(&(group, self.path.shape()))
    }

    /// What an object of Argo CD or Flux has done to what it deploys.
    pub(super) fn put_in(&mut self, tree: &Tree) {
        let Some(spec) = tree.get("spec") else { return };
        match (custom::group(&self.object.api_version), self.object.kind.as_str()) {
            ("kustomize.toolkit.fluxcd.io", "Kustomization") => self.by_flux(spec),
            ("helm.toolkit.fluxcd.io", "HelmRelease") => {
                let renderers = spec.get("postRenderers").map(Tree::items).unwrap_or_default();
                renderers.iter().filter_map(|renderer| renderer.get("kustomize")).for_each(|own| self.by_flux(own));
            }
            ("argoproj.io", "Application") => self.by_argo(spec),
            ("argoproj.io", "ApplicationSet") => {
                if spec.get("templatePatch").is_some() {
                    self.not_followed("templatePatch");
                }
                templates(spec).iter().for_each(|spec| self.by_argo(spec));
            }
            _ => {}
        }
    }

    fn by_flux(&mut self, own: &Tree) {
        for item in own.get("images").map(Tree::items).unwrap_or_default() {
            if !ImageChange::read(item).is_some_and(|change| self.named_image(&change)) {
                self.renames(item.text_of("name").unwrap_or_default());
            }
        }
        self.by_kustomize(own);
    }

    fn by_argo(&mut self, spec: &Tree) {
        for source in custom::sources(spec) {
            let kustomize = source.get("kustomize");
            let images = kustomize.and_then(|own| own.get("images")).map(Tree::items).unwrap_or_default();
            for text in images.iter().filter_map(Tree::text) {
                let image = text.split_once('=').map_or(text, |(_, image)| image);
                match image.rsplit('/').next().is_some_and(|last| last.contains([':', '@'])) {
                    _ if is_expression(image) => self.filled_in(text),
                    true => self.pulled(image, Reason::KnownField),
                    false => self.renames(text),
                }
            }
            kustomize.into_iter().for_each(|own| self.by_kustomize(own));
            if source.get("plugin").is_some() {
                let why = format!("{} has a plugin of Argo CD make objects", self.object);
                self.found.fail(self.place, Trouble::NotFollowed { why });
            }
        }
    }

    fn by_kustomize(&mut self, own: &Tree) {
        self.found.patches(own, self.place);
        if own.get("components").is_some_and(|list| !list.items().is_empty()) {
            self.not_followed("components");
        }
    }

    fn not_followed(&mut self, field: &str) {
        let why = format!("what the `{field}` of {} make of objects is not followed", self.object);
        self.found.fail(self.place, Trouble::NotFollowed { why });
    }

    fn renames(&mut self, image: &str) {
        let why = format!("{} gives the image `{image}` another name, and not its tag", self.object);
        self.found.fail(self.place, Trouble::NotFollowed { why });
    }

    /// An image that a controller puts together: nobody knows of what, here.
    pub(super) fn filled_in(&mut self, image: &str) {
        let why = format!("{} has the image `{image}`, a part of which is filled in inside", self.object);
        self.found.fail(self.place, Trouble::NotFollowed { why });
    }

    /// The image that comes of a change. Whether it says enough for that.
    pub(super) fn named_image(&mut self, change: &ImageChange) -> bool {
        let Some(image) = change.whole() else { return false };
        match image.parse() {
            Ok(reference) => self.see(reference, &image, Confidence::Certain, Reason::KnownField),
            Err(_) => self.filled_in(&image),
        }
        true
    }
}
