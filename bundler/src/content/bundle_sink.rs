//! A blob's place in the bundle that is being written, as a sink for downloads.

use std::io::{self, Write as _};
use std::sync::Arc;

use manifests::Digest;
use manifests::bundle::{BlobSink, BundleWriter};

use crate::http::Sink;

/// Writes a blob straight to its final place.
#[derive(Debug)]
pub struct BundleSink {
    writer: Arc<BundleWriter>,
    digest: Digest,
    /// None after `finish`, until the blob is started anew.
    sink: Option<BlobSink>,
}

impl BundleSink {
    /// The place of a blob. For a compressed one this blocks until those before it are written.
    ///
    /// # Errors
    /// As [`BundleWriter::sink`], within an I/O error.
    pub fn open(writer: Arc<BundleWriter>, digest: Digest) -> io::Result<Self> {
        let sink = writer.sink(&digest)?;
        Ok(Self { writer, digest, sink: Some(sink) })
    }
}

impl Sink for BundleSink {
    fn position(&self) -> u64 {
        self.sink.as_ref().map_or(0, BlobSink::position)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.sink {
            Some(sink) => sink.write_all(bytes),
            None => Err(io::Error::other("the blob is finished")),
        }
    }

    fn restart(&mut self) -> io::Result<()> {
        let mut sink = match self.sink.take() {
            Some(sink) => sink,
            None => self.writer.sink(&self.digest)?,
        };
        sink.restart()?;
        self.sink = Some(sink);
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        match self.sink.take() {
            Some(sink) => Ok(sink.finish()?),
            None => Err(io::Error::other("the blob is finished")),
        }
    }
}
