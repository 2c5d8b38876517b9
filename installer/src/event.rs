//! What happens, as data: the installer's work tells it, the terminal, the JSON log and the journal consume it.
//!
//! The form is versioned and only ever grows: a consumer that meets an event, a step or an outcome it does not know
//! reads it as `Unknown` and goes on.

use std::sync::{Mutex, OnceLock};

use jiff::Timestamp;
use manifests::Digest;
use serde::{Deserialize, Serialize};

use crate::readiness::Status;

/// The version of [`Record`]'s form.
pub const VERSION: u32 = 1;

/// An event and when it happened: one line of the journal and of the JSON log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// [`VERSION`].
    pub v: u32,
    /// When it happened, by this machine's clock.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A command began to change the site.
    RunStarted {
        /// `install`, `remove`, …
        command: String,
        /// The bundle it is about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bundle: Option<BundleId>,
    },
    /// A step began.
    StepStarted {
        /// Which.
        step: StepId,
        /// What it does, for people.
        title: String,
    },
    /// A step is under way. Not kept in the journal.
    Progress {
        /// Which.
        step: StepId,
        /// Bytes done.
        done: u64,
        /// Bytes in all.
        total: u64,
    },
    /// A step ended.
    StepFinished {
        /// Which.
        step: StepId,
        /// How.
        #[serde(flatten)]
        outcome: Outcome,
    },
    /// A check of the nodes found something, before anything is done to them.
    Checked {
        /// Which.
        check: String,
        /// What came of it: never `pass`.
        status: Status,
        /// The nodes on which it found this.
        nodes: Vec<String>,
        /// What was found.
        found: String,
        /// Why it is ignored, if it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A step on a node, or on the whole cluster, began.
    NodeStepStarted {
        /// The node; none: the cluster.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node: Option<String>,
        /// `release`, `start`, …
        kind: String,
        /// What it does, for people.
        title: String,
    },
    /// A step on a node, or on the whole cluster, ended.
    NodeStepFinished {
        /// The node; none: the cluster.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node: Option<String>,
        /// `release`, `start`, …
        kind: String,
        /// How.
        #[serde(flatten)]
        outcome: Outcome,
    },
    /// The command ended.
    RunFinished {
        /// How.
        #[serde(flatten)]
        outcome: Outcome,
    },
    /// An event of a later version.
    #[serde(other)]
    Unknown,
}

/// Which bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundleId {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The digest of its `bundle.json`.
    pub digest: Digest,
}

impl BundleId {
    /// Names the bundle that a document describes.
    pub fn new(document: &manifests::Document, digest: Digest) -> Self {
        Self { name: document.name.to_string(), version: document.version.to_string(), digest }
    }
}

/// The steps of an installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepId {
    /// Room, permissions and ports are as the others will need them.
    Preflight,
    /// Every byte of a bundle is read and checked; nothing is kept.
    Verify,
    /// The bundle becomes a generation.
    Import,
    /// The version is remembered: no older one is accepted from here on.
    Floor,
    /// The site's certificate authority, the server's certificate and the credentials.
    Identity,
    /// The server runs.
    Serve,
    /// A generation goes.
    Remove,
    /// The site's server goes.
    Uninstall,
    /// A step of a later version.
    #[serde(other)]
    Unknown,
}

/// How a step or a command ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// It was done, and checked afterwards.
    Done {
        /// What came of it, for people.
        detail: String,
    },
    /// There was nothing to do.
    Skipped {
        /// Why.
        reason: String,
    },
    /// It was done, but somebody should look.
    Warned {
        /// At what.
        warning: String,
    },
    /// It was not done.
    Failed {
        /// Why.
        error: String,
    },
    /// An outcome of a later version.
    #[serde(other)]
    Unknown,
}

impl Outcome {
    /// Done, and what came of it.
    pub fn done(detail: impl Into<String>) -> Self {
        Self::Done { detail: detail.into() }
    }

