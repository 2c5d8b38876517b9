//! `<state>/cluster/counting.json`: the counters that are on nodes now, and since when. It is there from before the first is made
//! until all are gone, so a run that was killed is known to have left some; and counters that are gone too early are missed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use registry::store::StoreError;
use serde::{Deserialize, Serialize};

use super::egress::{Begun, Egress, Gap};
use crate::cluster_files;

/// Since when a node counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Span {
    /// The moment, by the jump host's clock.
    since: Timestamp,
    /// The id of the node's boot: another one means that the counters of before are gone.
    boot: String,
    /// When nothing was counted, before that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    gaps: Vec<Gap>,
}

/// The counters of all nodes.
#[derive(Debug)]
pub struct Counting {
    state: PathBuf,
    now: fn() -> Timestamp,
    spans: Mutex<BTreeMap<String, Span>>,
}

impl Counting {
    /// As an earlier run has left it; the clock is `now`.
    ///
    /// # Errors
    /// [`StoreError`] when it can't be read.
    pub fn open(state: &Path, now: fn() -> Timestamp) -> Result<Self, StoreError> {
        let spans = Mutex::new(cluster_files::counting(state)?.unwrap_or_default());
        Ok(Self { state: state.to_owned(), now, spans })
    }

    /// Whether a run has begun to count and not ended it.
    pub fn is_open(&self) -> bool {
        !self.spans().is_empty()
    }

    /// A node counts from now on, or goes on with what it has counted.
    ///
    /// # Errors
    /// [`StoreError`] when it can't be written down.
    pub fn began(&self, node: &str, begun: &Begun) -> Result<(), StoreError> {
        let mut spans = self.spans();
        let now = (self.now)();
        match spans.get_mut(node) {
            Some(_) if begun.goes_on => {}
            Some(span) => {
                span.gaps.push(Gap { from: span.since, to: now, rebooted: span.boot != begun.boot });
                (span.since, span.boot) = (now, begun.boot.clone());
            }
            None => {
                let span = Span { since: now, boot: begun.boot.clone(), gaps: Vec::new() };
                spans.insert(node.to_owned(), span);
            }
        }
        cluster_files::write_counting(&self.state, &spans)
    }

    /// Adds to what a node has counted when it did not. `boot` is that of now.
    pub fn judge(&self, node: &str, egress: &mut Egress, boot: &str) {
        let spans = self.spans();
        let Some(span) = spans.get(node) else {
            if egress.is_gone {
                egress.problem = Some("it has no counters".into());
            }
            return;
        };
        egress.gaps = span.gaps.clone();
        if egress.is_gone {
            egress.gaps.push(Gap { from: span.since, to: (self.now)(), rebooted: span.boot != boot });
        }
    }

    /// All counters are gone.
    ///
    /// # Errors
    /// [`StoreError`] when that can't be written down.
    pub fn end(&self) -> Result<(), StoreError> {
        self.spans().clear();
        cluster_files::forget_counting(&self.state)
    }

    fn spans(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Span>> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    /// A clock that goes on by a minute whenever it is looked at.
    fn now() -> Timestamp {
        static MINUTES: AtomicI64 = AtomicI64::new(0);
        Timestamp::from_second(MINUTES.fetch_add(1, Ordering::Relaxed) * 60).unwrap()
    }

    fn begun(boot: &str, goes_on: bool) -> Begun {
        Begun { boot: boot.into(), goes_on, unknown: Vec::new() }
    }

    #[test]
    fn counters_that_are_lost_are_missed_by_the_next_run_and_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Counting::open(folder.path(), now).unwrap();
        let gaps = |counting: &Counting, is_gone: bool, boot: &str| {
            let mut egress = Egress { is_gone, ..Egress::default() };
            counting.judge("n1", &mut egress, boot);
            egress.gaps.iter().map(|gap| gap.rebooted).collect::<Vec<_>>()
        };
        let first = open();
        assert!(!first.is_open());
        first.began("n1", &begun("one", false)).unwrap();
        assert!(gaps(&first, false, "one").is_empty());
        // Killed, and gone on with: the same counters; then the node reboots, and the next run makes new ones.
        let next = open();
        assert!(next.is_open());
        next.began("n1", &begun("one", true)).unwrap();
        assert!(gaps(&next, false, "one").is_empty());
        let next = open();
        next.began("n1", &begun("two", false)).unwrap();
        assert_eq!(gaps(&next, false, "two"), [true]);
        // Somebody takes these away.
        assert_eq!(gaps(&next, true, "two"), [true, false]);
        assert!(gaps(&next, true, "two").len() == 2 && next.is_open());
        next.end().unwrap();
        assert!(!next.is_open() && !open().is_open());
    }
}
