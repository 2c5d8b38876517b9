//! The images, and what they say of themselves.

use std::collections::{BTreeMap, BTreeSet};

use manifests::document::{self, Document, Item};
use manifests::evidence::SignedKind;
use serde::Deserialize;

use super::attached;
use super::evidence::Found;
use super::model::Image;
use super::read::Reader;
use super::text::{Size, Text};
use crate::compare::Sizes;

/// Where images say which licence they have.
const LICENCES: &str = "org.opencontainers.image.licenses";
/// Where they say where they come from.
const LABELS: [(&str, &str); 3] = [
    ("source", "org.opencontainers.image.source"),
    ("revision", "org.opencontainers.image.revision"),
    ("vendor", "org.opencontainers.image.vendor"),
];

/// The part of an image's configuration that is read.
#[derive(Default, Deserialize)]
struct Config {
    #[serde(default)]
    config: Option<Inner>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inner {
    #[serde(default)]
    labels: Option<BTreeMap<String, String>>,
}

pub(super) fn images(document: &Document, sizes: &Sizes<'_>, reader: &Reader<'_>, evidence: &Found) -> Vec<Image> {
    let pulled_from = evidence.pulled_from();
    let images = document.items.iter().filter_map(|item| Some((item, item.as_image()?)));
    let with_evidence = |image: Image| Image {
        pulled_from: pulled_from.get(&image.reference).map(|from| (*from).clone()),
        verified: evidence.verified(SignedKind::Image, &image.reference.to_string(), &[image.digest]),
        ..image
    };
    images.map(|(item, image)| with_evidence(of(item, image, sizes, reader))).collect()
}

fn of(item: &Item, image: &document::Image, sizes: &Sizes<'_>, reader: &Reader<'_>) -> Image {
    let (mut licences, mut labels) = (BTreeSet::new(), BTreeMap::new());
    let mut beside = attached::attached(&image.attached);
    for (descriptor, manifest) in reader.manifests(&image.descriptor) {
        if let Some(about) = attached::within(&descriptor) {
            beside.push(about);
            continue;
        }
        let config = reader.json::<Config>(&manifest.config.digest).unwrap_or_default();
        let own = config.config.unwrap_or_default().labels.unwrap_or_default();
        for said in [&own, &manifest.annotations] {
            licences.extend(said.get(LICENCES).filter(|licence| !licence.is_empty()).map(|licence| Text::of(licence)));
            for (short, key) in LABELS {
                if let Some(value) = said.get(key).filter(|value| !value.is_empty()) {
                    labels.entry(short).or_insert_with(|| Text::of(value));
                }
            }
        }
    }
    Image {
        reference: image.reference.clone(),
        component: image.component.as_deref().map(Text::of),
        pulled_from: None,
        digest: image.descriptor.digest,
        platforms: image.platforms.clone(),
        size: sizes.size(item).map(Size),
        attached: beside,
        verified: Vec::new(),
        licences: licences.into_iter().collect(),
        labels,
    }
}
