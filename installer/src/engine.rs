//! Runs a plan: step by step, each told before and after, the first failure ends it.

use std::io;

use miette::Diagnostic;

use crate::event::{Event, Outcome, Reporter};
use crate::plan::{Plan, Step};
use crate::stop::Stop;

/// Does what a step's action says: checks before it acts, and verifies after.
pub trait Work {
    /// Does one step.
    ///
    /// # Errors
    /// Why it could not be done.
    fn perform(&mut self, step: &Step, reporter: &Reporter<'_>) -> Result<Outcome, StepError>;
}

/// Why a step was not done.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum StepError {
    /// Somebody asked to stop.
    #[error(transparent)]
    #[diagnostic(code(interrupted), help("everything that was verified is kept: run the same command again to go on"))]
    Interrupted(#[from] crate::stop::Interrupted),
    /// It failed.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Failed(Box<dyn Diagnostic + Send + Sync>),
}

impl StepError {
    /// A step's own error.
    pub fn failed(error: impl Diagnostic + Send + Sync + 'static) -> Self {
        Self::Failed(Box::new(error))
    }
}

/// Why a plan was not finished.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum RunError {
    /// A step was not done.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Step(#[from] StepError),
    /// What happened could not be written down.
    #[error("cannot write down what is done")]
    #[diagnostic(help("the journal is part of the site: make room on its disk and run the command again"))]
    Report(#[source] io::Error),
}

/// Runs the steps of `plan` in their order.
///
/// # Errors
/// The first step's that failed, after it was told to everybody who listens.
pub fn run(plan: &Plan, work: &mut dyn Work, reporter: &Reporter<'_>, stop: &Stop) -> Result<(), RunError> {
    let emit = |event| reporter.emit(event).map_err(RunError::Report);
    for step in &plan.steps {
        let outcome = if step.needed {
            stop.check().map_err(StepError::from)?;
            emit(Event::StepStarted { step: step.id, title: step.title.clone() })?;
            work.perform(step, reporter)
        } else {
            Ok(Outcome::skipped(step.reason.clone()))
        };
        match outcome {
            Ok(outcome) => emit(Event::StepFinished { step: step.id, outcome })?,
            Err(error) => {
                let outcome = Outcome::Failed { error: chain(&error) };
                // The step's own error matters more than one of telling it.
                let _ = reporter.emit(Event::StepFinished { step: step.id, outcome });
                return Err(error.into());
            }
        }
    }
    Ok(())
}

/// An error and its causes in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}

/// Tells that there is nothing to do.
///
/// # Errors
/// When that can't be told.
pub fn skip_all(plan: &Plan, reporter: &Reporter<'_>) -> Result<(), RunError> {
    for step in &plan.steps {
        let outcome = Outcome::skipped(step.reason.clone());
        reporter.emit(Event::StepFinished { step: step.id, outcome }).map_err(RunError::Report)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::event::{BundleId, Record, Sink, StepId};
    use crate::plan::Action;
    use jiff::Timestamp;

    #[derive(Debug, thiserror::Error, Diagnostic)]
    #[error("it broke")]
    struct Broke;

    /// Fails at one step and remembers which were asked for.
    struct Script {
        fails_at: StepId,
        asked: Vec<StepId>,
    }

    impl Work for Script {
        fn perform(&mut self, step: &Step, _: &Reporter<'_>) -> Result<Outcome, StepError> {
            self.asked.push(step.id);
            if step.id == self.fails_at { Err(StepError::failed(Broke)) } else { Ok(Outcome::done("")) }
        }
    }

    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<Event>>>);

    impl Sink for Memory {
        fn take(&mut self, record: &Record) -> io::Result<()> {
            self.0.lock().unwrap().push(record.event.clone());
            Ok(())
        }
    }

    fn plan(needed: [bool; 3]) -> Plan {
        let ids = [StepId::Import, StepId::Identity, StepId::Serve];
        let step = |(id, needed)| Step {
            id,
            title: String::new(),
            needed,
            reason: "already there".into(),
            action: Action::Identity,
        };
        let bundle = BundleId { name: "p".into(), version: "1.0.0".into(), digest: manifests::Digest::of(b"") };
        Plan { bundle, generation: 1, steps: ids.into_iter().zip(needed).map(step).collect() }
    }

    #[test]
    fn steps_that_need_nothing_are_skipped_and_a_failure_ends_the_run() {
        let memory = Memory::default();
        let reporter = Reporter::new(&|| Timestamp::UNIX_EPOCH, vec![Box::new(memory.clone())]);
        let mut work = Script { fails_at: StepId::Identity, asked: Vec::new() };
        let result = run(&plan([false, true, true]), &mut work, &reporter, &Stop::never());
        assert_eq!(result.unwrap_err().to_string(), "it broke");
        assert_eq!(work.asked, [StepId::Identity]);
        let events = memory.0.lock().unwrap();
        assert_eq!(events[0], Event::StepFinished { step: StepId::Import, outcome: Outcome::skipped("already there") });
        let failed = Outcome::Failed { error: "it broke".into() };
        assert_eq!(events.last(), Some(&Event::StepFinished { step: StepId::Identity, outcome: failed }));
    }
}
