//! Walks from an image to every blob that it needs.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

use bytes::Bytes;
use manifests::document::Image;
use manifests::oci::{Descriptor, Index, Manifest, annotation, media_type};
use manifests::{Digest, Platform};

use super::layout::Layout;
use super::{LocalImageError, Store};
use crate::content::{Found, Resolved, WantedBlob};
use crate::oci::platforms;
use crate::resolve::stack::ResolvedImage;

/// How deep indexes may stand in indexes.
const MAX_DEPTH: usize = 4;
/// The most manifests of one image.
const MAX_MANIFESTS: usize = 10_000;
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
        blobs: BTreeMap::new(),
        manifests: HashSet::new(),
        found: BTreeSet::new(),
        offered: BTreeSet::new(),
    };
    walk.visit(root, 0)?;
    if let Some(missing) = walk.missing() {
        let available = walk.offered.into_iter().collect();
        return Err(LocalImageError::NoPlatform { path: walk.path.to_owned(), platform: missing, available });
    }
    let found = std::mem::take(&mut walk.found).into_iter().collect();
    let mut attached = if image.attachments { walk.attached(index)? } else { Vec::new() };
    attached.sort_by_key(|descriptor| descriptor.digest);
    attached.dedup();
    let item = Image {
        reference: image.reference.clone(),
        descriptor: plain(root),
        platforms: found,
        attached,
        component: Some(image.component.to_string()),
    };
    Ok(Resolved { item: item.into(), blobs: walk.blobs.into_values().collect(), found: Found::Plainly })
}

/// A descriptor without what the layout's own index says about it.
fn plain(descriptor: &Descriptor) -> Descriptor {
    Descriptor { annotations: BTreeMap::new(), platform: None, ..descriptor.clone() }
}

struct Walk<'a> {
    store: &'a dyn Store,
    path: &'a Path,
    wanted: &'a [Platform],
    blobs: BTreeMap<Digest, WantedBlob>,
    manifests: HashSet<Digest>,
    /// The wanted platforms that there are.
    found: BTreeSet<Platform>,
    /// All platforms that there are.
    offered: BTreeSet<String>,
}

impl Walk<'_> {
    fn visit(&mut self, descriptor: &Descriptor, depth: usize) -> Result<(), LocalImageError> {
        if self.manifests.len() >= MAX_MANIFESTS || depth > MAX_DEPTH {
            return Err(self.invalid(descriptor, "it has too many parts"));
        }
        if !descriptor.is_index() {
            return self.visit_manifest(descriptor, depth == 0);
        }
        let bytes = self.document(descriptor)?;
        let index: Index = self.parse(descriptor, &bytes)?;
        self.offered.extend(platforms::offered(&index));
        let choice = platforms::choose(&index, self.wanted);
        self.found.extend(choice.found);
        choice.entries.iter().chain(&choice.nested).try_for_each(|at| self.visit(&index.manifests[*at], depth + 1))
    }

    /// Takes a manifest with all of its blobs. For an image without an index, the platform stands in its config.
    fn visit_manifest(&mut self, descriptor: &Descriptor, is_root: bool) -> Result<(), LocalImageError> {
        let bytes = self.document(descriptor)?;
        let manifest: Manifest = self.parse(descriptor, &bytes)?;
        if let Some(foreign) = manifest.layers.iter().find(|layer| layer.is_foreign() || !layer.urls.is_empty()) {
            return Err(LocalImageError::Foreign { path: self.path.to_owned(), digest: foreign.digest });
        }
        for blob in manifest.layers.iter().chain([&manifest.config]) {
            let origin = self.store.origin(blob)?;
            self.blobs.entry(blob.digest).or_insert_with(|| WantedBlob::described(blob, origin));
        }
        if !is_root || !IMAGE_CONFIGS.contains(&manifest.config.media_type.as_str()) {
            return Ok(());
        }
        let config = self.store.read(&manifest.config)?;
        let platform = platform_of(&config).map_err(|source| LocalImageError::Json {
            path: self.path.to_owned(),
            what: manifest.config.digest.to_string(),
            source,
        })?;
        if let Some(platform) = platform {
            self.found.extend(self.wanted.iter().filter(|wanted| wanted.accepts(&platform)).cloned());
            self.offered.insert(platform.to_string());
        }
        Ok(())
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
    /// A platform that is wanted, if none of those is there.
    fn missing(&self) -> Option<Platform> {
        let is_none = self.found.is_empty() && !self.offered.is_empty();
        self.wanted.first().filter(|_| is_none).cloned()
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
                self.visit(entry, 1)?;
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
