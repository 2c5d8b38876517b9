//! An image, from its name to everything that it is made of.

use std::collections::HashSet;

use manifests::document::{Image, Item};
use manifests::lock::LockedAttachment;
use manifests::oci::{DescribedPlatform, Descriptor, Manifest};
use manifests::{Digest, ImageReference, Platform, Repository};

use super::manifest::{Document, FetchedManifest};
use super::{OciError, Registries, platforms};
use crate::content::{Found, Origin, Resolved, WantedBlob};

/// Indexes within indexes that are followed.
const DEPTH: usize = 4;
/// Entries of one index.
const ENTRIES: usize = 1000;
/// Layers of one image.
const LAYERS: usize = 1000;
/// The largest config that is read to learn the platform.
const CONFIG: usize = 8 << 20;
/// The configs that name a platform.
const IMAGE_CONFIGS: [&str; 2] =
    ["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"];

/// An image that is wanted.
#[derive(Debug, Clone)]
pub struct ImageRequest {
    /// Its original name.
    pub reference: ImageReference,
    /// Where to get it instead of where its name says: the name in the bundle stays.
    pub source: Option<ImageReference>,
    /// The platforms that are wanted. One of them has to exist; which do, the item says.
    pub platforms: Vec<Platform>,
    /// Whether signatures, attestations and SBOMs that stand beside the image come along.
    pub attachments: bool,
    /// The component that asks for it.
    pub component: Option<String>,
}

/// What has been gathered for one image.
pub(super) struct Walk<'a> {
    pub(super) registries: &'a Registries,
    pub(super) repository: &'a Repository,
    pub(super) image: String,
    pub(super) wanted: &'a [Platform],
    pub(super) blobs: Vec<WantedBlob>,
    /// The manifests and indexes that are carried, in the order in which they were found.
    pub(super) carried: Vec<Digest>,
    found: Vec<Platform>,
    offered: Vec<String>,
    seen: HashSet<Digest>,
}

impl Registries {
    /// Finds out everything that an image is made of. Manifests are read; layers are only named.
    ///
    /// # Errors
    /// [`OciError`] when a part can't be had or can't be carried, or none of the wanted platforms is there.
    pub async fn resolve(&self, request: &ImageRequest) -> Result<Resolved, OciError> {
        let source = request.source.as_ref().unwrap_or(&request.reference);
        let root = self.named(source.repository(), &source.manifest_name()).await?;
        let mut walk = Walk::new(self, source.repository(), source.to_string(), &request.platforms);
        let descriptor = root.descriptor.clone();
        walk.add_root(root).await?;
        let attached = if request.attachments { walk.attachments().await? } else { Vec::new() };
        Ok(walk.into_image(request, descriptor, attached))
    }

    /// Finds out everything that an image is made of, of which a lock says what it is and what stands beside it. No tag
    /// is asked for.
    ///
    /// # Errors
    /// As [`Registries::resolve`].
    pub async fn resolve_locked(
        &self,
        request: &ImageRequest,
        digest: Digest,
        attached: &[LockedAttachment],
    ) -> Result<Resolved, OciError> {
        let source = request.source.as_ref().unwrap_or(&request.reference);
        let root = self.manifest(source.repository(), &digest.to_string()).await?;
        let mut walk = Walk::new(self, source.repository(), source.to_string(), &request.platforms);
        let descriptor = root.descriptor.clone();
        walk.add_root(root).await?;
        let attached = walk.locked(attached).await?;
        Ok(walk.into_image(request, descriptor, attached))
    }

    /// What a lock says is attached to an artifact, and its blobs.
    ///
    /// # Errors
    /// As [`Registries::attached_to`].
    pub async fn attached_as_locked(
        &self,
        repository: &Repository,
        attached: &[LockedAttachment],
    ) -> Result<(Vec<Descriptor>, Vec<WantedBlob>), OciError> {
        let mut walk = Walk::new(self, repository, repository.to_string(), &[]);
        let attached = walk.locked(attached).await?;
        Ok((attached, walk.blobs))
    }

    /// Finds out what is attached to an artifact that is for no platform: signatures, attestations and the like, and
    /// their blobs.
    ///
    /// # Errors
    /// [`OciError`] when a part of them can't be had or can't be carried.
    pub async fn attached_to(
        &self,
        repository: &Repository,
        artifact: &FetchedManifest,
    ) -> Result<(Vec<Descriptor>, Vec<WantedBlob>), OciError> {
        let digest = artifact.descriptor.digest;
        let mut walk = Walk::new(self, repository, super::display_name(repository, &digest.to_string()), &[]);
        walk.carried.push(digest);
        walk.seen.insert(digest);
        let attached = walk.attachments().await?;
        Ok((attached, walk.blobs))
    }
}

impl<'a> Walk<'a> {
    fn new(registries: &'a Registries, repository: &'a Repository, image: String, wanted: &'a [Platform]) -> Self {
        Self {
            registries,
            repository,
            image,
            wanted,
            blobs: Vec::new(),
            carried: Vec::new(),
            found: Vec::new(),
            offered: Vec::new(),
            seen: HashSet::new(),
        }
    }

