//! An archive whose frames have known places.

use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::storage::Storage;
use super::{OpenError, Segment};
use crate::bundle::frame::{self, BLOCK, BLOCK_HEADER};
use crate::bundle::layout::{Member, Outline, Shape};
use crate::bundle::read_at::ReadAt;
use crate::bundle::seek_table::{self, Places};
use crate::document::Document;

/// An archive whose frames have known places.
#[derive(Debug)]
pub(crate) struct Archive {
    pub(crate) storage: Arc<Storage>,
    pub(crate) outline: Outline,
    places: Places,
}

impl Archive {
    /// Reads the seek table of the archive of `document`, which is vouched for.
    pub(crate) fn load(storage: &Arc<Storage>, document: &Document, document_size: u64) -> Result<Self, OpenError> {
        let outline = Outline::new(document, document_size);
        let size = storage.size();
        let path = storage.path(size);
        let damaged = |problem: &str| OpenError::Damaged { path: path.clone(), problem: problem.to_owned() };
        let table = read_table(storage, &outline, &path, damaged)?;
        let places = seek_table::places(&table, size, &outline).map_err(|problem| damaged(&problem))?;
        Ok(Self { storage: Arc::clone(storage), outline, places })
    }

    /// Where the frames of a member lie.
    pub(crate) fn places_of(&self, member: Member) -> &[u64] {
        let first = self.outline.first_frame(member);
        self.places.frames.get(first..first + self.outline.frames(member) as usize).unwrap_or_default()
    }

    /// Where frame `k` of a member is stored.
    pub(crate) fn stored(&self, member: Member, k: u64) -> Option<Range<u64>> {
        let frame = self.outline.first_frame(member) + k as usize;
        let place = *self.places.frames.get(frame)?;
        let next = self.places.frames.get(frame + 1).copied().unwrap_or(self.places.table);
        // The header of a volume may lie between this frame and the next.
        let header = self.places.headers.partition_point(|header| *header <= place);
        let header = self.places.headers.get(header).copied().unwrap_or(next);
        Some(place..next.min(header))
    }

    /// Unpacks frame `k` of a member.
    pub(crate) fn unpack(&self, member: Member, k: u64, into: &mut Vec<u8>) -> io::Result<()> {
        let invalid = |problem: String| io::Error::new(io::ErrorKind::InvalidData, problem);
        let Range { start, end } =
            self.stored(member, k).ok_or_else(|| invalid("there is no such frame".to_owned()))?;
        let mut stored = vec![0; (end - start) as usize];
        self.storage.read_exact_at(&mut stored, start)?;
        frame::decompress(&stored, self.outline.unpacked(member, k), into).map_err(invalid)
    }

    /// All of a member that stands outside of `blobs/`: header, content and padding.
    pub(crate) fn small_member(&self, member: Member) -> io::Result<Vec<u8>> {
        let mut whole = Vec::new();
        let mut piece = Vec::new();
        for k in 0..self.outline.frames(member) {
            self.unpack(member, k, &mut piece)?;
            whole.extend_from_slice(&piece);
        }
        Ok(whole)
    }

    /// The bytes of the archive that a member takes.
    pub(crate) fn stored_size(&self, member: Member) -> u64 {
        let frames = (0..self.outline.frames(member)).filter_map(|k| self.stored(member, k));
        frames.map(|stored| stored.end - stored.start).sum()
    }

    /// Where everything lies.
    pub(crate) fn places(&self) -> &Places {
        &self.places
    }

    /// Where a range of a raw blob lies.
    pub(crate) fn segments(&self, member: Member, shape: Shape, range: Range<u64>) -> Option<Vec<Segment>> {
        let places = self.places_of(member);
        let end = range.end.min(shape.size);
        let mut next = range.start.min(end);
        let mut segments = Vec::with_capacity(((end - next) / BLOCK + 2) as usize);
        while next < end {
            let at = next / BLOCK * BLOCK;
            let block = shape.raw_block(at);
            let place = places.get(block.frame as usize)? + block.header + BLOCK_HEADER;
            let part = self.storage.part(place)?;
            let length = (at + block.size).min(end) - next;
            segments.push(Segment { file: Arc::clone(&part.file), offset: place - part.start + (next - at), length });
            next += length;
        }
        Some(segments)
    }
}

fn read_table(
    storage: &Storage,
    outline: &Outline,
    path: &Path,
    damaged: impl Fn(&str) -> OpenError,
) -> Result<Vec<u8>, OpenError> {
    let size = storage.size();
    let cut_off = || damaged("its end is missing: there is no seek table");
    let mut footer = [0; seek_table::FOOTER as usize];
    let place = size.checked_sub(seek_table::FOOTER).ok_or_else(cut_off)?;
    storage.read_exact_at(&mut footer, place).map_err(OpenError::io("read", path))?;
    let frames = u64::from(seek_table::decode_footer(&footer).ok_or_else(cut_off)?);
    if frames > seek_table::at_most(outline) {
        return Err(damaged("the seek table names more frames than bundle.json knows of"));
    }
    let length = seek_table::size(frames);
    let mut table = vec![0; length as usize];
    let place = size.checked_sub(length).ok_or_else(cut_off)?;
    storage.read_exact_at(&mut table, place).map_err(OpenError::io("read", path))?;
    Ok(table)
}
