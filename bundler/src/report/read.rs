//! Reads the small documents of a bundle: manifests, configurations. What can't be read, as when its volume is missing, is not
//! there; what is too large is not one of them.

use manifests::Digest;
use manifests::bundle::VerifiedBundle;
use manifests::oci::{Descriptor, Index, Manifest};
use serde::de::DeserializeOwned;

/// The largest document that is read, in bytes.
const LARGEST: u64 = 8 << 20;
/// Manifests of one item that are looked at.
const MANIFESTS: usize = 1000;

/// Reads documents of a bundle.
pub(super) struct Reader<'a>(&'a VerifiedBundle);

impl<'a> Reader<'a> {
    pub(super) fn of(bundle: &'a VerifiedBundle) -> Self {
        Self(bundle)
    }

    /// A blob of at most `limit` bytes.
    pub(super) fn bytes(&self, digest: &Digest, limit: u64) -> Option<Vec<u8>> {
        let blob = self.0.document().blob(digest).filter(|blob| blob.size <= limit)?;
        self.0.read_to_vec(&blob.digest, limit).ok()
    }

    /// A document of JSON.
    pub(super) fn json<T: DeserializeOwned>(&self, digest: &Digest) -> Option<T> {
        serde_json::from_slice(&self.bytes(digest, LARGEST)?).ok()
    }

    /// The manifests at and below a descriptor that are carried, with what the index says of each.
    pub(super) fn manifests(&self, root: &Descriptor) -> Vec<(Descriptor, Manifest)> {
        let (mut found, mut queue) = (Vec::new(), vec![root.clone()]);
        while let Some(descriptor) = queue.pop().filter(|_| found.len() < MANIFESTS) {
            if let Some(index) = self.json::<Index>(&descriptor.digest) {
                // An index is not within itself, or its digest would not be its own.
                queue.extend(index.manifests.into_iter().rev().take(MANIFESTS));
            } else if let Some(manifest) = self.json::<Manifest>(&descriptor.digest) {
                found.push((descriptor, manifest));
            }
        }
        found
    }
}
