//! `<state>/journal.jsonl`: what was done to this site, when and how it ended. Only ever appended to, and synced line
//! by line, so that it tells the truth about a run that was killed. Each line ends in the beginning of its own SHA-256, so one
//! that was damaged later is known.

mod runs;

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use manifests::Digest;

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
        seal(&mut line);
        line.push(b'\n');
        self.file.write_all(&line)?;
        self.file.sync_data()
    }
}

/// The member of a line with its checksum, up to the hex digits. It is the last one.
const SUM: &[u8] = br#","sum":""#;
/// How many hex digits of the SHA-256 stand there.
const DIGITS: usize = 16;

/// Adds the checksum of a line, an object of JSON, to it.
fn seal(line: &mut Vec<u8>) {
    let digest = Digest::of(line);
    if line.pop() == Some(b'}') {
        line.extend_from_slice(SUM);
        line.extend_from_slice(&digest.hex().as_bytes()[..DIGITS]);
        line.extend_from_slice(b"\"}");
    }
}

/// The line without its checksum; none where that is not the line's.
fn unsealed(line: &[u8]) -> Option<Vec<u8>> {
    let (object, end) = line.split_at_checked(line.len().checked_sub(SUM.len() + DIGITS + 2)?)?;
    let digits = end.strip_prefix(SUM)?.strip_suffix(b"\"}")?;
    let mut object = object.to_vec();
    object.push(b'}');
    (Digest::of(&object).hex().as_bytes()[..DIGITS] == *digits).then_some(object)
}

/// What stands in a journal.
#[derive(Debug, Default)]
pub struct Journaled {
    /// What was told, oldest first.
    pub records: Vec<Record>,
    /// The numbers of lines that were cut short by a crash, or damaged later.
    pub damaged: Vec<usize>,
}

/// Reads a state directory's journal. No journal is an empty one.
///
/// # Errors
/// When it is there and can't be read.
pub fn read(state: &Path) -> io::Result<Journaled> {
    let file = match File::open(state.join(FILE_NAME)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Journaled::default()),
        other => other?,
    };
    let mut journaled = Journaled::default();
    for (number, line) in (1..).zip(BufReader::new(file).split(b'\n')) {
        match unsealed(&line?).and_then(|object| serde_json::from_slice(&object).ok()) {
            Some(record) => journaled.records.push(record),
            None => journaled.damaged.push(number),
        }
    }
    Ok(journaled)
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
        let journaled = read(state.path()).unwrap();
        let events: Vec<_> = journaled.records.into_iter().map(|record| record.event).collect();
        assert_eq!((events, journaled.damaged), (vec![finished(1), finished(2)], vec![2]));
    }

    #[test]
    fn a_line_that_was_changed_later_is_known() {
        let state = tempfile::tempdir().unwrap();
        let path = state.path().join(FILE_NAME);
        let reporter = Reporter::new(&|| Timestamp::UNIX_EPOCH, vec![Box::new(Journal::open(state.path()).unwrap())]);
        for detail in ["3 nodes", "4 nodes"] {
            reporter.emit(Event::RunFinished { outcome: Outcome::done(detail) }).unwrap();
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let line: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        assert_eq!(line["sum"].as_str().unwrap().len(), DIGITS, "a line is JSON still");
        std::fs::write(&path, text.replace("3 nodes", "5 nodes")).unwrap();
        let journaled = read(state.path()).unwrap();
        assert_eq!((journaled.records.len(), journaled.damaged), (1, vec![1]));
    }
}
