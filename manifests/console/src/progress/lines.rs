//! A line now and then, for logs and for programs.

use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use super::Unit;
use crate::terminal::printable;
use crate::units;

/// The language of the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Words {
    Plain,
    Json,
}

impl Words {
    /// The shortest time between two lines of a task.
    fn pause(self) -> Duration {
        match self {
            Self::Plain => Duration::from_secs(5),
            Self::Json => Duration::from_secs(1),
        }
    }
}

#[derive(Debug)]
pub(super) struct Ticker {
    name: String,
    unit: Unit,
    words: Words,
    started: Instant,
    done: AtomicU64,
    /// `u64::MAX` for not known.
    total: AtomicU64,
    /// When the next line is due, in milliseconds after the start.
    next: AtomicU64,
    finished: AtomicBool,
}

impl Ticker {
    pub(super) fn new(name: String, total: Option<u64>, unit: Unit, words: Words) -> Self {
        Self {
            name,
            unit,
            words,
            started: Instant::now(),
            done: AtomicU64::new(0),
            total: AtomicU64::new(total.unwrap_or(u64::MAX)),
            next: AtomicU64::new(words.pause().as_millis() as u64),
            finished: AtomicBool::new(false),
        }
    }

    pub(super) fn advance(&self, by: u64) {
        let done = self.done.fetch_add(by, Ordering::Relaxed) + by;
        let elapsed = self.started.elapsed();
        let (now, next) = (elapsed.as_millis() as u64, self.next.load(Ordering::Relaxed));
        let later = now + self.words.pause().as_millis() as u64;
        // Of the threads that see a line fall due, one writes it.
        let mine = now >= next && self.next.compare_exchange(next, later, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if mine {
            say(&self.line(done, elapsed, false));
        }
    }

    pub(super) fn set_total(&self, total: u64) {
        self.total.store(total, Ordering::Relaxed);
    }

    pub(super) fn finish(&self) {
        if !self.finished.swap(true, Ordering::Relaxed) {
            say(&self.line(self.done.load(Ordering::Relaxed), self.started.elapsed(), true));
        }
    }

    fn line(&self, done: u64, took: Duration, finished: bool) -> String {
        let total = Some(self.total.load(Ordering::Relaxed)).filter(|total| *total != u64::MAX);
        let rate = (done as f64 / took.as_secs_f64().max(0.001)) as u64;
        let left = total.filter(|_| rate > 0 && !finished).map(|total| total.saturating_sub(done) / rate.max(1));
        let state = State { done, total, rate, left, took, finished };
        match self.words {
            Words::Json => self.json(&state),
            Words::Plain => self.plain(&state),
        }
    }

    fn json(&self, state: &State) -> String {
        let unit = if self.unit == Unit::Bytes { "bytes" } else { "items" };
        json!({
            "type": "progress", "schemaVersion": 1, "task": self.name, "unit": unit, "done": state.done,
            "total": state.total, "perSecond": state.rate, "secondsLeft": state.left, "finished": state.finished,
        })
        .to_string()
    }

    fn plain(&self, state: &State) -> String {
        let amount = |number: u64| match self.unit {
            Unit::Bytes => units::ByteSize(number).to_string(),
            Unit::Items => number.to_string(),
        };
        let mut line = format!("{}: {}", printable(&self.name), amount(state.done));
        if let Some(total) = state.total.filter(|total| !state.finished || *total != state.done) {
            line.push_str(&format!(" of {}", amount(total)));
        }
        if self.unit == Unit::Bytes {
            line.push_str(&format!(", {}/s", amount(state.rate)));
        }
        if state.finished {
            line.push_str(&format!(", done in {}", units::Duration(state.took)));
        }
        if let Some(left) = state.left {
            line.push_str(&format!(", {} left", units::Duration(Duration::from_secs(left))));
        }
        line
    }
}

/// How far a task is at one moment.
struct State {
    done: u64,
    total: Option<u64>,
    /// Per second.
    rate: u64,
    /// Seconds.
    left: Option<u64>,
    took: Duration,
    finished: bool,
}

fn say(line: &str) {
    // Progress that can't be told is no reason to fail.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticker(unit: Unit, words: Words) -> Ticker {
        Ticker::new("import".to_owned(), Some(4 << 20), unit, words)
    }

    #[test]
    fn plain_lines_say_how_far_how_fast_and_how_long() {
        let line = ticker(Unit::Bytes, Words::Plain).line(1 << 20, Duration::from_secs(2), false);
        assert_eq!(line, "import: 1.0 MiB of 4.0 MiB, 512.0 KiB/s, 6.0 s left");
        let line = ticker(Unit::Bytes, Words::Plain).line(4 << 20, Duration::from_secs(64), true);
        assert_eq!(line, "import: 4.0 MiB, 64.0 KiB/s, done in 1 min 4 s");
    }

    #[test]
    fn programs_get_numbers() {
        let line = ticker(Unit::Items, Words::Json).line(10, Duration::from_secs(5), false);
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&value["task"], &value["unit"]), (&"import".into(), &"items".into()));
        assert_eq!((&value["done"], &value["perSecond"], &value["finished"]), (&10.into(), &2.into(), &false.into()));
    }
}
