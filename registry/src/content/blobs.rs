//! Bodies out of a bundle.

use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;

use manifests::Digest;
use manifests::bundle::Segment;
use manifests::document::Encoding;

use super::{Source, windows};
use crate::http::{Body, Pieces};

/// Pieces are looked up for so many bytes at a time.
const WINDOW: u64 = 4 << 20;

impl Source {
    /// A part of a blob as a response's body. [`Source::check`] it before. Where it turns out not to be readable after all,
    /// the body breaks off, and the next use checks the blob anew.
    pub fn body(self: &Arc<Self>, digest: &Digest, range: Range<u64>) -> Body {
        let length = range.end - range.start;
        match self.bundle().document().blob(digest).map(|blob| blob.encoding) {
            _ if length == 0 => Body::Empty,
            Some(Encoding::Raw) => {
                let pieces =
                    RawPart { source: Arc::clone(self), digest: *digest, range, ready: Vec::new().into_iter() };
                Body::Files(length, Box::new(pieces))
            }
            _ => {
                let reader = Part { source: Arc::clone(self), digest: *digest, range };
                Body::Reader(length, Box::new(reader))
            }
        }
    }
}

/// The places of a raw blob's bytes, one window after the other.
struct RawPart {
    source: Arc<Source>,
    digest: Digest,
    range: Range<u64>,
    ready: std::vec::IntoIter<Segment>,
}

impl Pieces for RawPart {
    fn unreadable(&mut self) {
        self.source.doubt(&self.digest);
    }
}

impl Iterator for RawPart {
    type Item = io::Result<Segment>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(piece) = self.ready.next() {
                return Some(Ok(piece));
            }
            if self.range.is_empty() {
                return None;
            }
            let end = self.range.end.min(self.range.start + WINDOW);
            match self.source.bundle().segments(&self.digest, self.range.start..end) {
                Some(pieces) => self.ready = pieces.into_iter(),
                None => return Some(Err(io::Error::from(io::ErrorKind::UnexpectedEof))),
            }
            self.range.start = end;
        }
    }
}

/// A part of a compressed blob. It keeps nothing but its place: see [`windows`].
struct Part {
    source: Arc<Source>,
    digest: Digest,
    range: Range<u64>,
}

impl Read for Part {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.range.is_empty() {
            return Ok(0);
        }
        let window = windows::window(&self.source, &self.digest, self.range.start);
        let (window, start) = window.inspect_err(|_| self.source.doubt(&self.digest))?;
        let rest = window.get(start..).unwrap_or_default();
        let left = usize::try_from(self.range.end - self.range.start).unwrap_or(usize::MAX);
        let count = rest.len().min(buffer.len()).min(left);
        buffer[..count].copy_from_slice(&rest[..count]);
        self.range.start += count as u64;
        Ok(count)
    }
}
