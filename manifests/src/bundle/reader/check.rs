//! Reading every byte of an archive and comparing it with what a writer would have written.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::archive::Archive;
use super::copy::{self, CopyError, CopyTarget};
use super::head::Head;
use crate::Digest;
use crate::bundle::frame::{self, BLOCK_HEADER, FRAME_HEADER};
use crate::bundle::layout::{END_SIZE, Member, Shape};
use crate::bundle::member::{self, TAR_BLOCK};
use crate::bundle::read_at::{ReadAt, content_of};
use crate::bundle::volume::{HEADER_SIZE, VolumeHeader};
use crate::bundle::{contents, seek_table, slot};
use crate::digest::{ContentMismatch, Verifier};
use crate::document::{Blob, Encoding};

/// One thing that is wrong in an archive.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Damage {
    /// What is damaged: a member's name, or a part of the format.
    pub what: String,
    /// The file that holds it: of a set, the volume, or the volumes where it lies in several.
    pub volume: Option<String>,
    /// What is wrong with it.
    pub problem: String,
}

/// Checks everything with `threads` threads; `progress` is told of bytes of the archive.
pub(super) fn check(archive: &Archive, head: &Head, threads: usize, progress: &(dyn Fn(u64) + Sync)) -> Vec<Damage> {
    let check = Check { archive, head, progress, target: None };
    // Only a target ends the work early.
    let found = check.blobs(threads).unwrap_or_default();
    check.around().into_iter().chain(found).collect()
}

/// Checks everything but the blobs.
pub(super) fn check_around(archive: &Archive, head: &Head) -> Vec<Damage> {
    Check { archive, head, progress: &|_| {}, target: None }.around()
}

/// Checks the blobs and hands what was read to `target`; those that it holds are passed over.
pub(super) fn check_into(
    archive: &Archive,
    head: &Head,
    target: &dyn CopyTarget,
    threads: usize,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Vec<Damage>, CopyError> {
    Check { archive, head, progress, target: Some(target) }.blobs(threads)
}

struct Check<'a> {
    archive: &'a Archive,
    head: &'a Head,
    progress: &'a (dyn Fn(u64) + Sync),
    target: Option<&'a dyn CopyTarget>,
}

/// What stands in the way of a blob.
enum Trouble {
    /// It is damaged; the others may be whole.
    Damage(Damage),
    /// There is no sense in going on.
    End(CopyError),
}

#[derive(Default)]
struct Buffers {
    stored: Vec<u8>,
    unpacked: Vec<u8>,
}

