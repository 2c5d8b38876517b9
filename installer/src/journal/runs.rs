//! What was done to a site, run by run.

use jiff::Timestamp;
use serde::Serialize;

use crate::event::{BundleId, Event, Outcome, Record};
use crate::render::name;

/// A command that changed the site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// `install`, `roll-out`, …
    pub command: String,
    /// The bundle that it was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bundle: Option<BundleId>,
    /// When it began.
    pub begun: Timestamp,
    /// When it ended; none for one that was killed or is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Option<Outcome>,
}

/// The runs of a journal, oldest first. One changes the site at a time, so an end is that of the last that began.
pub fn runs(records: &[Record]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for record in records {
        match &record.event {
            Event::RunStarted { command, bundle } => runs.push(Run {
                command: command.clone(),
                bundle: bundle.clone(),
                begun: record.at,
                ended: None,
                outcome: None,
            }),
            Event::RunFinished { outcome } => {
                if let Some(run) = runs.last_mut().filter(|run| run.ended.is_none()) {
                    (run.ended, run.outcome) = (Some(record.at), Some(outcome.clone()));
                }
            }
            _ => {}
        }
    }
    runs
}

/// How far the last run is that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UnderWay {
    /// The run.
    #[serde(flatten)]
    pub run: Run,
    /// How many steps ended well, those for which there was nothing to do among them.
    pub done: usize,
    /// What failed: `node-1 start`.
    pub failed: Vec<String>,
    /// What was begun and has not ended, in the same form.
    pub begun_steps: Vec<String>,
}

/// The last run, if it has not ended: it is under way, or was killed.
pub fn under_way(records: &[Record]) -> Option<UnderWay> {
    let run = runs(records).pop().filter(|run| run.ended.is_none())?;
    let from = records.iter().rposition(|record| matches!(record.event, Event::RunStarted { .. }))?;
    let (mut done, mut failed, mut begun_steps) = (0, Vec::new(), Vec::<String>::new());
    for record in &records[from..] {
        let (name, outcome) = match &record.event {
            Event::StepStarted { step, .. } => (name(*step).to_owned(), None),
            Event::StepFinished { step, outcome } => (name(*step).to_owned(), Some(outcome)),
            Event::NodeStepStarted { node, kind, .. } => (of_node(node.as_deref(), kind), None),
            Event::NodeStepFinished { node, kind, outcome } => (of_node(node.as_deref(), kind), Some(outcome)),
            _ => continue,
        };
        begun_steps.retain(|begun| *begun != name);
        match outcome {
            None => begun_steps.push(name),
            Some(Outcome::Failed { .. }) => failed.push(name),
            Some(_) => done += 1,
        }
    }
    Some(UnderWay { run, done, failed, begun_steps })
}

fn of_node(node: Option<&str>, kind: &str) -> String {
    format!("{} {kind}", node.unwrap_or("cluster"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::event::VERSION;

    #[test]
    fn a_run_that_was_killed_has_no_end_and_takes_that_of_no_other() {
        let started = |command: &str| Event::RunStarted { command: command.into(), bundle: None };
        let finished = Event::RunFinished { outcome: Outcome::done("all") };
        let events = [started("install"), started("roll-out"), finished];
        let records: Vec<Record> = (0..)
            .zip(events)
            .map(|(second, event)| Record { v: VERSION, at: Timestamp::from_second(second).unwrap(), event })
            .collect();
        let runs = runs(&records);
        assert_eq!((runs.len(), runs[0].ended, runs[0].outcome.is_none()), (2, None, true));
        assert_eq!(runs[1].ended, Some(Timestamp::from_second(2).unwrap()));
    }

    #[test]
    fn a_run_that_has_not_ended_tells_how_far_it_is() {
        let on = |node: &str| (Some(node.to_owned()), "start".to_owned());
        let started = |(node, kind)| Event::NodeStepStarted { node, kind, title: "Start".into() };
        let finished = |(node, kind), outcome| Event::NodeStepFinished { node, kind, outcome };
        let mut events = vec![
            Event::RunStarted { command: "roll-out".into(), bundle: None },
            started(on("n1")),
            started(on("n2")),
            started(on("n3")),
            finished(on("n1"), Outcome::done("ready")),
            finished(on("n2"), Outcome::Failed { error: "it ended".into() }),
        ];
        let records = |events: &[Event]| -> Vec<Record> {
            events.iter().map(|event| Record { v: VERSION, at: Timestamp::UNIX_EPOCH, event: event.clone() }).collect()
        };
        let found = under_way(&records(&events)).unwrap();
        assert_eq!(
            (found.done, found.failed, found.begun_steps),
            (1, vec!["n2 start".into()], vec!["n3 start".into()])
        );
        events.push(Event::RunFinished { outcome: Outcome::done("3 nodes") });
        assert_eq!(under_way(&records(&events)), None);
    }
}