    fn into_image(self, request: &ImageRequest, descriptor: Descriptor, attached: Vec<Descriptor>) -> Resolved {
        let item = Image {
            reference: request.reference.clone(),
            descriptor,
            platforms: self.found,
            attached,
            component: request.component.clone(),
        };
        Resolved { item: Item::from(item), blobs: self.blobs, found: Found::Plainly }
    }

    async fn add_root(&mut self, root: FetchedManifest) -> Result<(), OciError> {
        let single = matches!(root.document, Document::Manifest(_));
        if let Document::Manifest(manifest) = &root.document {
            self.check_config(manifest).await?;
        }
        let is_image = single || self.names_platforms(&root);
        self.add(root).await?;
        // An artifact that is for no platform is for all.
        if !self.found.is_empty() || self.wanted.is_empty() || self.offered.is_empty() || !is_image {
            return Ok(());
        }
        let missing: Vec<String> = self.wanted.iter().map(Platform::to_string).collect();
        self.offered.sort();
        self.offered.dedup();
        Err(OciError::Platform {
            image: self.image.clone(),
            wanted: missing.join(", "),
            offered: self.offered.join(", "),
        })
    }

    fn names_platforms(&self, root: &FetchedManifest) -> bool {
        match &root.document {
            Document::Index(index) => {
                !platforms::offered(index).is_empty() || index.manifests.iter().any(Descriptor::is_index)
            }
            Document::Manifest(_) => true,
        }
    }

    /// For an image without an index: its platform stands in its config.
    async fn check_config(&mut self, manifest: &Manifest) -> Result<(), OciError> {
        if !IMAGE_CONFIGS.contains(&manifest.config.media_type.as_str()) {
            return Ok(());
        }
        let bytes = self.registries.small_blob(self.repository, &manifest.config, CONFIG).await?;
        let config: DescribedPlatform = serde_json::from_slice(&bytes).map_err(|error| OciError::Broken {
            image: self.image.clone(),
            problem: format!("its config is not valid: {error}"),
        })?;
        self.blobs.push(WantedBlob::here(&manifest.config.media_type, bytes));
        // Helm and others use an image's config without a platform: such an artifact is for all.
        if let Some(platform) = config.known() {
            self.found.extend(self.wanted.iter().filter(|wanted| wanted.accepts(&platform)).cloned());
            self.offered.push(platform.to_string());
        }
        Ok(())
    }

    /// Adds a manifest or index with all that is wanted below it.
    pub(super) async fn add(&mut self, root: FetchedManifest) -> Result<(), OciError> {
        // What is left to look at: index entries are read one after the other, and their number is bounded.
        let mut queue = vec![(root, 0)];
        while let Some((fetched, depth)) = queue.pop() {
            if !self.seen.insert(fetched.descriptor.digest) {
                continue;
            }
            self.carried.push(fetched.descriptor.digest);
            self.blobs.push(WantedBlob::here(&fetched.descriptor.media_type, fetched.bytes));
            match fetched.document {
                Document::Manifest(manifest) => self.add_manifest(&manifest)?,
                Document::Index(index) => {
                    self.limit("entries in an index", index.manifests.len(), ENTRIES)?;
                    self.limit("indexes within each other", depth, DEPTH)?;
                    self.offered.extend(platforms::offered(&index));
                    let choice = platforms::choose(&index, self.wanted);
                    let places = choice.entries.iter().chain(&choice.nested);
                    let entries: Vec<Descriptor> = places.map(|at| index.manifests[*at].clone()).collect();
                    for found in choice.found {
                        if !self.found.contains(&found) {
                            self.found.push(found);
                        }
                    }
                    for entry in self.read_all(&entries).await? {
                        queue.push((entry, depth + 1));
                    }
                }
            }
        }
        Ok(())
    }

    /// Reads manifests that descriptors name, side by side.
    pub(super) async fn read_all(&self, entries: &[Descriptor]) -> Result<Vec<FetchedManifest>, OciError> {
        futures_util::future::try_join_all(entries.iter().map(|entry| self.read(entry))).await
    }

    async fn read(&self, entry: &Descriptor) -> Result<FetchedManifest, OciError> {
        let fetched = self.registries.manifest(self.repository, &entry.digest.to_string()).await?;
        if fetched.descriptor.size != entry.size {
            return Err(OciError::Broken {
                image: self.image.clone(),
                problem: format!(
                    "{} has {} bytes, but what refers to it says {}",
                    entry.digest, fetched.descriptor.size, entry.size
                ),
            });
        }
        Ok(fetched)
    }

    fn add_manifest(&mut self, manifest: &Manifest) -> Result<(), OciError> {
        self.limit("layers", manifest.layers.len(), LAYERS)?;
        for blob in manifest.layers.iter().chain([&manifest.config]) {
            if blob.is_foreign() {
                return Err(OciError::Foreign {
                    image: self.image.clone(),
                    layer: blob.digest,
                    media_type: blob.media_type.clone(),
                });
            }
            let origin = Origin::Registry { repository: self.repository.clone() };
            if !self.blobs.iter().any(|known| known.digest == blob.digest) {
                self.blobs.push(WantedBlob::described(blob, origin));
            }
        }
        Ok(())
    }

    pub(super) fn limit(&self, what: &'static str, count: usize, limit: usize) -> Result<(), OciError> {
        if count <= limit {
            return Ok(());
        }
        Err(OciError::TooMany { image: self.image.clone(), what, limit })
    }
}
