//! What closes an archive: the seek table, the headers of volumes, exact sizes, everything on the disk.

use super::WriteError;
use super::output::Output;
use crate::Digest;
use crate::bundle::cursor::Cursor;
use crate::bundle::seek_table;
use crate::bundle::volume::{HEADER_SIZE, VolumeHeader};

/// Writes what follows the last frame. `frames` are the stored and unpacked sizes of all frames, which `cursor` has
/// placed. Returns how many files there are.
pub(crate) fn close(
    output: &Output,
    mut cursor: Cursor,
    frames: impl Iterator<Item = (u32, u32)>,
    document: Digest,
    volume_size: Option<u64>,
) -> Result<usize, WriteError> {
    let mut entries = with_headers(frames, &cursor);
    let mut table = seek_table::size(entries.len() as u64);
    let place = if cursor.fits(table) {
        cursor.place(table)
    } else {
        // The table lists the header of its own volume, too.
        entries.push((HEADER_SIZE as u32, 0));
        table = seek_table::size(entries.len() as u64);
        cursor.place_in_new_volume(table)
    };
    output.ensure(cursor.starts())?;
    output.write_at(&seek_table::encode(&entries), place)?;
    let sizes = cursor.sizes();
    if let Some(split) = volume_size {
        let count = sizes.len() as u32;
        for ((number, start), size) in (1..).zip(cursor.starts()).zip(&sizes) {
            let header = VolumeHeader { set: document, number, count, split, start: *start, size: *size };
            output.write_at(&header.encode(), *start)?;
        }
    }
    output.seal(&sizes)?;
    Ok(sizes.len())
}

/// All frames, with the headers of volumes between them.
fn with_headers(frames: impl Iterator<Item = (u32, u32)>, cursor: &Cursor) -> Vec<(u32, u32)> {
    let mut starts = cursor.starts().iter().copied().filter(|_| cursor.in_volumes()).peekable();
    let mut entries = Vec::new();
    let mut next = 0_u64;
    for frame in frames {
        if starts.next_if_eq(&next).is_some() {
            entries.push((HEADER_SIZE as u32, 0));
            next += HEADER_SIZE;
        }
        entries.push(frame);
        next += u64::from(frame.0);
    }
    entries
}
