//! Plain lines: one for every step that ended.

use std::io::{self, Write};

use crate::event::{Event, Outcome, Record, Sink, StepId};

/// Writes a line for every step that ended.
#[derive(Debug)]
pub struct Lines<W>(pub W);

impl<W: Write + Send> Sink for Lines<W> {
    fn take(&mut self, record: &Record) -> io::Result<()> {
        let (outcome, name) = match &record.event {
            Event::StepFinished { step, outcome } => (outcome, name(*step).to_owned()),
            Event::NodeStepFinished { node, kind, outcome } => {
                (outcome, format!("{}  {kind:<13}", node.as_deref().unwrap_or("cluster")))
            }
            _ => return Ok(()),
        };
        let (word, detail) = words(outcome);
        writeln!(self.0, "{}", format!("{word:>8}  {name:<9}  {detail}").trim_end())
    }
}

fn words(outcome: &Outcome) -> (&'static str, &str) {
    match outcome {
        Outcome::Done { detail } => ("done", detail),
        Outcome::Skipped { reason } => ("skipped", reason),
        Outcome::Warned { warning } => ("warning", warning),
        Outcome::Failed { .. } => ("failed", ""),
        Outcome::Unknown => ("unknown", ""),
    }
}

/// A step's name, as it stands in the journal.
pub(crate) fn name(step: StepId) -> &'static str {
    match step {
        StepId::Preflight => "preflight",
        StepId::Verify => "verify",
        StepId::Import => "import",
        StepId::Floor => "floor",
        StepId::Identity => "identity",
        StepId::Serve => "serve",
        StepId::Remove => "remove",
        StepId::Uninstall => "uninstall",
        StepId::Unknown => "unknown",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use jiff::Timestamp;

    #[test]
    fn every_outcome_has_its_line() {
        let mut lines = Lines(Vec::new());
        let mut take = |step, outcome| {
            let event = Event::StepFinished { step, outcome };
            lines.take(&Record { v: 1, at: Timestamp::UNIX_EPOCH, event }).unwrap();
        };
        take(StepId::Preflight, Outcome::done("3.0 GiB needed, 10.0 GiB free"));
        take(StepId::Import, Outcome::skipped("already there as generation 1"));
        take(StepId::Identity, Outcome::Warned { warning: "the clock is off".into() });
        take(StepId::Serve, Outcome::Failed { error: "told by the command itself".into() });
        insta::assert_snapshot!(String::from_utf8(lines.0).unwrap());
    }
}
