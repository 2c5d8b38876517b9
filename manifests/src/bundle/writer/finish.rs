//! The end of a build: what follows the blobs, then the final names.

use std::path::PathBuf;

use super::WriteError;
use super::close::close;
use super::state::{Progress, Shared};
use crate::bundle::layout::{END_SIZE, Member};
use crate::bundle::{frame, slot};
use crate::document::Encoding;

pub(super) fn finish(shared: &Shared, signatures: &[String]) -> Result<Vec<PathBuf>, WriteError> {
    check_complete(shared)?;
    let slot = slot::frame(signatures, shared.plan.document().created).map_err(WriteError::Signatures)?;
    let slot_place = shared.places.get(shared.plan.slot_frame()).copied().unwrap_or_default();
    shared.write_at(&slot, slot_place)?;
    let mut cursor = shared.state().tail.clone();
    let end = frame::raw(&[0; END_SIZE as usize]);
    let place = cursor.place(end.len() as u64);
    shared.output.ensure(cursor.starts())?;
    shared.write_at(&end, place)?;
    let frames = frames(shared);
    let count = close(&shared.output, cursor, frames.into_iter(), shared.plan.document_digest(), shared.volume_size)?;
    shared.journal().whole()?;
    let names = shared.output.rename(count)?;
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

/// The stored and unpacked size of every frame.
fn frames(shared: &Shared) -> Vec<(u32, u32)> {
    let outline = shared.plan.outline();
    let state = shared.state();
    let mut compressed = state.compressed.iter().copied();
    let mut head = shared.plan.head().iter();
    let mut frames = Vec::with_capacity(outline.frame_count());
    for member in outline.members() {
        for k in 0..outline.frames(member) {
            let stored = match member {
                Member::Blob(i) if shared.blob(i).is_some_and(|blob| blob.encoding == Encoding::Zstd) => {
                    compressed.next().unwrap_or_default()
                }
                Member::Blob(_) | Member::End => outline.stored(member, k).unwrap_or_default() as u32,
                _ => head.next().map(|(frame, _)| frame.len() as u32).unwrap_or_default(),
            };
            frames.push((stored, outline.unpacked(member, k)));
        }
    }
    frames
}
