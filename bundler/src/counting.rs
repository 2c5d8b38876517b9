//! Telling progress of what passes through a reader.

use std::io::{self, Read};

use airgap_console::Task;

/// Advances a task by what is read.
#[derive(Debug)]
pub(crate) struct Counting<'a, R> {
    inner: R,
    task: &'a Task,
}

impl<'a, R> Counting<'a, R> {
    pub(crate) fn new(inner: R, task: &'a Task) -> Self {
        Self { inner, task }
    }
}

impl<R: Read> Read for Counting<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.task.advance(read as u64);
        Ok(read)
    }
}
