//! What all sinks of a writer share.

use std::path::Path;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::journal::Journal;
use super::output::{Output, free_space};
use super::{Plan, WriteError};
use crate::Digest;
use crate::bundle::cursor::Cursor;
use crate::bundle::layout::{self, Member};
use crate::document::{Blob, Encoding};

/// What all sinks of a writer share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(super) plan: Plan,
    pub(super) output: Output,
    pub(super) volume_size: Option<u64>,
    /// Where the frames of the head and of the raw blobs lie.
    pub(super) places: Vec<u64>,
    pub(super) journal: Mutex<Journal>,
    pub(super) state: Mutex<State>,
    /// Somebody may be waiting for a turn to write a compressed blob.
    turn: Condvar,
}

#[derive(Debug)]
pub(super) struct State {
    /// Of each blob, in the order of the document.
    pub(super) progress: Vec<Progress>,
    /// Where the next compressed frame goes.
    pub(super) tail: Cursor,
    /// The stored sizes of the frames of all compressed blobs in place.
    pub(super) compressed: Vec<u32>,
    /// The next compressed blob.
    pub(super) next: usize,
    pub(super) cancelled: bool,
}

/// How far a blob is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// So many bytes are in place from an earlier build.
    Pending(u64),
    /// Somebody writes it.
    Busy,
    /// It is in place.
    Done,
}

impl Shared {
    pub(super) fn new(
        plan: &Plan,
        volume_size: Option<u64>,
        output: Output,
        journal: Journal,
    ) -> Result<Self, WriteError> {
        let mut tail = Cursor::new(volume_size);
        let mut places: Vec<u64> = plan.head().iter().map(|(frame, _)| tail.place(frame.len() as u64)).collect();
        for (i, blob) in plan.document().blobs.iter().enumerate().filter(|(_, blob)| blob.encoding == Encoding::Raw) {
            let member = Member::Blob(i);
            let Some(shape) = plan.outline().shape(member) else { return Err(WriteError::Unknown(blob.digest)) };
            places.extend((0..shape.frames()).map(|k| tail.place(shape.raw_stored(k))));
        }
        output.ensure(tail.starts())?;
        let blobs = &plan.document().blobs;
        let state = State {
            progress: vec![Progress::Pending(0); blobs.len()],
            tail,
            compressed: Vec::new(),
            next: blobs.partition_point(|blob| blob.encoding == Encoding::Raw),
            cancelled: false,
        };
        Ok(Self {
            plan: plan.clone(),
            output,
            volume_size,
            places,
            journal: Mutex::new(journal),
            state: Mutex::new(state),
            turn: Condvar::new(),
        })
    }

    pub(super) fn plan(&self) -> &Plan {
        &self.plan
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn blob(&self, index: usize) -> Option<Blob> {
        self.plan.document().blobs.get(index).copied()
    }

    /// Where the frames of a raw blob lie.
    pub(super) fn places_of(&self, index: usize) -> &[u64] {
        let outline = self.plan.outline();
        let first = outline.first_frame(Member::Blob(index));
        let count = outline.frames(Member::Blob(index)) as usize;
        self.places.get(first..first + count).unwrap_or_default()
    }

    /// Writes bytes of one frame. On a full disk the error tells how much is missing.
    pub(super) fn write_at(&self, bytes: &[u8], offset: u64) -> Result<(), WriteError> {
        self.output.write_at(bytes, offset).map_err(|error| match error {
            WriteError::NoSpace { path, free, .. } => WriteError::NoSpace { path, free, needed: self.needed() },
            other => other,
        })
    }

    /// About how many bytes are still to be written.
    fn needed(&self) -> u64 {
        let state = self.state();
        let blobs = self.plan.document().blobs.iter().zip(&state.progress);
        let pending = blobs.filter(|(_, progress)| **progress != Progress::Done);
        pending.map(|(blob, _)| blob.size).sum()
    }

    /// Fails when what is certain to be written is more than what is free.
    pub(super) fn check_space(&self, target: &Path) -> Result<(), WriteError> {
        let free = free_space(target).map_err(WriteError::io("write beside", target))?;
        let needed = self.plan.least_size().saturating_sub(self.output.allocated());
        if needed <= free {
            return Ok(());
        }
        Err(WriteError::NoSpace { path: target.to_owned(), needed, free })
    }

    pub(super) fn pending(&self, encoding: Encoding) -> Vec<Blob> {
        let state = self.state();
        let blobs = self.plan.document().blobs.iter().zip(&state.progress);
        blobs
            .filter(|(blob, progress)| blob.encoding == encoding && **progress != Progress::Done)
            .map(|(blob, _)| *blob)
            .collect()
    }

    /// Claims a blob for one sink; gives its place and how many bytes are there already. Waits for the turn of a
    /// compressed one.
    pub(super) fn claim(&self, digest: &Digest) -> Result<(usize, Blob, u64), WriteError> {
        let unknown = || WriteError::Unknown(*digest);
        let index = layout::position(self.plan.document(), digest).ok_or_else(unknown)?;
        let blob = self.blob(index).ok_or_else(unknown)?;
        let mut state = self.state();
        loop {
            let cancelled = state.cancelled;
            let early = blob.encoding == Encoding::Zstd && state.next != index;
            let progress = state.progress.get_mut(index).ok_or_else(unknown)?;
            match *progress {
                Progress::Done | Progress::Busy => return Err(WriteError::Taken(*digest)),
                Progress::Pending(there) if !early => {
                    *progress = Progress::Busy;
                    return Ok((index, blob, there));
                }
                Progress::Pending(_) if cancelled => return Err(WriteError::Cancelled),
                Progress::Pending(_) => state = self.turn.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    /// Ends a claim.
    pub(super) fn release(&self, index: usize, progress: Progress) {
        if let Some(slot) = self.state().progress.get_mut(index) {
            *slot = progress;
        }
        self.turn.notify_all();
    }

    pub(super) fn cancel(&self) {
        self.state().cancelled = true;
        self.turn.notify_all();
    }
}
