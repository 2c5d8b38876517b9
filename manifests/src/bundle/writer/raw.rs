//! Writing a raw blob: its bytes, as they come, between the headers of frames and blocks.

use super::WriteError;
use super::state::Shared;
use crate::bundle::frame::{self, BLOCK};
use crate::bundle::layout::Shape;
use crate::bundle::member::{self, Header, TAR_BLOCK};

/// Bytes are written when at least so many have come together.
const WRITE: usize = 256 << 10;

/// Frames a raw blob's bytes and writes them to their places.
#[derive(Debug)]
pub(super) struct RawEncoder {
    index: usize,
    shape: Shape,
    header: Header,
    /// How many bytes of content went through.
    position: u64,
    /// How many of them are on their way to the disk for sure.
    written: u64,
    buffer: Vec<u8>,
    /// Where the buffer's first byte goes.
    place: u64,
}

impl RawEncoder {
    /// Goes on at byte `position`: the start of a block, or the end.
    pub(super) fn new(index: usize, shape: Shape, header: Header, position: u64) -> Self {
        Self { index, shape, header, position, written: position, buffer: Vec::new(), place: 0 }
    }

    /// Takes bytes, of which there are not more than the blob has.
    pub(super) fn write(&mut self, shared: &Shared, mut bytes: &[u8]) -> Result<(), WriteError> {
        while !bytes.is_empty() {
            let into_block = self.position % BLOCK;
            if into_block == 0 {
                self.start_block(shared)?;
            }
            let room = (BLOCK - into_block).min(bytes.len() as u64) as usize;
            let (now, later) = bytes.split_at(room);
            self.buffer.extend_from_slice(now);
            self.position += room as u64;
            bytes = later;
            if self.position.is_multiple_of(BLOCK) && self.buffer.len() >= WRITE {
                self.flush(shared)?;
            }
        }
        Ok(())
    }

    /// What follows the last byte.
    pub(super) fn end(&mut self, shared: &Shared) -> Result<(), WriteError> {
        if self.shape.size == 0 {
            self.start_frame(shared, 0)?;
        }
        let padding = member::padding(self.shape.size);
        if padding > 0 {
            self.buffer.extend_from_slice(&frame::block_header(padding, true));
            self.buffer.resize(self.buffer.len() + padding as usize, 0);
        }
        self.flush(shared)
    }

    /// How many bytes, in whole blocks, are written.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    fn start_block(&mut self, shared: &Shared) -> Result<(), WriteError> {
        let block = self.shape.raw_block(self.position);
        if self.position.is_multiple_of(frame::RAW_CONTENT) {
            self.start_frame(shared, block.frame)?;
        } else if self.buffer.is_empty() {
            self.place = self.frame_place(shared, block.frame) + block.header;
        }
        self.buffer.extend_from_slice(&frame::block_header(block.size, block.last));
        Ok(())
    }

    /// Frames may be far apart, in different volumes: nothing of the one before stays in the buffer.
    fn start_frame(&mut self, shared: &Shared, k: u64) -> Result<(), WriteError> {
        self.flush(shared)?;
        self.place = self.frame_place(shared, k);
        self.buffer.extend_from_slice(&frame::header(self.shape.unpacked(k)));
        if k == 0 {
            self.buffer.extend_from_slice(&frame::block_header(TAR_BLOCK, self.shape.size == 0));
            self.buffer.extend_from_slice(&self.header);
        }
        Ok(())
    }

    fn frame_place(&self, shared: &Shared, k: u64) -> u64 {
        shared.places_of(self.index).get(k as usize).copied().unwrap_or_default()
    }

    fn flush(&mut self, shared: &Shared) -> Result<(), WriteError> {
        if !self.buffer.is_empty() {
            shared.write_at(&self.buffer, self.place)?;
            self.buffer.clear();
        }
        self.written = self.position;
        Ok(())
    }
}
