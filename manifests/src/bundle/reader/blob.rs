//! Reading blobs.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;

use super::archive::Archive;
use crate::bundle::frame::{BLOCK, PIECE};
use crate::bundle::layout::{Member, Shape};
use crate::bundle::member::TAR_BLOCK;
use crate::bundle::read_at::{content_of, read_run};
use crate::digest::VerifyingReader;
use crate::document::{Blob, Encoding};

/// Reads a blob, or a part of one. `Send`; holds up to a few MiB.
#[derive(Debug)]
pub struct BlobReader(Kind);

#[derive(Debug)]
enum Kind {
    Checked(VerifyingReader<Content>),
    Part(Content),
}

impl BlobReader {
    pub(crate) fn checked(archive: &Arc<Archive>, index: usize, blob: &Blob) -> Self {
        let content = Content::new(archive, index, blob, 0..blob.size);
        Self(Kind::Checked(VerifyingReader::new(content, blob.digest, blob.size)))
    }

    pub(crate) fn part(archive: &Arc<Archive>, index: usize, blob: &Blob, range: Range<u64>) -> Self {
        Self(Kind::Part(Content::new(archive, index, blob, range)))
    }
}

impl Read for BlobReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Kind::Checked(reader) => reader.read(buffer),
            Kind::Part(reader) => reader.read(buffer),
        }
    }
}

/// The bytes of a part of a blob.
struct Content {
    archive: Arc<Archive>,
    member: Member,
    shape: Shape,
    /// The next byte, and where to stop.
    next: u64,
    end: u64,
    buffer: Vec<u8>,
    /// What of the buffer is still to be read.
    ready: VecDeque<Range<usize>>,
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content").field("next", &self.next).field("end", &self.end).finish_non_exhaustive()
    }
}

impl Content {
    fn new(archive: &Arc<Archive>, index: usize, blob: &Blob, range: Range<u64>) -> Self {
        let end = range.end.min(blob.size);
        Self {
            archive: Arc::clone(archive),
            member: Member::Blob(index),
            shape: Shape { size: blob.size, encoding: blob.encoding },
            next: range.start.min(end),
            end,
            buffer: Vec::new(),
            ready: VecDeque::new(),
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        match self.shape.encoding {
            Encoding::Raw => self.fill_raw(),
            Encoding::Zstd => self.fill_compressed(),
        }
    }

    fn fill_raw(&mut self) -> io::Result<()> {
        let mut at = self.next / BLOCK * BLOCK;
        let places = self.archive.places_of(self.member);
        let blocks = read_run(&*self.archive.storage, self.shape, places, at, self.shape.size, &mut self.buffer)?;
        let Some(first) = blocks.first().copied() else { return Ok(()) };
        for block in blocks {
            let content = content_of(&block, &first, &self.buffer)?;
            let from = self.next.saturating_sub(at).min(block.size);
            let to = self.end.saturating_sub(at).min(block.size);
            let start = self.offset_in_buffer(content);
            at += block.size;
            if from < to {
                self.ready.push_back(start + from as usize..start + to as usize);
                self.next += to - from;
            }
        }
        Ok(())
    }

    fn offset_in_buffer(&self, content: &[u8]) -> usize {
        content.as_ptr().addr() - self.buffer.as_ptr().addr()
    }

    fn fill_compressed(&mut self) -> io::Result<()> {
        let in_tar = TAR_BLOCK + self.next;
        let k = in_tar / PIECE;
        self.archive.unpack(self.member, k, &mut self.buffer)?;
        let start = (in_tar % PIECE) as usize;
        let count = (self.end - self.next).min((self.buffer.len() - start.min(self.buffer.len())) as u64);
        self.ready.push_back(start..start + count as usize);
        self.next += count;
        Ok(())
    }
}

impl Read for Content {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if into.is_empty() {
            return Ok(0);
        }
        while self.ready.front().is_none_or(Range::is_empty) {
            self.ready.pop_front();
            if self.ready.is_empty() {
                if self.next >= self.end {
                    return Ok(0);
                }
                self.fill()?;
            }
        }
        let Some(range) = self.ready.front_mut() else { return Ok(0) };
        let count = range.len().min(into.len());
        let bytes = self.buffer.get(range.start..range.start + count).unwrap_or_default();
        into.get_mut(..count).unwrap_or_default().copy_from_slice(bytes);
        range.start += count;
        Ok(count)
    }
}
