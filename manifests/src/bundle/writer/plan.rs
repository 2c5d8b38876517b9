//! What will be written: everything that is known before the first blob is fetched.

use std::collections::BTreeMap;

use super::WriteError;
use crate::bundle::layout::{Member, Outline};
use crate::bundle::{contents, frame, limits, member, slot};
use crate::document::{Blob, Content, DOCUMENT_MEDIA_TYPE, Document, Encoding, Item, Platform};
use crate::{BundleName, Digest};

/// What will be written: everything that is known before the first blob is fetched.
#[derive(Debug, Clone)]
pub struct Plan {
    document: Document,
    bytes: Vec<u8>,
    digest: Digest,
    outline: Outline,
    /// The frames before the first blob, each with the size of its content.
    head: Vec<(Vec<u8>, u32)>,
}

impl Plan {
    /// Plans a bundle, with how it is deployed if it is. Items and blobs come in any order; the same blob may be named
    /// many times, if all agree.
    ///
    /// # Errors
    /// [`WriteError::Conflict`] when they don't, [`WriteError::Document`] when a reader would refuse the bundle.
    pub fn new(
        name: BundleName,
        version: semver::Version,
        created: jiff::Timestamp,
        mut items: Vec<Item>,
        blobs: Vec<Blob>,
        platform: Option<Platform>,
    ) -> Result<Self, WriteError> {
        items.sort_by_cached_key(|item| (item.reference(), item.kind().to_owned()));
        let blobs = in_archive_order(blobs)?;
        let index = layout_index(&items)?;
        let checksums = contents::checksums(&Digest::of(&index), &blobs);
        let document = Document {
            media_type: DOCUMENT_MEDIA_TYPE.to_owned(),
            requires: Vec::new(),
            name,
            version,
            created,
            base: None,
            checksums: Content::of(checksums.as_bytes()),
            index: Content::of(&index),
            items,
            platform,
            blobs,
            lock: None,
        };
        Self::of(&document, &checksums, &index)
    }

    /// The plan that a document was made by.
    pub(super) fn again(document: &Document) -> Result<Self, WriteError> {
        let index = layout_index(&document.items)?;
        let checksums = contents::checksums(&Digest::of(&index), &document.blobs);
        Self::of(document, &checksums, &index)
    }

    fn of(document: &Document, checksums: &str, index: &[u8]) -> Result<Self, WriteError> {
        let mut bytes = serde_json::to_vec_pretty(document).map_err(WriteError::Json)?;
        bytes.push(b'\n');
        // What a reader would refuse must not be written.
        let document = Document::parse(&bytes).map_err(WriteError::Document)?;
        let head = head(&document, &bytes, checksums.as_bytes(), index)?;
        let outline = Outline::new(&document, bytes.len() as u64);
        Ok(Self { digest: Digest::of(&bytes), document, bytes, outline, head })
    }

    /// The document that will be signed.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The exact bytes of `bundle.json`, which signatures are over.
    pub fn document_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The digest of `bundle.json`: the bundle's identity.
    pub fn document_digest(&self) -> Digest {
        self.digest
    }

    pub(crate) fn outline(&self) -> &Outline {
        &self.outline
    }

    pub(crate) fn head(&self) -> &[(Vec<u8>, u32)] {
        &self.head
    }

    /// The number of the slot's frame: right behind those of the document.
    pub(crate) fn slot_frame(&self) -> usize {
        self.outline.first_frame(Member::Slot)
    }

    /// The bytes that the archive has at least: all but what compressed frames take.
    pub(crate) fn least_size(&self) -> u64 {
        let head: u64 = self.head.iter().map(|(frame, _)| frame.len() as u64).sum();
        let raw = self.document.blobs.iter().filter(|blob| blob.encoding == Encoding::Raw);
        head + raw.map(|blob| blob.size).sum::<u64>()
    }

    /// The smallest size of volumes that works: the largest frame, or the seek table, fits behind the header.
    pub(crate) fn least_volume(&self) -> u64 {
        let table = crate::bundle::seek_table::size(crate::bundle::seek_table::at_most(&self.outline));
        limits::VOLUME_SIZE.max(table + crate::bundle::volume::HEADER_SIZE + 1)
    }
}

/// Raw blobs first, each group in the order of the digests, each blob once.
fn in_archive_order(blobs: Vec<Blob>) -> Result<Vec<Blob>, WriteError> {
    let mut unique = BTreeMap::new();
    for blob in blobs {
        if unique.insert(blob.digest, blob).is_some_and(|before| before != blob) {
            return Err(WriteError::Conflict(blob.digest));
        }
    }
    let (raw, compressed): (Vec<Blob>, Vec<Blob>) =
        unique.into_values().partition(|blob| blob.encoding == Encoding::Raw);
    Ok([raw, compressed].concat())
}

fn layout_index(items: &[Item]) -> Result<Vec<u8>, WriteError> {
    let mut index = serde_json::to_vec_pretty(&contents::layout_index(items)).map_err(WriteError::Json)?;
    index.push(b'\n');
    Ok(index)
}

fn head(document: &Document, bytes: &[u8], checksums: &[u8], index: &[u8]) -> Result<Vec<(Vec<u8>, u32)>, WriteError> {
    let created = document.created;
    let packed = |name: &str, content: &[u8]| {
        let member = member::whole(name, content, created);
        frame::compress_all(&member).map_err(|source| WriteError::Io { action: "compress", path: name.into(), source })
    };
    let slot = slot::frame(&[], created).map_err(WriteError::Signatures)?;
    let mut head = packed(member::DOCUMENT, bytes)?;
    head.push((slot, slot::SIZE as u32));
    head.extend(packed(member::CHECKSUMS, checksums)?);
    head.extend(packed(member::LAYOUT, contents::LAYOUT_MARKER)?);
    head.extend(packed(member::INDEX, index)?);
    Ok(head)
}
