//! A sink that tells its progress.

use std::io;

use airgap_console::Task;

use crate::http::Sink;

/// Passes everything on and counts the bytes.
#[derive(Debug)]
pub(super) struct Counted<S> {
    sink: S,
    task: Task,
}

impl<S: Sink> Counted<S> {
    /// Counts what is in the sink already, too.
    pub(super) fn new(sink: S, task: Task) -> Self {
        task.advance(sink.position());
        Self { sink, task }
    }
}

impl<S: Sink> Sink for Counted<S> {
    fn position(&self) -> u64 {
        self.sink.position()
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sink.write(bytes)?;
        self.task.advance(bytes.len() as u64);
        Ok(())
    }

    fn restart(&mut self) -> io::Result<()> {
        self.sink.restart()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.sink.finish()
    }
}
