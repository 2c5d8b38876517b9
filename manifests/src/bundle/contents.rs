//! The members that follow from the document: `oci-layout`, `index.json` and `SHA256SUMS`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::member;
use crate::document::{Blob, Item};
use crate::oci::{Descriptor, Index, annotation, media_type};
use crate::{Digest, ImageReference};

/// The marker of an OCI image layout, version 1.0.0.
pub(crate) const LAYOUT_MARKER: &[u8] = b"{\"imageLayoutVersion\":\"1.0.0\"}\n";
/// The name under which `ctr image import` files an image.
const CONTAINERD_NAME: &str = "io.containerd.image.name";

/// `index.json`: one entry for each item, under its name, and one for each manifest that is attached to one.
pub(crate) fn layout_index(items: &[Item]) -> Index {
    let mut entries = Vec::new();
    let mut attached = BTreeSet::new();
    for item in items {
        let (Some(reference), Some(descriptor)) = (item.reference(), item.descriptor()) else { continue };
        entries.push(entry(descriptor, &reference, item.as_image().is_some()));
        for descriptor in item.attached() {
            let name = attached_name(&reference, descriptor);
            if attached.insert((descriptor.digest, name.clone())) {
                let mut entry = descriptor.clone();
                entry.annotations.extend(name.map(|name| (annotation::REF_NAME.to_owned(), name)));
                entries.push(entry);
            }
        }
    }
    Index {
        schema_version: 2,
        media_type: Some(media_type::OCI_INDEX.to_owned()),
        manifests: entries,
        annotations: BTreeMap::new(),
    }
}

fn entry(descriptor: &Descriptor, name: &str, is_image: bool) -> Descriptor {
    let mut entry = descriptor.clone();
    entry.annotations.insert(annotation::REF_NAME.to_owned(), name.to_owned());
    if is_image {
        entry.annotations.insert(CONTAINERD_NAME.to_owned(), name.to_owned());
    }
    entry
}

/// Attached manifests that upstream found by a tag keep it, in the repository of what they are attached to.
fn attached_name(reference: &str, descriptor: &Descriptor) -> Option<String> {
    let tag = descriptor.annotations.get(annotation::REF_NAME)?;
    let reference: ImageReference = reference.parse().ok()?;
    Some(format!("{}:{tag}", reference.repository()))
}

/// The checksum file: everything but `bundle.json` and the signatures, in the order of the archive.
pub(crate) fn checksums(index: &Digest, blobs: &[Blob]) -> String {
    let mut lines = String::with_capacity(160 + blobs.len() * 144);
    let named = [(Digest::of(LAYOUT_MARKER), member::LAYOUT.to_owned()), (*index, member::INDEX.to_owned())];
    let blobs = blobs.iter().map(|blob| (blob.digest, member::blob_name(&blob.digest)));
    for (digest, name) in named.into_iter().chain(blobs) {
        // Writing to a string does not fail.
        let _ = writeln!(lines, "{}  {name}", digest.hex());
    }
    lines
}
