//! The end of a build: what follows the blobs, then the final names.

use std::path::PathBuf;

use super::WriteError;
use super::state::{Progress, Shared};
use crate::bundle::cursor::Cursor;
use crate::bundle::layout::{END_SIZE, Member};
use crate::bundle::volume::{HEADER_SIZE, VolumeHeader};
use crate::bundle::{frame, seek_table, slot};
use crate::document::Encoding;

pub(super) fn finish(shared: &Shared, signatures: &[String]) -> Result<Vec<PathBuf>, WriteError> {
    check_complete(shared)?;
    let slot = slot::frame(signatures, shared.plan.document().created).map_err(WriteError::Signatures)?;
    let slot_place = shared.places.get(shared.plan.slot_frame()).copied().unwrap_or_default();
    shared.write_at(&slot, slot_place)?;
    let cursor = write_tail(shared)?;
    let sizes = volume_sizes(&cursor);
    write_volume_headers(shared, &cursor, &sizes)?;
    shared.output.seal(&sizes)?;
    shared.journal().whole()?;
    let names = shared.output.rename(sizes.len())?;
    shared.journal().remove()?;
    Ok(names)
}

fn check_complete(shared: &Shared) -> Result<(), WriteError> {
    let state = shared.state();
    let blobs = shared.plan.document().blobs.iter().zip(&state.progress);
    let mut missing = blobs.filter(|(_, progress)| **progress != Progress::Done).map(|(blob, _)| blob.digest);
    match missing.next() {
        Some(first) => Err(WriteError::Incomplete { missing: missing.count() + 1, first }),
        None => Ok(()),
    }
}

/// The end of the tar and the seek table.
fn write_tail(shared: &Shared) -> Result<Cursor, WriteError> {
    let mut cursor = shared.state().tail.clone();
    let end = frame::raw(&[0; END_SIZE as usize]);
    let place = cursor.place(end.len() as u64);
    shared.output.ensure(cursor.starts())?;
    shared.write_at(&end, place)?;
    // The table lists the header of its own volume, too, and whether it gets one depends on the table's size.
    let mut entries = entries(shared, &cursor);
    let mut after = cursor.clone();
    let volumes = after.starts().len();
    let place = after.place(seek_table::size(entries.len() as u64));
    let after = if after.starts().len() == volumes {
        after
    } else {
        entries.push((HEADER_SIZE as u32, 0));
        cursor.place_in_new_volume(seek_table::size(entries.len() as u64));
        cursor
    };
    shared.output.ensure(after.starts())?;
    shared.write_at(&seek_table::encode(&entries), place)?;
    Ok(after)
}

/// The stored and unpacked size of every frame, headers of volumes between them.
fn entries(shared: &Shared, cursor: &Cursor) -> Vec<(u32, u32)> {
    let outline = shared.plan.outline();
    let state = shared.state();
    let mut compressed = state.compressed.iter().copied();
    let mut head = shared.plan.head().iter();
    let mut starts = cursor.starts().iter().copied().filter(|_| cursor.in_volumes()).peekable();
    let mut entries = Vec::with_capacity(outline.frame_count() + cursor.starts().len());
    let mut next = 0_u64;
    for member in outline.members() {
        for k in 0..outline.frames(member) {
            let stored = match member {
                Member::Blob(i) if shared.blob(i).is_some_and(|blob| blob.encoding == Encoding::Zstd) => {
                    compressed.next().unwrap_or_default()
                }
                Member::Blob(_) | Member::End => outline.stored(member, k).unwrap_or_default() as u32,
                _ => head.next().map(|(frame, _)| frame.len() as u32).unwrap_or_default(),
            };
            if starts.next_if_eq(&next).is_some() {
                entries.push((HEADER_SIZE as u32, 0));
                next += HEADER_SIZE;
            }
            entries.push((stored, outline.unpacked(member, k)));
            next += u64::from(stored);
        }
    }
    entries
}

fn volume_sizes(cursor: &Cursor) -> Vec<u64> {
    let ends = cursor.starts().iter().copied().skip(1).chain([cursor.end()]);
    cursor.starts().iter().zip(ends).map(|(start, end)| end - start).collect()
}

fn write_volume_headers(shared: &Shared, cursor: &Cursor, sizes: &[u64]) -> Result<(), WriteError> {
    let Some(split) = shared.volume_size else { return Ok(()) };
    for (i, (start, size)) in cursor.starts().iter().zip(sizes).enumerate() {
        let header = VolumeHeader {
            set: shared.plan.document_digest(),
            number: i as u32 + 1,
            count: sizes.len() as u32,
            split,
            start: *start,
            size: *size,
        };
        shared.write_at(&header.encode(), *start)?;
    }
    Ok(())
}
