//! What of a bundle's images the files of nodes speak about.

use std::collections::BTreeSet;

use manifests::document::{Document, Item, Platform};
use manifests::site::Endpoint;
use manifests::yaml::Problem;
use manifests::{ImageReference, Site};

use super::kube_vip;

/// What of a bundle's images the files of nodes speak about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bundled {
    /// The registries that they come from.
    registries: BTreeSet<String>,
    /// The images of kube-vip.
    kube_vip: Vec<String>,
    /// What of that which the distribution brings is left out.
    disabled: BTreeSet<String>,
}

impl Bundled {
    /// Of a bundle.
    pub fn of(document: &Document) -> Self {
        let images = document.items.iter().filter_map(Item::as_image).map(|image| &image.reference);
        let bundled = Self::among(images);
        match document.platform() {
            Some(platform) => bundled.without_parts_of(platform),
            None => bundled,
        }
    }

    pub(super) fn among<'r>(images: impl Iterator<Item = &'r ImageReference>) -> Self {
        let mut bundled = Self::default();
        for image in images {
            bundled.registries.insert(image.repository().registry().to_owned());
            if image.repository().to_string() == kube_vip::IMAGE {
                bundled.kube_vip.push(image.to_string());
            }
        }
        bundled
    }

    /// With what a platform leaves out of its distribution.
    pub(super) fn without_parts_of(self, platform: &Platform) -> Self {
        Self { disabled: platform.distribution.disable.iter().map(ToString::to_string).collect(), ..self }
    }

    /// The registries whose images nodes share with each other, where a site says that they do.
    pub fn shared(&self, site: &Site) -> &BTreeSet<String> {
        static NONE: BTreeSet<String> = BTreeSet::new();
        if site.options.embedded_registry.is_some() { &self.registries } else { &NONE }
    }

    /// What of that which the distribution brings is left out.
    pub fn disabled(&self) -> &BTreeSet<String> {
        &self.disabled
    }

    /// The image of kube-vip, where there is one and no doubt which.
    pub(super) fn kube_vip(&self) -> Option<&str> {
        if let [image] = self.kube_vip.as_slice() { Some(image) } else { None }
    }

    /// What a site asks for that these images can't give.
    pub(super) fn refuses(&self, site: &Site) -> Option<Problem> {
        let Endpoint::Vip { address, .. } = &site.network.endpoint else { return None };
        let (message, help) = match self.kube_vip.as_slice() {
            [_] => return None,
            [] => (
                format!("the bundle has no image of kube-vip ({}), which brings this address up", kube_vip::IMAGE),
                "add it to the `images` of the stack or of a component, and build the bundle again",
            ),
            several => (
                format!("the bundle has several images of kube-vip: {}", several.join(", ")),
                "keep the one that shall bring this address up, and build the bundle again",
            ),
        };
        Some(Problem::new(&address.location, message, "the `vip`").with_help(help))
    }
}
