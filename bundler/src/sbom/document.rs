//! What both kinds of documents have in common.

use manifests::Digest;
use serde::ser::{Serialize, Serializer};

use super::inventory::{ImageContents, Inventory, Source};

/// The name of this program, as documents have it.
pub(super) const TOOL: &str = "airgap-bundle";

/// A list that is made while it is written: a document of a large bundle has a hundred thousand elements.
pub(super) struct List<F>(pub(super) F);

impl<F, I> Serialize for List<F>
where
    F: Fn() -> I,
    I: Iterator,
    I::Item: Serialize,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

/// The document's own name. It follows from the bundle, so that the same bundle has the same document.
pub(super) fn uuid(inventory: &Inventory, format: &str) -> String {
    let name = Digest::of(format!("{TOOL} {format} {}", inventory.bundle.digest).as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&name.as_bytes()[..16]);
    // RFC 9562, section 5.8: a version for what makes names in its own way.
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex::encode(bytes);
    format!("urn:uuid:{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// When the bundle was defined, in whole seconds.
pub(super) fn created(inventory: &Inventory) -> String {
    inventory.bundle.created.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Who says what is inside an image, in words.
pub(crate) fn told_by(image: &ImageContents) -> String {
    match &image.source {
        Source::Layers { count: 1 } => "read from its one layer".to_owned(),
        Source::Layers { count } => format!("read from its {count} layers"),
        Source::Attested { document, format, .. } => {
            format!("as upstream says in the {format} document {document}, whose signature was not checked")
        }
        Source::Artifact { kind } => format!("not an image: an artifact of the type {kind}"),
    }
}
