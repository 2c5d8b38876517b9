//! Walks from an image to every blob that it needs.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use bytes::Bytes;
use manifests::document::Image;
use manifests::oci::{Descriptor, Index, Manifest, annotation, media_type};
use manifests::{Digest, Platform};

use super::layout::Layout;
use super::{LocalImageError, Store};
use crate::content::{Resolved, WantedBlob};
use crate::resolve::stack::ResolvedImage;

/// How deep indexes may stand in indexes.
const MAX_DEPTH: usize = 4;
/// The most manifests of one image.
const MAX_MANIFESTS: usize = 10_000;
/// BuildKit's mark of an attestation in an index, and what it belongs to.
const ATTESTATION_OF: &str = "vnd.docker.reference.digest";
/// What tools call the configs of images.
const IMAGE_CONFIGS: [&str; 2] =
    ["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"];

/// Collects an image: its index as it is, what it has for the wanted platforms, and what is attached to that.
pub(super) fn resolve(
    layout: &Layout,
    index: &Index,
    root: &Descriptor,
    image: &ResolvedImage,
) -> Result<Resolved, LocalImageError> {
    let mut walk = Walk {
        store: layout,
        path: layout.path(),
        wanted: &image.platforms,
        attachments: image.attachments,
        blobs: BTreeMap::new(),
        manifests: HashSet::new(),
        offered: Vec::new(),
    };
    let mut found = Vec::new();
    walk.visit(root, 0, &mut found)?;
    if let Some(missing) = walk.missing(&found) {
        walk.offered.sort();
        walk.offered.dedup();
        let available = walk.offered.iter().map(ToString::to_string).collect();
        return Err(LocalImageError::NoPlatform { path: walk.path.to_owned(), platform: missing, available });
    }
    let mut attached = if image.attachments { walk.attached(index)? } else { Vec::new() };
    attached.sort_by_key(|descriptor| descriptor.digest);
    attached.dedup();
    found.sort();
    found.dedup();
    let item = Image {
        reference: image.reference.clone(),
        descriptor: plain(root),
        platforms: found,
        attached,
        component: Some(image.component.to_string()),
    };
    Ok(Resolved { item: item.into(), blobs: walk.blobs.into_values().collect() })
}

/// A descriptor without what the layout's own index says about it.
fn plain(descriptor: &Descriptor) -> Descriptor {
    Descriptor { annotations: BTreeMap::new(), platform: None, ..descriptor.clone() }
}

struct Walk<'a> {
    store: &'a dyn Store,
    path: &'a Path,
    wanted: &'a [Platform],
    attachments: bool,
    blobs: BTreeMap<Digest, WantedBlob>,
    manifests: HashSet<Digest>,
    /// The platforms that there are.
    offered: Vec<Platform>,
}

