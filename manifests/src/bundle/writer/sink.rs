//! Taking a blob's bytes.

use std::io::{self, Write};
use std::sync::Arc;

use super::WriteError;
use super::compressed::CompressedEncoder;
use super::raw::RawEncoder;
use super::state::{Progress, Shared};
use crate::Digest;
use crate::bundle::layout::Shape;
use crate::bundle::member;
use crate::bundle::read_at::feed_raw;
use crate::digest::{ContentMismatch, Verifier};
use crate::document::{Blob, Encoding};

/// How many bytes of a raw blob are written between two notes in the journal: what a killed build loses at most.
const MARK: u64 = 64 << 20;

/// Takes a blob's bytes, in order. `Send`. Dropped before it is finished, it gives the blob back: a raw one keeps what
/// was written so far, for the next sink.
#[derive(Debug)]
pub struct BlobSink {
    shared: Arc<Shared>,
    index: usize,
    blob: Blob,
    encoder: Option<Encoder>,
    verifier: Verifier,
    /// How far the journal knows.
    marked: u64,
}

#[derive(Debug)]
enum Encoder {
    Raw(Box<RawEncoder>),
    Compressed(CompressedEncoder),
}

impl BlobSink {
    pub(super) fn open(shared: &Arc<Shared>, digest: &Digest) -> Result<Self, WriteError> {
        let (index, blob, there) = shared.claim(digest)?;
        let mut sink = Self {
            shared: Arc::clone(shared),
            index,
            blob,
            encoder: None,
            verifier: Verifier::new(blob.digest, blob.size),
            marked: there,
        };
        sink.rehash(there)?;
        Ok(sink)
    }

    /// Hashes again what an earlier build left.
    fn rehash(&mut self, there: u64) -> Result<(), WriteError> {
        self.verifier = Verifier::new(self.blob.digest, self.blob.size);
        let Self { shared, index, verifier, blob, .. } = self;
        let shape = Shape { size: blob.size, encoding: blob.encoding };
        let feed = |bytes: &[u8]| verifier.update(bytes).map_err(io::Error::other);
        if there > 0 && feed_raw(&shared.output, shape, shared.places_of(*index), there, feed).is_err() {
            // What is there can't be read, or was damaged: from the start, then.
            return self.restart();
        }
        self.start_encoder(there);
        Ok(())
    }

    fn start_encoder(&mut self, position: u64) {
        let shape = Shape { size: self.blob.size, encoding: self.blob.encoding };
        let name = member::blob_name(&self.blob.digest);
        let header = member::header(&name, self.blob.size, self.shared.plan.document().created);
        self.marked = position;
        self.encoder = Some(match self.blob.encoding {
            Encoding::Raw => Encoder::Raw(Box::new(RawEncoder::new(self.index, shape, header, position))),
            Encoding::Zstd => {
                let tail = self.shared.state().tail.clone();
                Encoder::Compressed(CompressedEncoder::new(tail, &header))
            }
        });
    }

    /// The blob that it takes.
    pub fn blob(&self) -> Blob {
        self.blob
    }

    /// How many bytes of the blob are in place: the next one to write. More than 0 at the start when an earlier,
    /// killed build got so far; they were read and hashed again.
    pub fn position(&self) -> u64 {
        self.verifier.seen()
    }

    /// Throws away what was written and starts at byte 0 again.
    ///
    /// # Errors
    /// None at present.
    pub fn restart(&mut self) -> Result<(), WriteError> {
        self.verifier = Verifier::new(self.blob.digest, self.blob.size);
        self.start_encoder(0);
        Ok(())
    }

    /// Checks size and digest and remembers in the journal that the blob is in place.
    ///
    /// # Errors
    /// [`WriteError::Content`] when the bytes are not the blob's: the next sink starts at byte 0.
    pub fn finish(mut self) -> Result<(), WriteError> {
        let Some(encoder) = self.encoder.take() else { return Err(WriteError::Taken(self.blob.digest)) };
        let written = encoder.written();
        let result = self.verdict().and_then(|()| self.complete(encoder));
        let progress = match &result {
            Ok(()) => Progress::Done,
            Err(WriteError::Content { source: ContentMismatch::Digest { .. }, .. }) => Progress::Pending(0),
            // Bytes are missing, but those that are there may be right: keep them.
            Err(_) => Progress::Pending(written),
        };
        if progress == Progress::Pending(0) && self.blob.encoding == Encoding::Raw {
            // The error that is on its way matters more than a note that could not be taken.
            let _ = self.shared.journal().mark(self.blob.digest, 0);
        }
        self.shared.release(self.index, progress);
        result
    }

    fn verdict(&mut self) -> Result<(), WriteError> {
        let verifier = std::mem::replace(&mut self.verifier, Verifier::new(self.blob.digest, self.blob.size));
        verifier.finish().map_err(|source| WriteError::Content { digest: self.blob.digest, source })
    }

    /// Writes what follows the last byte and notes it.
    fn complete(&self, encoder: Encoder) -> Result<(), WriteError> {
        match encoder {
            Encoder::Raw(mut encoder) => {
                encoder.end(&self.shared)?;
                self.shared.journal().raw(self.blob.digest)
            }
            Encoder::Compressed(encoder) => {
                let (tail, frames) = encoder.end(&self.shared, self.blob.size)?;
                self.shared.journal().compressed(self.blob.digest, &frames)?;
                let mut state = self.shared.state();
                state.tail = tail;
                state.compressed.extend(frames);
                state.next += 1;
                Ok(())
            }
        }
    }

    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        let digest = self.blob.digest;
        self.verifier.update(bytes).map_err(|source| WriteError::Content { digest, source })?;
        match &mut self.encoder {
            Some(Encoder::Raw(encoder)) => {
                encoder.write(&self.shared, bytes)?;
                let written = encoder.written();
                if written - self.marked >= MARK {
                    self.shared.journal().mark(digest, written)?;
                    self.marked = written;
                }
            }
            Some(Encoder::Compressed(encoder)) => encoder.write(&self.shared, bytes)?,
            None => return Err(WriteError::Taken(digest)),
        }
        Ok(())
    }
}

impl Encoder {
    fn written(&self) -> u64 {
        match self {
            Self::Raw(encoder) => encoder.written(),
            Self::Compressed(_) => 0,
        }
    }
}

impl Write for BlobSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.take(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for BlobSink {
    fn drop(&mut self) {
        // A sink that was finished has released the blob, as done or not.
        if let Some(encoder) = self.encoder.take() {
            let written = encoder.written();
            if written > self.marked {
                // Best effort: without the note the next build fetches these bytes again.
                let _ = self.shared.journal().mark(self.blob.digest, written);
            }
            self.shared.release(self.index, Progress::Pending(written));
        }
    }
}