    /// Nothing to do, and why.
    pub fn skipped(reason: impl Into<String>) -> Self {
        Self::Skipped { reason: reason.into() }
    }
}

/// Consumes events: a terminal, a log, the journal.
pub trait Sink: Send {
    /// Takes one. A sink that can't keep an event says so; the work stops then.
    ///
    /// # Errors
    /// What stopped the sink from writing.
    fn take(&mut self, record: &Record) -> std::io::Result<()>;
}

/// Hands events to the sinks. Shared by the threads of a step.
pub struct Reporter<'a> {
    clock: &'a (dyn Fn() -> Timestamp + Sync),
    sinks: Mutex<Vec<Box<dyn Sink + 'a>>>,
    journaled: OnceLock<()>,
}

impl<'a> Reporter<'a> {
    /// Reports to `sinks`, with the time that `clock` tells.
    pub fn new(clock: &'a (dyn Fn() -> Timestamp + Sync), sinks: Vec<Box<dyn Sink + 'a>>) -> Self {
        Self { clock, sinks: Mutex::new(sinks), journaled: OnceLock::new() }
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Adds a consumer, the journal, once there is a place for it. Parts of one command may each ask for it: it is added once.
    pub fn attach(&self, journal: Box<dyn Sink + 'a>) {
        if self.journaled.set(()).is_ok() {
            self.lock().push(journal);
        }
    }

    /// Hands an event to every sink.
    ///
    /// # Errors
    /// The first sink's that failed, after all had their turn.
    pub fn emit(&self, event: Event) -> std::io::Result<()> {
        let record = Record { v: VERSION, at: self.now(), event };
        let mut failed = Ok(());
        for sink in self.lock().iter_mut() {
            failed = failed.and(sink.take(&record));
        }
        failed
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Box<dyn Sink + 'a>>> {
        // A sink that panicked left no half-made state that would matter to the others.
        self.sinks.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Reporter<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reporter")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_record_is_one_line_of_json_and_comes_back_the_same() {
        let event = Event::StepFinished { step: StepId::Import, outcome: Outcome::done("generation 1") };
        let record = Record { v: VERSION, at: Timestamp::UNIX_EPOCH, event };
        let line = serde_json::to_string(&record).unwrap();
        insta::assert_snapshot!(line, @r#"{"v":1,"at":"1970-01-01T00:00:00Z","event":"step-finished","step":"import","outcome":"done","detail":"generation 1"}"#);
        assert_eq!(serde_json::from_str::<Record>(&line).unwrap(), record);
    }

    #[test]
    fn who_takes_the_responsibility_for_a_check_is_remembered_with_the_reason() {
        let (check, found) = ("cpu-count".to_owned(), "1 of 2".to_owned());
        let (nodes, reason) = (vec!["n1".to_owned(), "n2".to_owned()], Some("a test".to_owned()));
        let event = Event::Checked { check, status: Status::Ignored, nodes, found, reason };
        let record = Record { v: VERSION, at: Timestamp::UNIX_EPOCH, event };
        let line = serde_json::to_string(&record).unwrap();
        insta::assert_snapshot!(line, @r#"{"v":1,"at":"1970-01-01T00:00:00Z","event":"checked","check":"cpu-count","status":"ignored","nodes":["n1","n2"],"found":"1 of 2","reason":"a test"}"#);
        assert_eq!(serde_json::from_str::<Record>(&line).unwrap(), record);
    }

    #[test]
    fn what_a_later_version_writes_is_read_as_unknown() {
        let read = |text: &str| serde_json::from_str::<Record>(text).unwrap().event;
        let later = r#"{"v":2,"at":"1970-01-01T00:00:00Z","event":"node-rebooted","node":"n1"}"#;
        assert_eq!(read(later), Event::Unknown);
        let later =
            r#"{"v":2,"at":"1970-01-01T00:00:00Z","event":"step-finished","step":"drain","outcome":"postponed"}"#;
        assert_eq!(read(later), Event::StepFinished { step: StepId::Unknown, outcome: Outcome::Unknown });
    }
}