impl Walk<'_> {
    fn visit(
        &mut self,
        descriptor: &Descriptor,
        depth: usize,
        found: &mut Vec<Platform>,
    ) -> Result<(), LocalImageError> {
        if self.manifests.len() >= MAX_MANIFESTS || depth > MAX_DEPTH {
            return Err(self.invalid(descriptor, "it has too many parts"));
        }
        if descriptor.is_index() {
            return self.visit_index(descriptor, depth, found);
        }
        if let Some(platform) = self.visit_manifest(descriptor)? {
            self.offered.push(platform.clone());
            found.push(platform);
        }
        Ok(())
    }

    fn visit_index(
        &mut self,
        descriptor: &Descriptor,
        depth: usize,
        found: &mut Vec<Platform>,
    ) -> Result<(), LocalImageError> {
        let bytes = self.document(descriptor)?;
        let index: Index = self.parse(descriptor, &bytes)?;
        let mut attestations = Vec::new();
        for entry in &index.manifests {
            let platform = entry.platform.as_ref().map(|platform| platform.known());
            match platform {
                // Neither an attestation nor for a system: it is for all.
                None => self.visit(entry, depth + 1, found)?,
                Some(None) => attestations.push(entry),
                Some(Some(platform)) => {
                    self.offered.push(platform.clone());
                    if self.wanted.iter().any(|wanted| wanted.accepts(&platform)) {
                        // What the index says counts: the config may be that of an artifact.
                        self.visit(entry, depth + 1, &mut Vec::new())?;
                        found.push(platform);
                    }
                }
            }
        }
        if !self.attachments {
            return Ok(());
        }
        for entry in attestations {
            let subject = entry.annotations.get(ATTESTATION_OF).and_then(|digest| digest.parse().ok());
            if subject.is_none_or(|subject| self.manifests.contains(&subject)) {
                self.visit(entry, depth + 1, &mut Vec::new())?;
            }
        }
        Ok(())
    }

    /// Takes a manifest with all of its blobs; tells the platform of an image.
    fn visit_manifest(&mut self, descriptor: &Descriptor) -> Result<Option<Platform>, LocalImageError> {
        let bytes = self.document(descriptor)?;
        let manifest: Manifest = self.parse(descriptor, &bytes)?;
        if let Some(foreign) = manifest.layers.iter().find(|layer| layer.is_foreign() || !layer.urls.is_empty()) {
            return Err(LocalImageError::Foreign { path: self.path.to_owned(), digest: foreign.digest });
        }
        for blob in manifest.layers.iter().chain([&manifest.config]) {
            let origin = self.store.origin(blob)?;
            self.blobs.entry(blob.digest).or_insert_with(|| WantedBlob::described(blob, origin));
        }
        if !IMAGE_CONFIGS.contains(&manifest.config.media_type.as_str()) {
            return Ok(None);
        }
        let config = self.store.read(&manifest.config)?;
        platform_of(&config).map_err(|source| LocalImageError::Json {
            path: self.path.to_owned(),
            what: manifest.config.digest.to_string(),
            source,
        })
    }

    /// Reads a manifest or index and takes it along.
    fn document(&mut self, descriptor: &Descriptor) -> Result<Vec<u8>, LocalImageError> {
        if !descriptor.is_index() && !descriptor.is_manifest() {
            return Err(self.invalid(descriptor, "it is neither an image nor an index of images"));
        }
        let bytes = self.store.read(descriptor)?;
        self.manifests.insert(descriptor.digest);
        let blob = WantedBlob::here(&descriptor.media_type, Bytes::copy_from_slice(&bytes));
        self.blobs.insert(descriptor.digest, blob);
        Ok(bytes)
    }

    /// The first platform that was wanted and not found. What is no image for a system is for all of them.
    fn missing(&self, found: &[Platform]) -> Option<Platform> {
        if self.offered.is_empty() {
            return None;
        }
        self.wanted.iter().find(|wanted| !found.iter().any(|platform| wanted.accepts(platform))).cloned()
    }

    /// What the layout has beside the image that belongs to it: signatures found by cosign's tags, and manifests that
    /// name as their subject what is carried.
    fn attached(&mut self, index: &Index) -> Result<Vec<Descriptor>, LocalImageError> {
        let mut attached = Vec::new();
        // What is attached may have something attached itself.
        for _ in 0..MAX_DEPTH {
            let before = attached.len();
            for entry in &index.manifests {
                if self.manifests.contains(&entry.digest) || !(entry.is_manifest() || entry.is_index()) {
                    continue;
                }
                let tag = entry.annotations.get(annotation::REF_NAME).map(|name| tag_of(name).to_owned());
                let by_tag = tag.as_deref().and_then(cosign_subject);
                let signs = by_tag.is_some_and(|digest| self.manifests.contains(&digest));
                if !signs && !self.is_subject_carried(entry)? {
                    continue;
                }
                self.visit(entry, 0, &mut Vec::new())?;
                let mut descriptor = plain(entry);
                if let Some(tag) = tag.filter(|_| signs) {
                    descriptor.annotations.insert(annotation::REF_NAME.to_owned(), tag);
                }
                attached.push(descriptor);
            }
            if attached.len() == before {
                break;
            }
        }
        Ok(attached)
    }

    fn is_subject_carried(&self, entry: &Descriptor) -> Result<bool, LocalImageError> {
        if entry.media_type != media_type::OCI_MANIFEST {
            return Ok(false);
        }
        let manifest: Manifest = self.parse(entry, &self.store.read(entry)?)?;
        Ok(manifest.subject.is_some_and(|subject| self.manifests.contains(&subject.digest)))
    }

    fn parse<T: serde::de::DeserializeOwned>(
        &self,
        descriptor: &Descriptor,
        bytes: &[u8],
    ) -> Result<T, LocalImageError> {
        serde_json::from_slice(bytes).map_err(|source| LocalImageError::Json {
            path: self.path.to_owned(),
            what: descriptor.digest.to_string(),
            source,
        })
    }

    fn invalid(&self, descriptor: &Descriptor, problem: &'static str) -> LocalImageError {
        LocalImageError::Invalid { path: self.path.to_owned(), what: descriptor.digest.to_string(), problem }
    }
}

/// The platform in an image's config.
pub(super) fn platform_of(config: &[u8]) -> Result<Option<Platform>, serde_json::Error> {
    let config: manifests::oci::DescribedPlatform = serde_json::from_slice(config)?;
    Ok(config.known())
}

fn tag_of(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, tag)| tag)
}

/// `sha256-<hex>.sig`, `.att` and `.sbom` belong to the manifest of that digest.
fn cosign_subject(tag: &str) -> Option<Digest> {
    let rest = tag.strip_prefix("sha256-")?;
    let (hex, suffix) = rest.split_once('.')?;
    if matches!(suffix, "sig" | "att" | "sbom") { Digest::from_hex(hex).ok() } else { None }
}
