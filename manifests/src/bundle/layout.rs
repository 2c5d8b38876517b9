//! Which frames the archive consists of: a pure function of the document's size and its list of blobs.

use super::frame::{self, BLOCK, BLOCK_HEADER, FRAME_HEADER, PIECE, RAW_CONTENT};
use super::member::{self, TAR_BLOCK};
use super::{contents, slot};
use crate::Digest;
use crate::document::{Document, Encoding};

/// The end of a tar: two blocks of zeros.
pub(crate) const END_SIZE: u64 = 2 * TAR_BLOCK;

/// How one member's bytes are cut into frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    /// The size of the content, without header and padding.
    pub(crate) size: u64,
    /// How it is stored.
    pub(crate) encoding: Encoding,
}

impl Shape {
    /// The member's bytes of tar: header, content and padding.
    pub(crate) fn tar_size(&self) -> u64 {
        TAR_BLOCK + self.size + member::padding(self.size)
    }

    /// How many frames the member takes.
    pub(crate) fn frames(&self) -> u64 {
        match self.encoding {
            Encoding::Raw => self.size.div_ceil(RAW_CONTENT).max(1),
            Encoding::Zstd => self.tar_size().div_ceil(PIECE),
        }
    }

    /// The bytes of tar in frame `k`.
    pub(crate) fn unpacked(&self, k: u64) -> u32 {
        let bytes = match self.encoding {
            Encoding::Raw => {
                let header = if k == 0 { TAR_BLOCK } else { 0 };
                let padding = if self.is_last(k) { member::padding(self.size) } else { 0 };
                header + self.raw_content(k) + padding
            }
            Encoding::Zstd => PIECE.min(self.tar_size() - k * PIECE),
        };
        bytes as u32
    }

    /// The stored size of frame `k` of a raw member.
    pub(crate) fn raw_stored(&self, k: u64) -> u64 {
        let header = u64::from(k == 0);
        let padding = u64::from(self.is_last(k) && member::padding(self.size) > 0);
        let blocks = header + self.raw_content(k).div_ceil(BLOCK) + padding;
        FRAME_HEADER + blocks * BLOCK_HEADER + u64::from(self.unpacked(k))
    }

    /// The content bytes in frame `k` of a raw member.
    pub(crate) fn raw_content(&self, k: u64) -> u64 {
        RAW_CONTENT.min(self.size.saturating_sub(k * RAW_CONTENT))
    }

    /// Whether `k` is the member's last frame.
    pub(crate) fn is_last(&self, k: u64) -> bool {
        k + 1 == self.frames()
    }
}

/// A place in a raw frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RawBlock {
    /// The frame of the member.
    pub(crate) frame: u64,
    /// Where the block's header stands in the frame.
    pub(crate) header: u64,
    /// How many bytes of content it holds.
    pub(crate) size: u64,
    /// Whether it is the frame's last block.
    pub(crate) last: bool,
}

impl Shape {
    /// The raw block that starts at byte `at` of the content; `at` is a multiple of 128 KiB below the size.
    pub(crate) fn raw_block(&self, at: u64) -> RawBlock {
        let frame = at / RAW_CONTENT;
        let within = at % RAW_CONTENT / BLOCK;
        let tar_header = if frame == 0 { BLOCK_HEADER + TAR_BLOCK } else { 0 };
        let size = BLOCK.min(self.size - at);
        let ends_frame = within == RAW_CONTENT / BLOCK - 1 || at + size == self.size;
        let padded = self.is_last(frame) && member::padding(self.size) > 0;
        RawBlock {
            frame,
            header: FRAME_HEADER + tar_header + within * (BLOCK_HEADER + BLOCK),
            size,
            last: ends_frame && !padded,
        }
    }
}

/// A member of the archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Member {
    /// `bundle.json`.
    Document,
    /// The signature slot.
    Slot,
    /// `SHA256SUMS`.
    Checksums,
    /// `oci-layout`.
    Layout,
    /// `index.json`.
    Index,
    /// A blob, by its place in the document.
    Blob(usize),
    /// The end of the tar.
    End,
}

const HEAD: [Member; 5] = [Member::Document, Member::Slot, Member::Checksums, Member::Layout, Member::Index];

