//! What stands beside an image: referrers, and the tags that cosign keeps signatures, attestations and SBOMs under.

use futures_util::future::try_join_all;
use manifests::Digest;
use manifests::lock::LockedAttachment;
use manifests::oci::{Descriptor, annotation};

use super::manifest::{Document, FetchedManifest};
use super::resolve::Walk;
use super::{OciError, Registries};

/// Attachments of attachments that are followed: a signature of an SBOM of an image is two.
const DEPTH: usize = 3;
/// Attachments of one image, in all.
const ATTACHMENTS: usize = 500;
/// The endings of cosign's tags.
const COSIGN: [&str; 3] = ["sig", "att", "sbom"];

/// Something attached, and the tag that it was found by.
struct Found {
    manifest: FetchedManifest,
    described: Option<Descriptor>,
    tag: Option<String>,
}

impl Walk<'_> {
    /// Finds and adds everything that is attached to what is carried.
    pub(super) async fn attachments(&mut self) -> Result<Vec<Descriptor>, OciError> {
        let mut attached: Vec<Descriptor> = Vec::new();
        let mut next: Vec<Digest> = self.carried.clone();
        for _ in 0..DEPTH {
            let found: Vec<Vec<Found>> = try_join_all(next.iter().map(|digest| self.attached_to(*digest))).await?;
            let known = self.carried.len();
            for found in found.into_iter().flatten() {
                let descriptor = found.describe();
                let is_known = attached.iter().any(|other| {
                    other.digest == descriptor.digest
                        && other.annotations.get(annotation::REF_NAME)
                            == descriptor.annotations.get(annotation::REF_NAME)
                });
                if is_known {
                    continue;
                }
                attached.push(descriptor);
                self.limit("attached signatures and documents", attached.len(), ATTACHMENTS)?;
                self.add(found.manifest).await?;
            }
            next = self.carried[known..].to_vec();
            if next.is_empty() {
                break;
            }
        }
        attached.sort_by(|a, b| a.digest.cmp(&b.digest).then_with(|| a.annotations.cmp(&b.annotations)));
        Ok(attached)
    }

    /// Adds what a lock says is attached, and nothing else.
    pub(super) async fn locked(&mut self, locked: &[LockedAttachment]) -> Result<Vec<Descriptor>, OciError> {
        self.limit("attached signatures and documents", locked.len(), ATTACHMENTS)?;
        let names: Vec<String> = locked.iter().map(|attached| attached.digest.to_string()).collect();
        let read = names.iter().map(|name| self.registries.manifest(self.repository, name));
        let manifests = try_join_all(read).await?;
        let mut attached = Vec::new();
        for (manifest, locked) in manifests.into_iter().zip(locked) {
            let mut descriptor = manifest.descriptor.clone();
            descriptor.artifact_type.clone_from(&locked.artifact_type);
            descriptor.annotations.clone_from(&locked.annotations);
            attached.push(descriptor);
            self.add(manifest).await?;
        }
        Ok(attached)
    }

    async fn attached_to(&self, digest: Digest) -> Result<Vec<Found>, OciError> {
        let (referrers, tagged) = tokio::try_join!(self.referring_to(digest), self.tagged_for(digest))?;
        Ok(referrers.into_iter().chain(tagged).collect())
    }

    async fn referring_to(&self, digest: Digest) -> Result<Vec<Found>, OciError> {
        let mut descriptors = match self.registries.referrers(self.repository, digest).await? {
            Some(descriptors) => descriptors,
            // The specification's "Referrers Tag Schema": a tag with the digest's name that holds the list.
            None => match self.tagged(&format!("sha256-{}", digest.hex())).await? {
                Some(FetchedManifest { document: Document::Index(index), .. }) => index.manifests,
                _ => Vec::new(),
            },
        };
        self.limit("attached signatures and documents", descriptors.len(), ATTACHMENTS)?;
        descriptors.retain(|descriptor| descriptor.is_index() || descriptor.is_manifest());
        let manifests = self.read_all(&descriptors).await?;
        let pairs = manifests.into_iter().zip(descriptors);
        Ok(pairs.map(|(manifest, described)| Found { manifest, described: Some(described), tag: None }).collect())
    }

    async fn tagged_for(&self, digest: Digest) -> Result<Vec<Found>, OciError> {
        let tags = COSIGN.map(|ending| format!("sha256-{}.{ending}", digest.hex()));
        let manifests = try_join_all(tags.iter().map(|tag| self.tagged(tag))).await?;
        let found = manifests.into_iter().zip(tags);
        Ok(found
            .filter_map(|(manifest, tag)| Some(Found { manifest: manifest?, described: None, tag: Some(tag) }))
            .collect())
    }

    /// What a tag holds, if there is such a tag.
    async fn tagged(&self, tag: &str) -> Result<Option<FetchedManifest>, OciError> {
        let registries: &Registries = self.registries;
        if !registries.has_tag(self.repository, tag).await? {
            return Ok(None);
        }
        match registries.manifest(self.repository, tag).await {
            Ok(manifest) => Ok(Some(manifest)),
            Err(error) if error.is_refusal() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Found {
    /// The descriptor as the bundle's document has it.
    fn describe(&self) -> Descriptor {
        let mut descriptor = self.manifest.descriptor.clone();
        if let Some(described) = &self.described {
            descriptor.artifact_type = descriptor.artifact_type.or_else(|| described.artifact_type.clone());
            descriptor.annotations.clone_from(&described.annotations);
        }
        if let Some(tag) = &self.tag {
            descriptor.annotations.insert(annotation::REF_NAME.to_owned(), tag.clone());
        }
        descriptor
    }
}
