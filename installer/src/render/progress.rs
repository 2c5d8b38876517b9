//! How far a long step is: a bar on a terminal, a line now and then elsewhere.

use std::io;

use airgap_console::{Progress, Task};

use super::lines::name;
use crate::event::{Event, Record, Sink, StepId};

/// Shows the progress of the step that is under way.
#[derive(Debug)]
pub struct Bar {
    progress: Progress,
    current: Option<(StepId, Task, u64)>,
}

impl Bar {
    /// Shows it by `progress`.
    pub fn new(progress: Progress) -> Self {
        Self { progress, current: None }
    }
}

impl Sink for Bar {
    fn take(&mut self, record: &Record) -> io::Result<()> {
        match record.event {
            Event::Progress { step, done, total } => {
                let current = self.current.take().filter(|(of, ..)| *of == step);
                let (step, task, before) =
                    current.unwrap_or_else(|| (step, self.progress.bytes(name(step), Some(total)), 0));
                task.advance(done.saturating_sub(before));
                self.current = Some((step, task, done.max(before)));
            }
            Event::StepFinished { .. } => {
                if let Some((_, task, _)) = self.current.take() {
                    task.finish();
                }
            }
            _ => {}
        }
        Ok(())
    }
}
