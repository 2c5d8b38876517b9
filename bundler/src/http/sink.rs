//! Where downloaded bytes go.

use std::io;

use bytes::Bytes;
use manifests::Digest;

/// Takes the bytes of one download, in order. Its methods may block: they are called on threads made for that.
pub trait Sink: Send + 'static {
    /// How many bytes are in place already; a download goes on from there.
    fn position(&self) -> u64;

    /// Adds bytes.
    ///
    /// # Errors
    /// Any; a failed write ends the download.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Throws away what was written and starts at byte 0 again.
    ///
    /// # Errors
    /// Any; it ends the download.
    fn restart(&mut self) -> io::Result<()>;

    /// All bytes are written: checks them, and keeps them when they are right.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] when they are not those expected: `restart` is called then, and the download is
    /// tried once more. Any other error ends the download.
    fn finish(&mut self) -> io::Result<()>;
}

/// A sink in memory, for what is known to be small.
#[derive(Debug)]
pub struct MemorySink {
    bytes: Vec<u8>,
    limit: usize,
    expected: Option<Digest>,
}

impl MemorySink {
    /// A sink that refuses more than `limit` bytes and, where a digest is expected, other bytes.
    pub fn new(limit: usize, expected: Option<Digest>) -> Self {
        Self { bytes: Vec::new(), limit, expected }
    }

    /// What was written.
    pub fn into_bytes(self) -> Bytes {
        self.bytes.into()
    }
}

impl Sink for MemorySink {
    fn position(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.bytes.len() + bytes.len() > self.limit {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("more than {} bytes", self.limit)));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn restart(&mut self) -> io::Result<()> {
        self.bytes.clear();
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        let actual = Digest::of(&self.bytes);
        match self.expected {
            Some(expected) if expected != actual => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                manifests::digest::ContentMismatch::Digest { expected, actual },
            )),
            _ => Ok(()),
        }
    }
}
