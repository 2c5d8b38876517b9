//! A layer: unpacked once, as it is read, and laid upon those below it.
//!
//! A layer is hostile, also in a bundle that is signed: upstream made it.
//!
//! | threat | what holds it |
//! |---|---|
//! | a small layer that unpacks to a huge one | it may unpack to [`FREE`], and beyond that to [`RATIO`] times its own size |
//! | a window of zstd of gigabytes | at most 2^[`WINDOW_LOG`] bytes |
//! | very many members, long names, huge headers | [`MAX_MEMBERS`]; [`tar`] bounds the others |
//! | paths that lead out, links, devices | paths are keys of a map; nothing is written under them, no link is followed |
//! | files that are huge or broken | [`super::read`] bounds each kind |
//!
//! What breaks a rule ends its layer and is told; it does not end the work, for all else is still to be known.

mod tar;

use std::cell::Cell;
use std::cell::RefCell;
use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;
use manifests::Digest;
use manifests::bundle::BlobReader;

use self::tar::{Kind, TarError, TarReader};
use super::inventory::Unread;
use super::read::{Interest, ReadError};
use super::tree::{Layering, Tree};
use crate::bounded::Bounded;

/// Bytes that each layer may unpack to.
const FREE: u64 = 1 << 30;
/// How many times its size a layer may unpack to beyond that.
const RATIO: u64 = 100;
/// The largest window of zstd, as a power of two: compressors use 8 MiB, at their best 32.
const WINDOW_LOG: u32 = 25;
/// The most members of a layer.
const MAX_MEMBERS: u64 = 2_000_000;
/// What is read at once.
const CHUNK: usize = 128 << 10;

/// What a layer's name says of the layers below: the folder's content is gone, or the file behind the prefix is.
const OPAQUE: &str = ".wh..wh..opq";
const WHITEOUT: &str = ".wh.";

/// Why the work can't go on. A layer that is not right is no such reason.
#[derive(Debug)]
pub(super) enum Failed {
    /// The bundle is damaged or can't be read, or somebody stopped the work.
    Blob(io::Error),
    /// A temporary file can't be written.
    Temporary(io::Error),
}

/// Reads a layer of `size` bytes to its end and lays it upon those below. `go_on` is told of its bytes as they are read, and
/// stops the work by returning false.
pub(super) fn lay(
    digest: Digest,
    blob: BlobReader,
    size: u64,
    below: &Tree,
    go_on: &dyn Fn(u64) -> bool,
) -> Result<Tree, Failed> {
    let source = Source { inner: RefCell::new(blob), failed: RefCell::new(None), go_on };
    let mut layering = below.add_layer();
    let read = read(&source, size, &mut layering);
    // The digest is checked at the end: read to it, also where the tar ended before.
    let _ = io::copy(&mut &source, &mut io::sink());
    if let Some(error) = source.failed.into_inner() {
        return Err(Failed::Blob(error));
    }
    let problem = match read {
        Ok(()) => None,
        Err(TarError::Temporary(error)) => return Err(Failed::Temporary(error)),
        Err(error) => Some(error.to_string()),
    };
    Ok(layering.finish(problem.map(|problem| Unread::Layer { digest, problem })))
}

fn read(source: &Source<'_>, size: u64, layering: &mut Layering) -> Result<(), TarError> {
    let mut packed = BufReader::with_capacity(CHUNK, source);
    let magic = packed.fill_buf()?;
    let left = &Cell::new(FREE.saturating_add(size.saturating_mul(RATIO)));
    if magic.starts_with(b"\x1f\x8b") {
        members(Bounded { inner: MultiGzDecoder::new(packed), left }, layering)
    } else if magic.starts_with(b"\x28\xb5\x2f\xfd") || is_skippable(magic) {
        let mut decoder = zstd::stream::read::Decoder::with_buffer(packed)?;
        decoder.window_log_max(WINDOW_LOG)?;
        members(Bounded { inner: decoder, left }, layering)
    } else if magic.is_empty() {
        Ok(())
    } else {
        members(packed, layering)
    }
}

/// Whether zstd begins with a frame that holds none of its content.
fn is_skippable(magic: &[u8]) -> bool {
    matches!(magic, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

fn members(unpacked: impl Read, layering: &mut Layering) -> Result<(), TarError> {
    let mut tar = TarReader::new(BufReader::with_capacity(CHUNK, unpacked));
    let mut count = 0;
    while let Some(member) = tar.next()? {
        count += 1;
        if count > MAX_MEMBERS {
            return Err(TarError::Invalid("it has more members than are read"));
        }
        let Some(path) = member.path else { continue };
        if is_whiteout(&path, layering) {
            continue;
        }
        layering.replace(&path, member.kind == Kind::Folder);
        match member.kind {
            Kind::File => {
                let found = Interest::of(&path).read(&path, &mut tar.content()).map_err(|error| match error {
                    ReadError::Content(error) => TarError::Io(error),
                    ReadError::Temporary(error) => TarError::Temporary(error),
                })?;
                if let Some(find) = found {
                    let too_many = |_| TarError::Invalid("the image has more files with packages than are read");
                    layering.add(&path, find).map_err(too_many)?;
                }
            }
            Kind::Link(Some(target)) => layering.link(&path, &target),
            Kind::Link(None) | Kind::Folder | Kind::Other => {}
        }
    }
    Ok(())
}

/// Takes away what the member says is gone, if it is such a member.
fn is_whiteout(path: &str, layering: &mut Layering) -> bool {
    let (folder, name) = match path.rsplit_once('/') {
        Some((folder, name)) => (Some(folder), name),
        None => (None, path),
    };
    if name == OPAQUE {
        layering.clear(folder);
        return true;
    }
    match (folder, name.strip_prefix(WHITEOUT)) {
        (Some(folder), Some(gone)) => layering.remove(&format!("{folder}/{gone}")),
        (None, Some(gone)) => layering.remove(gone),
        (_, None) => return false,
    }
    true
}

/// A blob, and whether reading it failed: above it, that can't be told from a layer that is not right.
struct Source<'a> {
    inner: RefCell<BlobReader>,
    failed: RefCell<Option<io::Error>>,
    go_on: &'a dyn Fn(u64) -> bool,
}

impl Read for &Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let fail = |error| {
            *self.failed.borrow_mut() = Some(error);
            io::Error::other("the blob can't be read")
        };
        if self.failed.borrow().is_some() {
            return Err(io::Error::other("the blob can't be read"));
        }
        let count = self.inner.borrow_mut().read(buffer).map_err(fail)?;
        if (self.go_on)(count as u64) { Ok(count) } else { Err(fail(io::Error::other(Stopped))) }
    }
}

/// Somebody stopped the work.
#[derive(Debug, thiserror::Error)]
#[error("stopped")]
pub(super) struct Stopped;
