//! A build of something else was killed at the same place: what it wrote is not thrown away, but looked through for
//! blobs that this build needs, too.
//!
//! Its files are set aside as `<path>.old.partial` with their journal, are taken over when the new build starts, and then
//! removed.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::journal::{self, Journal, lock};
use super::output::Output;
use super::state::{Progress, Shared};
use super::{BlobSink, Plan, WriteError, with_ending};
use crate::Digest;
use crate::bundle::cursor::Cursor;
use crate::bundle::layout::{self, Member};
use crate::bundle::limits;
use crate::bundle::reader::head;
use crate::bundle::reader::storage::{Part, Storage};
use crate::document::{Blob, Encoding};

/// Sets the files of an older build of something else aside.
pub(super) fn set_aside(target: &Path, journal: &Journal) -> Result<(), WriteError> {
    let Some(older) = journal::peek(target) else { return Ok(()) };
    let aside = with_ending(target, ".old");
    let in_volumes = older.volume_size.is_some();
    let (from, to) = (Output::new(target, in_volumes), Output::new(&aside, in_volumes));
    if !from.partial(0).exists() {
        return Ok(());
    }
    to.clear()?;
    for i in 0..limits::VOLUMES {
        let (from, to) = (from.partial(i), to.partial(i));
        if !from.exists() {
            break;
        }
        fs::rename(&from, &to).map_err(WriteError::io("rename", &from))?;
    }
    journal.copy_to(&aside)
}

/// Takes over what was set aside, and removes it. What can't be taken over is fetched again.
pub(super) fn take_over(target: &Path, shared: &Arc<Shared>) -> Result<(), WriteError> {
    let aside = with_ending(target, ".old");
    let Some(older) = journal::peek(&aside) else { return Ok(()) };
    if let Some(older) = open(&aside, &older) {
        copy(&older, shared);
    }
    Output::new(&aside, older.volume_size.is_some()).clear()?;
    lock(&aside)?.remove()
}

/// The older build, as if it went on.
fn open(aside: &Path, older: &journal::Head) -> Option<Shared> {
    let output = Output::new(aside, older.volume_size.is_some());
    let storage = Storage::new(vec![Part::open(&output.partial(0)).ok()?]);
    let plan = Plan::again(&head::read(&storage).ok()?.document).ok()?;
    let same = plan.document_digest() == older.document;
    same.then(|| Shared::open(aside, &plan, older.volume_size).ok()).flatten()
}

fn copy(older: &Shared, shared: &Arc<Shared>) {
    let places = compressed_places(older);
    for blob in shared.pending(Encoding::Raw) {
        let Some((index, blob)) = done(older, &blob.digest) else { continue };
        let taken = copy_blob(older, index, &blob, &places, shared);
        if matches!(taken, Err(error) if error.kind() == io::ErrorKind::StorageFull) {
            return;
        }
    }
    // Compressed blobs are written in order: at the first that has to be fetched it ends.
    for blob in shared.pending(Encoding::Zstd) {
        let Some((index, blob)) = done(older, &blob.digest) else { return };
        if copy_blob(older, index, &blob, &places, shared).is_err() {
            return;
        }
    }
}

fn done(older: &Shared, digest: &Digest) -> Option<(usize, Blob)> {
    let index = layout::position(older.plan.document(), digest)?;
    let whole = older.state().progress.get(index) == Some(&Progress::Done);
    whole.then(|| Some((index, older.blob(index)?))).flatten()
}

/// The places of the frames of all compressed blobs that the older build wrote, with their stored sizes.
fn compressed_places(older: &Shared) -> Vec<(u64, u32)> {
    let state = older.state();
    let outline = older.plan.outline();
    let mut cursor = Cursor::new(older.volume_size);
    for (frame, _) in older.plan.head() {
        cursor.place(frame.len() as u64);
    }
    for (i, _) in older.plan.document().blobs.iter().enumerate().filter(|(_, blob)| blob.encoding == Encoding::Raw) {
        for k in 0..outline.frames(Member::Blob(i)) {
            cursor.place(outline.stored(Member::Blob(i), k).unwrap_or_default());
        }
    }
    state.compressed.iter().map(|size| (cursor.place(u64::from(*size)), *size)).collect()
}

fn copy_blob(older: &Shared, index: usize, blob: &Blob, places: &[(u64, u32)], shared: &Arc<Shared>) -> io::Result<()> {
    let mut sink = BlobSink::open(shared, &blob.digest)?;
    sink.restart()?;
    let feed = |bytes: &[u8]| Ok(sink.take(bytes)?);
    match blob.encoding {
        Encoding::Raw => older.feed_raw(index, blob, feed)?,
        Encoding::Zstd => {
            let outline = older.plan.outline();
            let raw = older.plan.document().blobs.partition_point(|blob| blob.encoding == Encoding::Raw);
            let first = outline.first_frame(Member::Blob(index)) - outline.first_frame(Member::Blob(raw));
            let count = outline.frames(Member::Blob(index)) as usize;
            older.feed_compressed(blob, places.get(first..first + count).unwrap_or_default(), feed)?;
        }
    }
    Ok(sink.finish()?)
}
