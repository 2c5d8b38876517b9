//! One JSON object per line: the record as it is. See docs/json-output.md.

use std::io::{self, Write};

use crate::event::{Record, Sink};

/// Writes records as JSON lines.
#[derive(Debug)]
pub struct Json<W>(pub W);

impl<W: Write + Send> Sink for Json<W> {
    fn take(&mut self, record: &Record) -> io::Result<()> {
        let mut line = serde_json::to_vec(record)?;
        line.push(b'\n');
        self.0.write_all(&line)
    }
}
