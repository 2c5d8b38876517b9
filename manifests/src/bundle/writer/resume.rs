//! Starting a build, or going on with one that was killed.

use std::fs;
use std::io;
use std::path::Path;

use super::journal::{Head, Journal, Told};
use super::output::Output;
use super::salvage;
use super::state::{Progress, Shared};
use super::{Plan, WriteError};
use crate::bundle::layout::{self, Shape};
use crate::bundle::member::TAR_BLOCK;
use crate::bundle::read_at::{ReadAt, feed_raw};
use crate::bundle::volume::VolumeHeader;
use crate::bundle::{frame, limits};
use crate::digest::Verifier;
use crate::document::{Blob, Encoding};

impl Shared {
    /// Opens the files of a build, new or old.
    pub(super) fn open(path: &Path, plan: &Plan, volume_size: Option<u64>) -> Result<Self, WriteError> {
        let least = plan.least_volume();
        if let Some(size) = volume_size.filter(|size| *size < least) {
            return Err(WriteError::VolumeTooSmall { size, least });
        }
        let head = Head { journal: 1, document: plan.document_digest(), volume_size };
        let (mut journal, told) = Journal::open(path, &head)?;
        let output = Output::new(path, volume_size.is_some());
        if told.as_ref().is_some_and(|told| told.whole) && volume_size.is_some() {
            take_names_back(&output, plan)?;
        }
        let told = told.filter(|_| output.partial(0).exists());
        if told.is_none() {
            salvage::set_aside(path, &journal)?;
            journal.clear()?;
            output.clear()?;
        }
        let shared = Self::new(plan, volume_size, output, journal)?;
        shared.check_space(path)?;
        shared.write_head()?;
        if told.is_none() {
            shared.journal().begin(&head)?;
        }
        shared.journal().booted()?;
        if let Some(told) = told {
            shared.resume(&told)?;
        }
        Ok(shared)
    }

    /// Everything before the first blob; volumes' headers follow at the end, when their number is known.
    fn write_head(&self) -> Result<(), WriteError> {
        if let Some(split) = self.volume_size {
            let set = self.plan.document_digest();
            let unfinished = VolumeHeader { set, number: 1, count: 0, split, start: 0, size: 0 };
            self.write_at(&unfinished.encode(), 0)?;
        }
        for ((frame, _), place) in self.plan.head().iter().zip(&self.places) {
            self.write_at(frame, *place)?;
        }
        Ok(())
    }

    fn resume(&self, told: &Told) -> Result<(), WriteError> {
        for (digest, same_boot) in &told.raw {
            let Some(index) = layout::position(self.plan.document(), digest) else { continue };
            let Some(blob) = self.blob(index) else { continue };
            if *same_boot || self.raw_is_whole(index, &blob) {
                self.release(index, Progress::Done);
                if !same_boot {
                    self.journal().raw(*digest)?;
                }
            }
        }
        for (digest, size) in &told.marks {
            let Some(index) = layout::position(self.plan.document(), digest) else { continue };
            let mut state = self.state();
            if let Some(progress) = state.progress.get_mut(index).filter(|progress| **progress != Progress::Done) {
                *progress = Progress::Pending(*size);
            }
        }
        self.resume_compressed(told)
    }

    fn resume_compressed(&self, told: &Told) -> Result<(), WriteError> {
        for (digest, frames, same_boot) in &told.compressed {
            let (index, mut tail) = {
                let state = self.state();
                (state.next, state.tail.clone())
            };
            let Some(blob) = self.blob(index).filter(|blob| blob.digest == *digest) else { continue };
            let shape = Shape { size: blob.size, encoding: Encoding::Zstd };
            let places: Vec<(u64, u32)> = frames.iter().map(|size| (tail.place(u64::from(*size)), *size)).collect();
            self.output.ensure(tail.starts())?;
            if shape.frames() != frames.len() as u64 || !(*same_boot || self.compressed_is_whole(&blob, &places)) {
                return Ok(());
            }
            if !same_boot {
                self.journal().compressed(*digest, frames)?;
            }
            let mut state = self.state();
            state.tail = tail;
            state.compressed.extend(frames);
            state.next += 1;
            drop(state);
            self.release(index, Progress::Done);
        }
        Ok(())
    }

    fn raw_is_whole(&self, index: usize, blob: &Blob) -> bool {
        let mut verifier = Verifier::new(blob.digest, blob.size);
        let feed = |bytes: &[u8]| verifier.update(bytes).map_err(io::Error::other);
        self.feed_raw(index, blob, feed).is_ok() && verifier.finish().is_ok()
    }

    fn compressed_is_whole(&self, blob: &Blob, places: &[(u64, u32)]) -> bool {
        let mut verifier = Verifier::new(blob.digest, blob.size);
        let feed = |bytes: &[u8]| verifier.update(bytes).map_err(io::Error::other);
        self.feed_compressed(blob, places, feed).is_ok() && verifier.finish().is_ok()
    }

    /// Feeds the content of a raw blob that was written to `sink`.
    pub(super) fn feed_raw(
        &self,
        index: usize,
        blob: &Blob,
        sink: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let shape = Shape { size: blob.size, encoding: Encoding::Raw };
        feed_raw(&self.output, shape, self.places_of(index), blob.size, sink)
    }

    /// Feeds the content of a compressed blob that was written to `sink`; `places` are those of its frames, with their
    /// stored sizes.
    pub(super) fn feed_compressed(
        &self,
        blob: &Blob,
        places: &[(u64, u32)],
        mut sink: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let shape = Shape { size: blob.size, encoding: Encoding::Zstd };
        let (mut packed, mut unpacked) = (Vec::new(), Vec::new());
        let mut at = 0;
        for (k, (place, stored)) in places.iter().enumerate() {
            packed.resize(*stored as usize, 0);
            self.output.read_exact_at(&mut packed, *place)?;
            frame::decompress(&packed, shape.unpacked(k as u64), &mut unpacked).map_err(io::Error::other)?;
            sink(content_within(&unpacked, at, blob.size))?;
            at += unpacked.len() as u64;
        }
        Ok(())
    }
}

/// The bytes of a frame, which starts at byte `at` of its member, that are content and not header or padding.
fn content_within(frame: &[u8], at: u64, size: u64) -> &[u8] {
    let from = TAR_BLOCK.saturating_sub(at) as usize;
    let to = (TAR_BLOCK + size).saturating_sub(at).min(frame.len() as u64) as usize;
    frame.get(from..to).unwrap_or_default()
}

/// A set whose build was killed while it got its names: the volumes of this set go back to their working names.
fn take_names_back(output: &Output, plan: &Plan) -> Result<(), WriteError> {
    for i in 0..limits::VOLUMES {
        let (partial, name) = (output.partial(i), output.name(i));
        let ours = output.header(i).is_some_and(|header| header.set == plan.document_digest());
        if ours && !partial.exists() {
            fs::rename(&name, &partial).map_err(WriteError::io("rename", &name))?;
        }
    }
    Ok(())
}
