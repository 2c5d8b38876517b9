//! `<state>/journal.jsonl`: what was done to this site, when and how it ended. Only ever appended to, and synced line
//! by line, so that it tells the truth about a run that was killed.

mod runs;

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

pub use runs::{Run, UnderWay, runs, under_way};

use crate::event::{Event, Record, Sink};

/// The journal's name in the state directory.
pub const FILE_NAME: &str = "journal.jsonl";

/// The journal, open for appending.
#[derive(Debug)]
pub struct Journal {
    file: File,
}

impl Journal {
    /// Opens the journal of a state directory and makes it if there is none. A line that a crash cut short is ended,
    /// so that the next one stands for itself.
    ///
    /// # Errors
    /// When it can't be opened, read or written.
    pub fn open(state: &Path) -> io::Result<Self> {
        let mut file =
            OpenOptions::new().read(true).append(true).create(true).mode(0o644).open(state.join(FILE_NAME))?;
        if file.seek(SeekFrom::End(0))? > 0 {
            file.seek(SeekFrom::End(-1))?;
            let mut last = [0];
            file.read_exact(&mut last)?;
            if last != *b"\n" {
                file.write_all(b"\n")?;
            }
        }
        Ok(Self { file })
    }
}

impl Sink for Journal {
    fn take(&mut self, record: &Record) -> io::Result<()> {
        if matches!(record.event, Event::Progress { .. }) {
            return Ok(());
        }
        let mut line = serde_json::to_vec(record)?;
        line.push(b'\n');
        self.file.write_all(&line)?;
        self.file.sync_data()
    }
}

/// Reads a state directory's journal, oldest first. Lines that a crash cut short are left out; no journal is an empty one.
///
/// # Errors
/// When it is there and can't be read.
pub fn read(state: &Path) -> io::Result<Vec<Record>> {
    let file = match File::open(state.join(FILE_NAME)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let mut records = Vec::new();
    for line in BufReader::new(file).split(b'\n') {
        records.extend(serde_json::from_slice::<Record>(&line?).ok());
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::event::{Outcome, Reporter, StepId};
    use jiff::Timestamp;

    #[test]
    fn lines_are_appended_and_one_that_was_cut_short_does_no_harm() {
        let state = tempfile::tempdir().unwrap();
        let finished = |n: u32| Event::RunFinished { outcome: Outcome::done(n.to_string()) };
        let report = |n| {
            let reporter =
                Reporter::new(&|| Timestamp::UNIX_EPOCH, vec![Box::new(Journal::open(state.path()).unwrap())]);
            reporter.emit(Event::Progress { step: StepId::Import, done: 1, total: 2 }).unwrap();
            reporter.emit(finished(n)).unwrap();
        };
        report(1);
        let path = state.path().join(FILE_NAME);
        OpenOptions::new().append(true).open(path).unwrap().write_all(br#"{"v":1,"at":"19"#).unwrap();
        report(2);
        let events: Vec<_> = read(state.path()).unwrap().into_iter().map(|record| record.event).collect();
        assert_eq!(events, [finished(1), finished(2)]);
    }
}
