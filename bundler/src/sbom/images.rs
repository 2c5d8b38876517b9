//! Which images a bundle has, for which platforms, and of which layers.

use std::collections::{BTreeMap, HashSet};

use manifests::bundle::VerifiedBundle;
use manifests::document::Image;
use manifests::oci::{DescribedPlatform, Descriptor, Index, Manifest};
use manifests::{Digest, Platform};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::SbomError;
use super::inventory::{ImageContents, Source};
use super::read::field;

/// The largest manifest or index that is read, in bytes: the bound that registries have.
const MAX_MANIFEST: u64 = 4 << 20;
/// The largest config, in bytes.
const MAX_CONFIG: u64 = 8 << 20;
/// The configs of images; an artifact has another one.
const IMAGE_CONFIGS: [&str; 2] =
    ["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"];
const LICENCES: &str = "org.opencontainers.image.licenses";
/// How BuildKit marks an index's entry that is about another one.
const REFERENCE_TYPE: &str = "vnd.docker.reference.type";
const REFERENCE_DIGEST: &str = "vnd.docker.reference.digest";

/// An image for one platform, before it is looked into.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) contents: ImageContents,
    /// The lowest first.
    pub(super) layers: Vec<Descriptor>,
    /// Manifests of the index that are about it.
    pub(super) about: Vec<Digest>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Config {
    os: String,
    architecture: String,
    variant: Option<String>,
    config: Option<Runtime>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Runtime {
    labels: Option<BTreeMap<String, String>>,
}

/// All platforms of an image that are carried.
pub(super) fn plan(bundle: &VerifiedBundle, image: &Image) -> Result<Vec<Planned>, SbomError> {
    let mut walk = Walk { bundle, image, planned: Vec::new(), about: Vec::new() };
    walk.run()?;
    let Walk { mut planned, about, .. } = walk;
    for one in &mut planned {
        one.about = about.iter().filter(|(of, _)| *of == one.contents.manifest).map(|(_, about)| *about).collect();
    }
    Ok(planned)
}

struct Walk<'a> {
    bundle: &'a VerifiedBundle,
    image: &'a Image,
    planned: Vec<Planned>,
    /// Manifests, and what they are about.
    about: Vec<(Digest, Digest)>,
}

impl Walk<'_> {
    /// Goes through indexes, and indexes within these. Each is read once, however often and wherever it is named: else a few
    /// small ones that name each other would be read without end.
    fn run(&mut self) -> Result<(), SbomError> {
        let mut seen = HashSet::new();
        let mut queue = vec![self.image.descriptor.clone()];
        while let Some(descriptor) = queue.pop() {
            // Of an index, other platforms may be absent, and of a delta everything that the base has.
            if self.bundle.document().blob(&descriptor.digest).is_none() || !seen.insert(descriptor.digest) {
                continue;
            }
            if descriptor.is_index() {
                let index: Index = self.json(&descriptor.digest)?;
                let images = index.manifests.into_iter().filter(|entry| !self.is_about(entry));
                let images: Vec<Descriptor> = images.filter(|entry| !seen.contains(&entry.digest)).collect();
                queue.extend(images.into_iter().rev());
            } else {
                self.add(&descriptor)?;
            }
        }
        Ok(())
    }

    /// Whether an index's entry is about another one, which is remembered.
    fn is_about(&mut self, entry: &Descriptor) -> bool {
        let of = entry.annotations.get(REFERENCE_DIGEST).and_then(|digest| digest.parse().ok());
        match of {
            Some(of) if entry.annotations.contains_key(REFERENCE_TYPE) => {
                self.about.push((of, entry.digest));
                true
            }
            _ => false,
        }
    }

    fn add(&mut self, descriptor: &Descriptor) -> Result<(), SbomError> {
        let manifest: Manifest = self.json(&descriptor.digest)?;
        let is_image = IMAGE_CONFIGS.contains(&manifest.config.media_type.as_str());
        let config = if is_image { self.config(&manifest.config)? } else { Config::default() };
        let kind = manifest.artifact_type.clone().unwrap_or_else(|| manifest.config.media_type.clone());
        let source = if is_image {
            Source::Layers { count: manifest.layers.len() }
        } else {
            Source::Artifact { kind: field(&kind) }
        };
        let labels = config.config.as_ref().and_then(|config| config.labels.as_ref());
        let said = manifest.annotations.get(LICENCES).or_else(|| labels?.get(LICENCES));
        let contents = ImageContents {
            reference: self.image.reference.clone(),
            component: self.image.component.clone(),
            digest: self.image.descriptor.digest,
            manifest: descriptor.digest,
            platform: descriptor.platform.as_ref().and_then(DescribedPlatform::known).or_else(|| config.platform()),
            size: manifest.layers.iter().map(|layer| layer.size).sum(),
            licences: said.map(|text| field(text)).filter(|text| !text.is_empty()).into_iter().collect(),
            source,
            distribution: None,
            packages: Vec::new(),
            unread: Vec::new(),
        };
        let layers = if is_image { manifest.layers } else { Vec::new() };
        self.planned.push(Planned { contents, layers, about: Vec::new() });
        Ok(())
    }

    /// The config; one that is not there or not right says nothing.
    fn config(&self, descriptor: &Descriptor) -> Result<Config, SbomError> {
        if self.bundle.document().blob(&descriptor.digest).is_none() {
            return Ok(Config::default());
        }
        let bytes = self.bundle.read_to_vec(&descriptor.digest, MAX_CONFIG)?;
        Ok(serde_json::from_slice(&bytes).unwrap_or_default())
    }

    fn json<T: DeserializeOwned>(&self, digest: &Digest) -> Result<T, SbomError> {
        let bytes = self.bundle.read_to_vec(digest, MAX_MANIFEST)?;
        let of = self.image.reference.to_string();
        serde_json::from_slice(&bytes).map_err(|source| SbomError::Manifest { digest: *digest, of, source })
    }
}

impl Config {
    fn platform(&self) -> Option<Platform> {
        let described = DescribedPlatform {
            architecture: self.architecture.clone(),
            os: self.os.clone(),
            variant: self.variant.clone(),
            os_version: None,
        };
        described.known()
    }
}
