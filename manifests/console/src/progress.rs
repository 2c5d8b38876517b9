//! Progress on standard error: bars on a terminal, a line now and then without one, JSON lines for programs.
//!
//! ```
//! # use airgap_console::Progress;
//! let progress = Progress::hidden();
//! let build = progress.bytes("build", Some(1_000));
//! let blob = build.child("sha256:e3b0", 400); // shown on a terminal only
//! blob.advance(400); // advances `build` too
//! blob.finish();
//! build.finish();
//! ```

mod bars;
mod lines;

use std::sync::Arc;

use self::bars::Bar;
use self::lines::{Ticker, Words};

/// Makes [`Task`]s and shows them. Cheap to clone; may be used from any thread.
#[derive(Debug, Clone)]
pub struct Progress(Mode);

#[derive(Debug, Clone)]
enum Mode {
    Hidden,
    Bars,
    Lines(Words),
}

/// What a task's numbers count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Bytes,
    Items,
}

impl Progress {
    /// Shows nothing.
    pub fn hidden() -> Self {
        Self(Mode::Hidden)
    }

    /// Bars on a terminal, plain lines elsewhere.
    pub fn text() -> Self {
        Self(if crate::terminal::bars() { Mode::Bars } else { Mode::Lines(Words::Plain) })
    }

    /// JSON lines, described in docs/json-output.md.
    pub fn json() -> Self {
        Self(Mode::Lines(Words::Json))
    }

    /// A task measured in bytes. `total` may come later, or never.
    pub fn bytes(&self, name: impl Into<String>, total: Option<u64>) -> Task {
        self.task(name.into(), total, Unit::Bytes)
    }

    /// A task measured in things: images, files.
    pub fn items(&self, name: impl Into<String>, total: Option<u64>) -> Task {
        self.task(name.into(), total, Unit::Items)
    }

    fn task(&self, name: String, total: Option<u64>, unit: Unit) -> Task {
        let view = match &self.0 {
            Mode::Hidden => View::Hidden,
            Mode::Bars => View::Bar(Bar::new(&name, total, unit)),
            Mode::Lines(words) => View::Ticker(Ticker::new(name, total, unit, *words)),
        };
        Task(Arc::new(Shared { view, parent: None }))
    }
}

/// Something that is under way. Cheap to clone; may be used from any thread. It leaves the terminal when it is
/// finished or when its last clone is gone.
#[derive(Debug, Clone)]
pub struct Task(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    view: View,
    parent: Option<Task>,
}

#[derive(Debug)]
enum View {
    Hidden,
    Bar(Bar),
    Ticker(Ticker),
}

impl Task {
    /// A part of this task, measured in bytes, with a bar of its own on a terminal. What it advances, this advances.
    pub fn child(&self, name: impl Into<String>, total: u64) -> Self {
        let view = match &self.0.view {
            View::Bar(_) => View::Bar(Bar::child(&name.into(), total)),
            View::Hidden | View::Ticker(_) => View::Hidden,
        };
        Self(Arc::new(Shared { view, parent: Some(self.clone()) }))
    }

    /// Adds to what is done.
    pub fn advance(&self, by: u64) {
        match &self.0.view {
            View::Hidden => {}
            View::Bar(bar) => bar.advance(by),
            View::Ticker(ticker) => ticker.advance(by),
        }
        if let Some(parent) = &self.0.parent {
            parent.advance(by);
        }
    }

    /// Says how much there is to do in all.
    pub fn set_total(&self, total: u64) {
        match &self.0.view {
            View::Hidden => {}
            View::Bar(bar) => bar.set_total(total),
            View::Ticker(ticker) => ticker.set_total(total),
        }
    }

    /// Marks it as done. Calling it again changes nothing.
    pub fn finish(&self) {
        match &self.0.view {
            View::Hidden => {}
            View::Bar(bar) => bar.finish(),
            View::Ticker(ticker) => ticker.finish(),
        }
    }
}
