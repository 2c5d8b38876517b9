//! Plain lines: one for every step that ended.

use std::io::{self, Write};

use crate::event::{Event, Outcome, Record, Sink, StepId};
use crate::readiness::{Status, names};

/// Writes a line for every step that ended.
#[derive(Debug)]
pub struct Lines<W>(pub W);

impl<W: Write + Send> Sink for Lines<W> {
    fn take(&mut self, record: &Record) -> io::Result<()> {
        let (outcome, name) = match &record.event {
            Event::Checked { check, status, nodes, found, reason } => {
                return checked(
                    &mut self.0,
                    *status,
                    &format!("{check}  {}: {found}", names(nodes)),
                    reason.as_deref(),
                );
            }
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

/// What failed is told by the command itself.
fn checked(out: &mut impl Write, status: Status, found: &str, reason: Option<&str>) -> io::Result<()> {
    let first = found.lines().next().unwrap_or_default();
    match (status, reason) {
        (Status::Warn, _) => writeln!(out, "{:>8}  {first}", "warning"),
        (Status::Ignored, Some(reason)) => writeln!(out, "{:>8}  {first} ({reason})", "ignored"),
        _ => Ok(()),
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

    #[test]
    fn what_checks_found_has_its_line_unless_it_is_an_error() {
        let mut lines = Lines(Vec::new());
        let mut take = |status, nodes: &[&str], reason: Option<&str>| {
            let (check, nodes) = ("swap-off".to_owned(), nodes.iter().map(|&node| node.to_owned()).collect());
            let (found, reason) = ("/swap.img\n  and more".to_owned(), reason.map(str::to_owned));
            let event = Event::Checked { check, status, nodes, found, reason };
            lines.take(&Record { v: 1, at: Timestamp::UNIX_EPOCH, event }).unwrap();
        };
        take(Status::Fail, &["n1"], None);
        take(Status::Warn, &["n1", "n2", "n3", "n4", "n5"], None);
        take(Status::Ignored, &["n1"], Some("a test"));
        insta::assert_snapshot!(String::from_utf8(lines.0).unwrap(), @r"
         warning  swap-off  n1, n2, n3, n4 and 1 more: /swap.img
         ignored  swap-off  n1: /swap.img (a test)
        ");
    }
}
