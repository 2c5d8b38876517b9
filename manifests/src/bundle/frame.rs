//! Zstandard frames: raw ones, whose size is known before their content is, and compressed ones.
//!
//! Source: RFC 8878, sections 3.1.1 (frames) and 3.1.1.2 (blocks).

use zstd::zstd_safe;

/// The content of a raw block: the most that Zstandard allows.
pub(crate) const BLOCK: u64 = 128 << 10;
/// The content of a blob that one raw frame holds. With a header and padding the frame stays below 4 MiB.
pub(crate) const RAW_CONTENT: u64 = 31 * BLOCK;
/// The piece of a member that one compressed frame holds.
pub(crate) const PIECE: u64 = 4 << 20;
/// Magic number, descriptor and a content size of four bytes.
pub(crate) const FRAME_HEADER: u64 = 9;
/// The header of a block.
pub(crate) const BLOCK_HEADER: u64 = 3;
/// The magic number of a frame, little-endian.
pub(crate) const MAGIC: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

/// Single segment, content size in four bytes, no checksum, no dictionary.
const DESCRIPTOR: u8 = 0b1010_0000;
const LEVEL: i32 = 3;

/// The header of a frame that holds `content` bytes.
pub(crate) fn header(content: u32) -> [u8; FRAME_HEADER as usize] {
    let mut header = [0; FRAME_HEADER as usize];
    header[..4].copy_from_slice(&MAGIC);
    header[4] = DESCRIPTOR;
    header[5..].copy_from_slice(&content.to_le_bytes());
    header
}

/// The header of a raw block.
pub(crate) fn block_header(size: u64, last: bool) -> [u8; BLOCK_HEADER as usize] {
    let [first, second, third, ..] = ((size << 3) | u64::from(last)).to_le_bytes();
    [first, second, third]
}

/// The size of a frame that stores `content` bytes in raw blocks, each but the last of 128 KiB.
pub(crate) fn raw_size(content: u64) -> u64 {
    FRAME_HEADER + content.div_ceil(BLOCK).max(1) * BLOCK_HEADER + content
}

/// Stores `content` in raw blocks.
pub(crate) fn raw(content: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(raw_size(content.len() as u64) as usize);
    frame.extend_from_slice(&header(content.len() as u32));
    if content.is_empty() {
        frame.extend_from_slice(&block_header(0, true));
    }
    let mut blocks = content.chunks(BLOCK as usize).peekable();
    while let Some(block) = blocks.next() {
        frame.extend_from_slice(&block_header(block.len() as u64, blocks.peek().is_none()));
        frame.extend_from_slice(block);
    }
    frame
}

/// Compresses one piece of a member; what does not shrink is stored in raw blocks. The same input gives the same
/// bytes: one thread, a fresh context, one level.
pub(crate) fn compress(piece: &[u8]) -> std::io::Result<Vec<u8>> {
    let packed = zstd::bulk::compress(piece, LEVEL)?;
    if (packed.len() as u64) < raw_size(piece.len() as u64) { Ok(packed) } else { Ok(raw(piece)) }
}

/// Cuts a member's bytes into pieces and compresses each; gives each frame with the size of its content.
pub(crate) fn compress_all(member: &[u8]) -> std::io::Result<Vec<(Vec<u8>, u32)>> {
    member.chunks(PIECE as usize).map(|piece| Ok((compress(piece)?, piece.len() as u32))).collect()
}

/// Unpacks `frame`, which must be exactly one frame of exactly `size` bytes of content.
///
/// A frame that claims or holds anything else fails without more than `size` bytes being written anywhere.
pub(crate) fn decompress(frame: &[u8], size: u32, into: &mut Vec<u8>) -> Result<(), String> {
    let reason = |code| zstd_safe::get_error_name(code).to_owned();
    if !frame.starts_with(&MAGIC) {
        return Err("no zstd frame stands here".to_owned());
    }
    let length = zstd_safe::find_frame_compressed_size(frame).map_err(reason)?;
    if length != frame.len() {
        return Err(format!("the frame has {length} bytes, but the seek table says {}", frame.len()));
    }
    into.clear();
    into.reserve_exact(size as usize);
    let written = zstd_safe::decompress(into, frame).map_err(reason)?;
    if written != size as usize {
        return Err(format!("the frame holds {written} bytes instead of {size}"));
    }
    Ok(())
}

/// The size of the frame at the start of `bytes`, if all of it is there.
pub(crate) fn length(bytes: &[u8]) -> Option<usize> {
    zstd_safe::find_frame_compressed_size(bytes).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn raw_and_compressed_frames_read_back() {
        for size in [0, 1, 511, BLOCK as usize, BLOCK as usize + 1, PIECE as usize] {
            let content: Vec<u8> = (0..size).map(|i| (i * 7 / 3) as u8).collect();
            let stored = raw(&content);
            assert_eq!(stored.len() as u64, raw_size(size as u64));
            for frame in [stored, compress(&content).unwrap()] {
                let mut back = Vec::new();
                decompress(&frame, size as u32, &mut back).unwrap();
                assert_eq!(back, content);
            }
        }
    }

    #[test]
    fn a_frame_that_holds_something_else_is_refused() {
        let frame = compress(&[7; 1000]).unwrap();
        let mut into = Vec::new();
        assert!(decompress(&frame, 999, &mut into).is_err());
        assert!(decompress(&frame, 1001, &mut into).is_err());
        assert!(decompress(&frame[..frame.len() - 1], 1000, &mut into).is_err());
        let twice = [frame.as_slice(), frame.as_slice()].concat();
        assert!(decompress(&twice, 2000, &mut into).is_err());
    }
}
