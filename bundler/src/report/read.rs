//! Reads the small documents of a bundle: manifests, configurations. What can't be read is not there; what is too
//! large is not one of them.

use std::collections::HashSet;
use std::io;

use manifests::Digest;
use manifests::bundle::{BlobReader, VerifiedBundle};
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

    /// The bytes of a blob that is carried.
    pub(super) fn size(&self, digest: &Digest) -> Option<u64> {
        Some(self.0.document().blob(digest)?.size)
    }

    /// A blob, to be read from its start.
    pub(super) fn open(&self, digest: &Digest) -> io::Result<BlobReader> {
        self.0.read(digest).map_err(io::Error::other)
    }

    /// A document of JSON.
    pub(super) fn json<T: DeserializeOwned>(&self, digest: &Digest) -> Option<T> {
        serde_json::from_slice(&self.0.read_to_vec(digest, LARGEST).ok()?).ok()
    }

    /// The manifests at and below a descriptor that are carried, with what the index says of each. Each is read once, however
    /// often and wherever it is named.
    pub(super) fn manifests(&self, root: &Descriptor) -> Vec<(Descriptor, Manifest)> {
        let (mut found, mut queue, mut seen) = (Vec::new(), vec![root.clone()], HashSet::new());
        while let Some(descriptor) = queue.pop().filter(|_| found.len() < MANIFESTS) {
            if !seen.insert(descriptor.digest) {
                continue;
            }
            if let Some(index) = self.json::<Index>(&descriptor.digest) {
                let entries = index.manifests.into_iter().take(MANIFESTS);
                let entries: Vec<Descriptor> = entries.filter(|entry| !seen.contains(&entry.digest)).collect();
                queue.extend(entries.into_iter().rev());
            } else if let Some(manifest) = self.json::<Manifest>(&descriptor.digest) {
                found.push((descriptor, manifest));
            }
        }
        found
    }
}
