//! One JSON object per line: the record, marked as an event. See docs/json-output.md.

use std::io::{self, Write};

use serde::Serialize;

use crate::event::{Record, Sink};

/// Writes records as JSON lines.
#[derive(Debug)]
pub struct Json<W>(pub W);

/// Errors and log messages come on the same stream, so each line says what it is.
#[derive(Serialize)]
struct Line<'a> {
    r#type: &'static str,
    #[serde(flatten)]
    record: &'a Record,
}

impl<W: Write + Send> Sink for Json<W> {
    fn take(&mut self, record: &Record) -> io::Result<()> {
        let mut line = serde_json::to_vec(&Line { r#type: "event", record })?;
        line.push(b'\n');
        self.0.write_all(&line)
    }
}
