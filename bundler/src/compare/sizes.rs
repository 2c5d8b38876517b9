//! How many bytes an item of a bundle has: what its manifests name, each blob once.

use std::collections::HashMap;

use manifests::bundle::VerifiedBundle;
use manifests::document::Item;
use manifests::oci::{Index, Manifest};
use manifests::{Digest, Document};

/// The largest manifest that is read, in bytes.
const MANIFEST: u64 = 8 << 20;

/// Adds up what the items of a bundle have.
#[derive(Debug)]
pub struct Sizes<'a>(&'a VerifiedBundle);

impl<'a> Sizes<'a> {
    /// Sizes of what is in a bundle. Nobody needs to vouch for it: they are only shown.
    pub fn of(bundle: &'a VerifiedBundle) -> Self {
        Self(bundle)
    }

    /// The bytes of an item; none where a manifest can't be read, as when its volume is missing.
    pub fn size(&self, item: &Item) -> Option<u64> {
        Some(self.blobs(item)?.values().sum())
    }

    /// The blobs that an item needs, with their bytes; none where a manifest can't be read.
    pub fn blobs(&self, item: &Item) -> Option<HashMap<Digest, u64>> {
        let document = self.0.document();
        let mut found: HashMap<Digest, u64> = HashMap::new();
        let mut queue: Vec<Digest> =
            [item.descriptor()?].into_iter().chain(item.attached()).map(|one| one.digest).collect();
        while let Some(digest) = queue.pop() {
            let blob = document.blob(&digest)?;
            if found.insert(digest, blob.size).is_none() {
                self.add_below(document, &digest, &mut found, &mut queue)?;
            }
        }
        Some(found)
    }

    /// Adds what a manifest or index names and the bundle carries.
    fn add_below(
        &self,
        document: &Document,
        digest: &Digest,
        found: &mut HashMap<Digest, u64>,
        queue: &mut Vec<Digest>,
    ) -> Option<()> {
        let bytes = self.0.read_to_vec(digest, MANIFEST).ok()?;
        if let Ok(index) = serde_json::from_slice::<Index>(&bytes) {
            queue.extend(index.manifests.iter().map(|entry| entry.digest).filter(|one| document.blob(one).is_some()));
            return Some(());
        }
        let manifest: Manifest = serde_json::from_slice(&bytes).ok()?;
        for blob in manifest.layers.iter().chain([&manifest.config]).filter_map(|one| document.blob(&one.digest)) {
            found.insert(blob.digest, blob.size);
        }
        Some(())
    }
}
