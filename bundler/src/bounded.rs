//! A reader of what is unpacked, which ends where a bomb would go on.

use std::cell::Cell;
use std::io::{self, Read};

/// Reads at most so many bytes, and fails with [`io::ErrorKind::FileTooLarge`] where there are more.
#[derive(Debug)]
pub(crate) struct Bounded<'a, R> {
    pub(crate) inner: R,
    /// How many bytes may still come: of all that share it, together.
    pub(crate) left: &'a Cell<u64>,
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let too_much = || io::Error::new(io::ErrorKind::FileTooLarge, "it unpacks to far more than its own size");
        self.left.set(self.left.get().checked_sub(count as u64).ok_or_else(too_much)?);
        Ok(count)
    }
}
