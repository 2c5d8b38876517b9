//! Reading at a place: from an archive, or from one that is still being written.

use std::io;

use super::frame::{BLOCK, BLOCK_HEADER};
use super::layout::Shape;
use super::{frame, layout::RawBlock};

/// Reads at a place; offsets run through all volumes.
pub(crate) trait ReadAt {
    /// Fills `buffer`, all of which lies within one frame.
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;
}

/// The blocks of a raw blob that are read at once.
const RUN: u64 = 8;

/// Reads up to 1 MiB of a raw blob from byte `at`, a multiple of 128 KiB, into `buffer`, block headers and all; no
/// block that begins at `end` or behind it, for a blob that is not written any further.
/// `places` gives where each frame of the blob lies. [`blocks_of`] then yields the content.
pub(crate) fn read_run<R: ReadAt + ?Sized>(
    source: &R,
    shape: Shape,
    places: &[u64],
    at: u64,
    end: u64,
    buffer: &mut Vec<u8>,
) -> io::Result<Vec<RawBlock>> {
    let mut blocks: Vec<RawBlock> = Vec::with_capacity(RUN as usize);
    let mut next = at;
    while next < end.min(shape.size) && blocks.len() < RUN as usize {
        let block = shape.raw_block(next);
        if blocks.first().is_some_and(|first| first.frame != block.frame) {
            break;
        }
        blocks.push(block);
        next += block.size;
    }
    let (Some(first), Some(last)) = (blocks.first(), blocks.last()) else { return Ok(blocks) };
    let place = places.get(first.frame as usize).ok_or(io::ErrorKind::InvalidInput)?;
    buffer.resize((last.header + BLOCK_HEADER + last.size - first.header) as usize, 0);
    source.read_exact_at(buffer, place + first.header)?;
    Ok(blocks)
}

/// The content of the blocks that [`read_run`] read; each header has to be what a writer puts there.
pub(crate) fn content_of<'a>(block: &RawBlock, first: &RawBlock, buffer: &'a [u8]) -> io::Result<&'a [u8]> {
    let start = (block.header - first.header) as usize;
    let damaged = || io::Error::new(io::ErrorKind::InvalidData, "the header of a raw block is damaged");
    let bytes = buffer.get(start..).ok_or_else(damaged)?;
    let content = bytes.strip_prefix(&frame::block_header(block.size, block.last)).ok_or_else(damaged)?;
    content.get(..block.size as usize).ok_or_else(damaged)
}

/// Feeds bytes `0..end` of a raw blob to `sink`; `end` is a multiple of 128 KiB or the blob's size.
pub(crate) fn feed_raw<R: ReadAt + ?Sized, E: From<io::Error>>(
    source: &R,
    shape: Shape,
    places: &[u64],
    end: u64,
    mut sink: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let mut buffer = Vec::new();
    let mut at = 0;
    while at < end {
        let blocks = read_run(source, shape, places, at, end, &mut buffer)?;
        let Some(first) = blocks.first() else { break };
        for block in &blocks {
            if at >= end {
                break;
            }
            sink(content_of(block, first, &buffer)?)?;
            at += block.size;
        }
    }
    debug_assert!(end.is_multiple_of(BLOCK) || end == shape.size);
    Ok(())
}