impl Check<'_> {
    fn blobs(&self, threads: usize) -> Result<Vec<Damage>, CopyError> {
        // The largest first: then no thread is left alone with a large one at the end.
        let mut order: Vec<(usize, &Blob)> = self.head.document.blobs.iter().enumerate().collect();
        order.sort_by_key(|(i, blob)| (std::cmp::Reverse(blob.size), *i));
        let next = AtomicUsize::new(0);
        let (damages, end) = (Mutex::new(Vec::new()), Mutex::new(None));
        let work = || {
            let mut buffers = Buffers::default();
            while let Some((i, blob)) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                match self.blob(*i, blob, &mut buffers) {
                    Ok(()) => {}
                    Err(Trouble::Damage(damage)) => {
                        damages.lock().unwrap_or_else(PoisonError::into_inner).push((*i, damage));
                    }
                    Err(Trouble::End(error)) => {
                        next.store(order.len(), Ordering::Relaxed);
                        end.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                    }
                }
            }
        };
        thread::scope(|scope| {
            for _ in 1..threads.max(1) {
                scope.spawn(work);
            }
            work();
        });
        if let Some(error) = end.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(error);
        }
        let mut found = damages.into_inner().unwrap_or_else(PoisonError::into_inner);
        found.sort_by_key(|(i, _)| *i);
        Ok(found.into_iter().map(|(_, damage)| damage).collect())
    }

    fn damage(&self, what: &str, offset: u64, problem: impl Into<String>) -> Damage {
        let path = self.archive.storage.path(offset);
        Damage { what: what.to_owned(), volume: Some(path.display().to_string()), problem: problem.into() }
    }

    /// The files that hold a member, in their order.
    fn volumes(&self, member: Member) -> String {
        let path = |place: &u64| self.archive.storage.path(*place).display().to_string();
        let mut paths: Vec<String> = self.archive.places_of(member).iter().map(path).collect();
        paths.dedup();
        paths.join(", ")
    }

    fn blob(&self, index: usize, blob: &Blob, buffers: &mut Buffers) -> Result<(), Trouble> {
        let member = Member::Blob(index);
        let shape = Shape { size: blob.size, encoding: blob.encoding };
        if self.target.is_some_and(|target| target.holds(&blob.digest)) {
            (self.progress)(self.archive.stored_size(member));
            return Ok(());
        }
        let name = member::blob_name(&blob.digest);
        let header = member::header(&name, blob.size, self.head.document.created);
        let mut verifier = Verifier::new(blob.digest, blob.size);
        let mut at = 0;
        for k in 0..shape.frames() {
            let stored = self.archive.stored(member, k).unwrap_or_default();
            self.take(&name, stored.start, stored.end - stored.start, &mut buffers.stored)?;
            let failed = |problem: String| Trouble::Damage(self.damage(&name, stored.start, problem));
            let mut feed = |bytes: &[u8]| verifier.update(bytes).map_err(|error| error.to_string());
            match blob.encoding {
                Encoding::Raw => raw_frame(shape, k, &header, &buffers.stored, &mut feed),
                Encoding::Zstd => {
                    let Buffers { stored, unpacked } = buffers;
                    frame::decompress(stored, shape.unpacked(k), unpacked)
                        .and_then(|()| tar_piece(shape, at, &header, unpacked, &mut feed))
                }
            }
            .map_err(failed)?;
            at += u64::from(shape.unpacked(k));
            (self.progress)(stored.end - stored.start);
        }
        let first = self.archive.places_of(member).first().copied().unwrap_or_default();
        let wrong = |error: ContentMismatch| {
            // A digest says that the content is wrong, not where: each volume with a part of it may be the cause.
            let volume = Some(self.volumes(member));
            Trouble::Damage(Damage { volume, ..self.damage(&name, first, error.to_string()) })
        };
        verifier.finish().map_err(wrong)?;
        let written = self.target.map_or(Ok(()), |target| target.verified(&blob.digest));
        written.map_err(|error| Trouble::End(CopyError::Write(error)))
    }

    /// Reads a part of a blob and hands it to the target. Where there is one, a file that can't be read ends the work:
    /// the medium is gone, and nothing behind is any better.
    fn take(&self, name: &str, offset: u64, size: u64, into: &mut Vec<u8>) -> Result<(), Trouble> {
        into.resize(size as usize, 0);
        let read = self.archive.storage.read_exact_at(into, offset);
        let Some(target) = self.target else {
            return read.map_err(|error| Trouble::Damage(self.damage(name, offset, error.to_string())));
        };
        let path = || self.archive.storage.path(offset);
        read.map_err(|source| Trouble::End(CopyError::Read { path: path(), source }))?;
        copy::hand_over(&self.archive.storage, target, offset, into)
            .map_err(|error| Trouble::End(CopyError::Write(error)))
    }

    fn read(&self, offset: u64, size: u64, into: &mut Vec<u8>) -> Result<(), String> {
        into.resize(size as usize, 0);
        self.archive.storage.read_exact_at(into, offset).map_err(|error| error.to_string())
    }

    /// Everything but the blobs.
    fn around(&self) -> Vec<Damage> {
        let document = &self.head.document;
        let checksums = contents::checksums(&document.index.digest, &document.blobs);
        let mut damages = Vec::new();
        damages.extend(self.whole(Member::Document, member::DOCUMENT, Expected::Bytes(&self.head.bytes)));
        damages.extend(self.slot());
        let sums = if Digest::of(checksums.as_bytes()) == document.checksums.digest {
            Expected::Bytes(checksums.as_bytes())
        } else {
            Expected::Digest(&document.checksums.digest)
        };
        damages.extend(self.whole(Member::Checksums, member::CHECKSUMS, sums));
        damages.extend(self.whole(Member::Layout, member::LAYOUT, Expected::Bytes(contents::LAYOUT_MARKER)));
        damages.extend(self.whole(Member::Index, member::INDEX, Expected::Digest(&document.index.digest)));
        damages.extend(self.end());
        damages.extend(self.volume_headers());
        damages.extend(self.table());
        damages
    }

    fn whole(&self, member: Member, name: &str, expected: Expected<'_>) -> Option<Damage> {
        let place = self.archive.places_of(member).first().copied().unwrap_or_default();
        let content = match self.archive.small_member(member) {
            Ok(content) => content,
            Err(error) => return Some(self.damage(name, place, error.to_string())),
        };
        (self.progress)(self.archive.stored_size(member));
        let size = self.archive.outline.shape(member).map_or(0, |shape| shape.size) as usize;
        let body = content.get(TAR_BLOCK as usize..TAR_BLOCK as usize + size).unwrap_or_default();
        let right = match expected {
            Expected::Bytes(bytes) => body == bytes,
            Expected::Digest(digest) => Digest::of(body) == *digest,
        };
        if !right {
            return Some(self.damage(name, place, "it is not what bundle.json says"));
        }
        let around = content != member::whole(name, body, self.head.document.created);
        around.then(|| self.damage(name, place, "its tar header or padding is damaged"))
    }

    fn slot(&self) -> Option<Damage> {
        let mut stored = Vec::new();
        let damage = |problem: String| Some(self.damage("signatures", self.head.slot, problem));
        if let Err(problem) = self.read(self.head.slot, slot::stored_size(), &mut stored) {
            return damage(problem);
        }
        (self.progress)(slot::stored_size());
        match slot::frame(&self.head.signatures, self.head.document.created) {
            Ok(expected) if expected == stored => None,
            Ok(_) => damage("the signature slot holds more than signatures".to_owned()),
            Err(error) => damage(error.to_string()),
        }
    }

    fn end(&self) -> Option<Damage> {
        let place = self.archive.places_of(Member::End).first().copied().unwrap_or_default();
        let expected = frame::raw(&[0; END_SIZE as usize]);
        self.exactly("the end of the tar", place, &expected)
    }

    fn exactly(&self, what: &str, place: u64, expected: &[u8]) -> Option<Damage> {
        let mut stored = Vec::new();
        if let Err(problem) = self.read(place, expected.len() as u64, &mut stored) {
            return Some(self.damage(what, place, problem));
        }
        (self.progress)(expected.len() as u64);
        (stored != expected).then(|| self.damage(what, place, "it is not what it must be"))
    }

    /// Each header of a volume tells the truth about its place.
    fn volume_headers(&self) -> Vec<Damage> {
        let places = self.archive.places();
        let ends = places.headers.iter().copied().skip(1).chain([self.archive.storage.size()]);
        let mut split = None;
        let mut damages = Vec::new();
        for (i, (start, end)) in places.headers.iter().zip(ends).enumerate() {
            let mut stored = Vec::new();
            let header = self.read(*start, HEADER_SIZE, &mut stored).ok().and_then(|()| VolumeHeader::decode(&stored));
            let expected = header.map(|header| VolumeHeader {
                set: self.head.digest,
                number: i as u32 + 1,
                count: places.headers.len() as u32,
                split: *split.get_or_insert(header.split),
                start: *start,
                size: end - start,
            });
            if header.is_none() || header != expected {
                let what = format!("the header of volume {}", i + 1);
                damages.push(self.damage(&what, *start, "it is not what it must be"));
            }
            (self.progress)(HEADER_SIZE);
        }
        damages
    }

    /// The table was read when the archive was opened; what it says is compared with what a writer would say.
    fn table(&self) -> Option<Damage> {
        let places = self.archive.places();
        let mut headers = places.headers.iter().copied().peekable();
        let mut entries = Vec::new();
        for member in self.archive.outline.members() {
            for k in 0..self.archive.outline.frames(member) {
                let stored = self.archive.stored(member, k).unwrap_or_default();
                if headers.next_if(|header| *header < stored.start).is_some() {
                    entries.push((HEADER_SIZE as u32, 0));
                }
                entries.push(((stored.end - stored.start) as u32, self.archive.outline.unpacked(member, k)));
            }
        }
        entries.extend(headers.map(|_| (HEADER_SIZE as u32, 0)));
        self.exactly("the seek table", places.table, &seek_table::encode(&entries))
    }
}

