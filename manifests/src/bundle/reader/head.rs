//! Reading what stands before everything else: the document and the signatures.

use std::path::Path;

use super::OpenError;
use super::storage::Storage;
use crate::Digest;
use crate::bundle::frame::{self, PIECE};
use crate::bundle::layout::Shape;
use crate::bundle::member::{self, TAR_BLOCK};
use crate::bundle::read_at::ReadAt;
use crate::bundle::volume::{HEADER_SIZE, VolumeHeader};
use crate::bundle::{limits, slot};
use crate::document::{Document, Encoding};

/// What stands before everything else.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) document: Document,
    pub(crate) bytes: Vec<u8>,
    pub(crate) digest: Digest,
    pub(crate) signatures: Vec<String>,
    /// Where the signature slot's frame lies.
    pub(crate) slot: u64,
}

/// Reads the head without the help of the seek table: a partial set has none.
pub(crate) fn read(storage: &Storage) -> Result<Head, OpenError> {
    let path = storage.path(0);
    let mut frames = Frames::new(storage);
    let (mut member, first) = frames.next(frames.peek_content_size()?)?;
    let not_ours = |reason| OpenError::NotABundle { path: path.clone(), reason };
    let size = document_size(&member).ok_or_else(|| not_ours("it does not start with bundle.json"))?;
    let shape = Shape { size, encoding: Encoding::Zstd };
    let too_large = || OpenError::Document {
        path: path.clone(),
        source: crate::document::DocumentError::TooLarge {
            size: usize::try_from(size).unwrap_or(usize::MAX),
            limit: limits::DOCUMENT_SIZE,
        },
    };
    if size > limits::DOCUMENT_SIZE as u64 {
        return Err(too_large());
    }
    if first != shape.unpacked(0) {
        return Err(not_ours("its first frame is not that of a bundle"));
    }
    for k in 1..shape.frames() {
        let (piece, _) = frames.next(shape.unpacked(k))?;
        member.extend_from_slice(&piece);
    }
    let end = (TAR_BLOCK + size) as usize;
    let bytes = member.get(TAR_BLOCK as usize..end).unwrap_or_default().to_vec();
    let document = Document::parse(&bytes).map_err(|source| OpenError::Document { path: path.clone(), source })?;
    if member != member::whole(member::DOCUMENT, &bytes, document.created) {
        return Err(not_ours("the tar header of bundle.json is not the one that a bundle has"));
    }
    let (slot, signatures) = signatures(storage, &mut frames, &path)?;
    Ok(Head { digest: Digest::of(&bytes), document, bytes, signatures, slot })
}

/// The size in the tar header, if it is one of `bundle.json`.
fn document_size(member: &[u8]) -> Option<u64> {
    let header = tar::Header::from_byte_slice(member.get(..TAR_BLOCK as usize)?);
    let ours = header.path_bytes().as_ref() == member::DOCUMENT.as_bytes() && header.entry_type().is_file();
    header.entry_size().ok().filter(|_| ours)
}

fn signatures(storage: &Storage, frames: &mut Frames<'_>, path: &Path) -> Result<(u64, Vec<String>), OpenError> {
    frames.skip_volume_header();
    let place = frames.next;
    let damaged = || OpenError::Damaged { path: storage.path(place), problem: "the signature slot is cut off".into() };
    let mut stored = vec![0; slot::stored_size() as usize];
    storage.read_exact_at(&mut stored, place).map_err(|_| damaged())?;
    // The slot is rewritten in place: its frame has to be the one of raw blocks that has room for that.
    let content = stored.get((stored.len() - slot::SIZE as usize)..).unwrap_or_default();
    if frame::raw(content) != stored {
        let problem = "the signature slot is not stored as it must be".to_owned();
        return Err(OpenError::Damaged { path: storage.path(place), problem });
    }
    let signatures = slot::parse(content).map_err(|source| OpenError::Signatures { path: path.to_owned(), source })?;
    Ok((place, signatures))
}

/// Walks frames from the start.
struct Frames<'a> {
    storage: &'a Storage,
    next: u64,
}

impl<'a> Frames<'a> {
    fn new(storage: &'a Storage) -> Self {
        let mut frames = Self { storage, next: 0 };
        frames.skip_volume_header();
        frames
    }

    fn skip_volume_header(&mut self) {
        let mut header = [0; HEADER_SIZE as usize];
        if self.storage.read_exact_at(&mut header, self.next).is_ok() && VolumeHeader::decode(&header).is_some() {
            self.next += HEADER_SIZE;
        }
    }

    fn not_ours(&self, reason: &'static str) -> OpenError {
        OpenError::NotABundle { path: self.storage.path(self.next), reason }
    }

    /// The content size that the next frame claims: at most that of one piece.
    fn peek_content_size(&self) -> Result<u32, OpenError> {
        let mut start = [0; 18];
        let cut_off = |_| self.not_ours("it is too short");
        self.storage.read_exact_at(&mut start, self.next).map_err(cut_off)?;
        if !start.starts_with(&frame::MAGIC) {
            return Err(self.not_ours("it is not compressed with zstd"));
        }
        let size = zstd::zstd_safe::get_frame_content_size(&start).ok().flatten();
        let size = size.filter(|size| (TAR_BLOCK..=PIECE).contains(size));
        size.map(|size| size as u32).ok_or_else(|| self.not_ours("its first frame is not that of a bundle"))
    }

    /// Unpacks the next frame, which holds `size` bytes.
    fn next(&mut self, size: u32) -> Result<(Vec<u8>, u32), OpenError> {
        self.skip_volume_header();
        let part = self.storage.part(self.next).ok_or_else(|| self.not_ours("it is too short"))?;
        let left = part.start + part.size - self.next;
        let at_most = frame::raw_size(u64::from(size));
        // Documents shrink well: try with little first.
        for attempt in [at_most.div_ceil(8), at_most] {
            let mut stored = vec![0; attempt.min(left) as usize];
            self.storage.read_exact_at(&mut stored, self.next).map_err(OpenError::io("read", &part.path))?;
            let Some(length) = frame::length(&stored) else { continue };
            stored.truncate(length);
            let mut content = Vec::new();
            let damaged = |problem| OpenError::Damaged { path: part.path.clone(), problem };
            frame::decompress(&stored, size, &mut content).map_err(damaged)?;
            self.next += length as u64;
            return Ok((content, size));
        }
        Err(OpenError::Damaged { path: part.path.clone(), problem: "a frame of bundle.json is cut off".to_owned() })
    }
}