/// All members of an archive and the numbers of their frames.
#[derive(Debug, Clone)]
pub(crate) struct Outline {
    document_size: u64,
    checksums_size: u64,
    index_size: u64,
    blobs: Vec<Shape>,
    /// The number of each member's first frame, and behind them the number of all frames.
    first: Vec<u32>,
}

impl Outline {
    /// The outline of a bundle whose `bundle.json` has `document_size` bytes.
    pub(crate) fn new(document: &Document, document_size: u64) -> Self {
        let mut outline = Self {
            document_size,
            checksums_size: document.checksums.size,
            index_size: document.index.size,
            blobs: document.blobs.iter().map(|blob| Shape { size: blob.size, encoding: blob.encoding }).collect(),
            first: Vec::new(),
        };
        let mut next = 0_u32;
        let mut first = Vec::with_capacity(outline.blobs.len() + HEAD.len() + 2);
        for member in outline.members() {
            first.push(next);
            // At most 16 TiB of content in frames of nearly 4 MiB, and one for each blob: far below 2³².
            next = next.saturating_add(outline.frames(member) as u32);
        }
        first.push(next);
        outline.first = first;
        outline
    }

    /// The members in the order of the archive.
    pub(crate) fn members(&self) -> impl Iterator<Item = Member> + use<> {
        HEAD.into_iter().chain((0..self.blobs.len()).map(Member::Blob)).chain([Member::End])
    }

    /// How a member is cut, unless it is the slot or the end, which are one frame each.
    pub(crate) fn shape(&self, member: Member) -> Option<Shape> {
        let packed = |size| Some(Shape { size, encoding: Encoding::Zstd });
        match member {
            Member::Document => packed(self.document_size),
            Member::Checksums => packed(self.checksums_size),
            Member::Layout => packed(contents::LAYOUT_MARKER.len() as u64),
            Member::Index => packed(self.index_size),
            Member::Blob(i) => self.blobs.get(i).copied(),
            Member::Slot | Member::End => None,
        }
    }

    /// How many frames a member has.
    pub(crate) fn frames(&self, member: Member) -> u64 {
        self.shape(member).map_or(1, |shape| shape.frames())
    }

    /// The number of a member's first frame in the archive.
    pub(crate) fn first_frame(&self, member: Member) -> usize {
        let at = match member {
            Member::Document => 0,
            Member::Slot => 1,
            Member::Checksums => 2,
            Member::Layout => 3,
            Member::Index => 4,
            Member::Blob(i) => HEAD.len() + i,
            Member::End => HEAD.len() + self.blobs.len(),
        };
        self.first.get(at).copied().unwrap_or_default() as usize
    }

    /// How many frames there are, without headers of volumes and the seek table.
    pub(crate) fn frame_count(&self) -> usize {
        self.first.last().copied().unwrap_or_default() as usize
    }

    /// The bytes of tar in frame `k` of a member.
    pub(crate) fn unpacked(&self, member: Member, k: u64) -> u32 {
        match (self.shape(member), member) {
            (Some(shape), _) => shape.unpacked(k),
            (None, Member::Slot) => slot::SIZE as u32,
            (None, _) => END_SIZE as u32,
        }
    }

    /// The stored size of frame `k` of a member where it follows from the size: all but compressed frames.
    pub(crate) fn stored(&self, member: Member, k: u64) -> Option<u64> {
        match (self.shape(member), member) {
            (Some(Shape { encoding: Encoding::Zstd, .. }), _) => None,
            (Some(shape), _) => Some(shape.raw_stored(k)),
            (None, Member::Slot) => Some(slot::stored_size()),
            (None, _) => Some(frame::raw_size(END_SIZE)),
        }
    }

    /// The most that frame `k` of a member takes.
    pub(crate) fn stored_at_most(&self, member: Member, k: u64) -> u64 {
        self.stored(member, k).unwrap_or_else(|| frame::raw_size(u64::from(self.unpacked(member, k))))
    }
}

/// The place of a blob in the document.
pub(crate) fn position(document: &Document, digest: &Digest) -> Option<usize> {
    let raw = document.blobs.partition_point(|blob| blob.encoding == Encoding::Raw);
    let (before, after) = document.blobs.split_at(raw);
    before
        .binary_search_by_key(digest, |blob| blob.digest)
        .or_else(|_| after.binary_search_by_key(digest, |blob| blob.digest).map(|at| raw + at))
        .ok()
}