#[derive(Clone, Copy)]
enum Expected<'a> {
    Bytes(&'a [u8]),
    Digest(&'a Digest),
}

type Feed<'a> = &'a mut dyn FnMut(&[u8]) -> Result<(), String>;

/// Checks the framing of a raw frame and feeds its content.
fn raw_frame(shape: Shape, k: u64, header: &[u8], stored: &[u8], feed: Feed<'_>) -> Result<(), String> {
    let damaged = || "a frame or block header, a tar header or padding is damaged".to_owned();
    let mut rest = stored.strip_prefix(&frame::header(shape.unpacked(k))).ok_or_else(damaged)?;
    if k == 0 {
        rest = rest.strip_prefix(&frame::block_header(TAR_BLOCK, shape.size == 0)).ok_or_else(damaged)?;
        rest = rest.strip_prefix(header).ok_or_else(damaged)?;
    }
    let mut at = k * frame::RAW_CONTENT;
    let end = at + shape.raw_content(k);
    let first = (at < end).then(|| shape.raw_block(at));
    let blocks = stored.get(first.map_or(FRAME_HEADER, |first| first.header) as usize..).unwrap_or_default();
    while let (true, Some(first)) = (at < end, first) {
        let block = shape.raw_block(at);
        feed(content_of(&block, &first, blocks).map_err(|_| damaged())?)?;
        rest = rest.get((BLOCK_HEADER + block.size) as usize..).ok_or_else(damaged)?;
        at += block.size;
    }
    let mut tail = Vec::new();
    let padding = member::padding(shape.size);
    if shape.is_last(k) && padding > 0 {
        tail.extend_from_slice(&frame::block_header(padding, true));
        tail.resize(tail.len() + padding as usize, 0);
    }
    if rest == tail { Ok(()) } else { Err(damaged()) }
}

/// Checks the header and padding in a piece of a member, which starts at byte `at`, and feeds the content.
fn tar_piece(shape: Shape, at: u64, header: &[u8], piece: &[u8], feed: Feed<'_>) -> Result<(), String> {
    let damaged = || "its tar header or padding is damaged".to_owned();
    let body = if at == 0 { piece.strip_prefix(header).ok_or_else(damaged)? } else { piece };
    let left = (shape.size + TAR_BLOCK - at.max(TAR_BLOCK)).min(body.len() as u64) as usize;
    let (content, padding) = body.split_at_checked(left).ok_or_else(damaged)?;
    feed(content)?;
    if padding.iter().all(|byte| *byte == 0) { Ok(()) } else { Err(damaged()) }
}
