//! Time-outs without timers: each connection says what it is doing, and one task looks at all of them from time to
//! time. A request costs two stores this way instead of two timers.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::Limits;

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Phase {
    /// Waiting for the first byte of a request.
    Idle = 0,
    /// In the middle of a head or a handshake, or reading off a body.
    Head = 1,
    /// Working on the answer, or waiting for the disk: the client is not to blame.
    Work = 2,
    /// Sending.
    Send = 3,
}

/// One connection, as its watcher sees it.
#[derive(Debug)]
pub(super) struct Watch {
    phase: AtomicU8,
    /// Counts the changes of phase: the same number means the same wait.
    epoch: AtomicU64,
    sent: AtomicU64,
    cancelled: Notify,
    seen: Mutex<Seen>,
    peer: IpAddr,
}

/// What the watcher saw last, and when that began.
#[derive(Debug, Clone, Copy)]
struct Seen {
    epoch: u64,
    sent: u64,
    since: Instant,
}

impl Watch {
    pub(super) fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Relaxed);
        self.epoch.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn sent(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Returns when the connection has to end.
    pub(super) async fn cancelled(&self) {
        self.cancelled.notified().await;
    }

    pub(super) fn cancel(&self) {
        self.cancelled.notify_one();
    }

    fn overdue(&self, limits: &Limits, draining: bool, now: Instant) -> bool {
        let (epoch, sent) = (self.epoch.load(Ordering::Relaxed), self.sent.load(Ordering::Relaxed));
        let phase = self.phase.load(Ordering::Relaxed);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let moved = phase == Phase::Send as u8 && sent - seen.sent >= limits.stall_bytes;
        if epoch != seen.epoch || moved {
            *seen = Seen { epoch, sent, since: now };
        }
        let waited = now.duration_since(seen.since);
        match phase {
            phase if phase == Phase::Idle as u8 => draining || waited >= limits.idle_timeout,
            phase if phase == Phase::Head as u8 => waited >= limits.head_timeout,
            phase if phase == Phase::Send as u8 => waited >= limits.stall_timeout,
            _ => false,
        }
    }
}

/// All connections of a server.
#[derive(Debug)]
pub(super) struct Watchers {
    all: Mutex<Inner>,
    draining: AtomicBool,
}

#[derive(Debug, Default)]
struct Inner {
    next: u64,
    open: HashMap<u64, Arc<Watch>>,
    peers: HashMap<IpAddr, usize>,
}

/// A connection's entry; it leaves the list when it is dropped.
#[derive(Debug)]
pub(super) struct Entry {
    watchers: Arc<Watchers>,
    number: u64,
    pub(super) watch: Arc<Watch>,
}

impl Watchers {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { all: Mutex::default(), draining: AtomicBool::new(false) })
    }

    /// Enters a connection, unless its peer has too many already.
    pub(super) fn enter(self: &Arc<Self>, peer: IpAddr, limits: &Limits) -> Option<Entry> {
        let mut inner = self.lock();
        let count = inner.peers.entry(peer).or_insert(0);
        if *count >= limits.connections_per_peer {
            return None;
        }
        *count += 1;
        let number = inner.next;
        inner.next += 1;
        let watch = Arc::new(Watch {
            phase: AtomicU8::new(Phase::Head as u8),
            epoch: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            cancelled: Notify::new(),
            seen: Mutex::new(Seen { epoch: 0, sent: 0, since: Instant::now() }),
            peer,
        });
        inner.open.insert(number, Arc::clone(&watch));
        Some(Entry { watchers: Arc::clone(self), number, watch })
    }

    /// Ends the connections that are overdue.
    pub(super) fn sweep(&self, limits: &Limits) {
        let (now, draining) = (Instant::now(), self.draining());
        for watch in self.lock().open.values() {
            if watch.overdue(limits, draining, now) {
                watch.cancel();
            }
        }
    }

    /// Ends the idle ones now and lets the others end with their response.
    pub(super) fn drain(&self, limits: &Limits) {
        self.draining.store(true, Ordering::Release);
        self.sweep(limits);
    }

    pub(super) fn draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    pub(super) fn count(&self) -> usize {
        self.lock().open.len()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut inner = self.watchers.lock();
        inner.open.remove(&self.number);
        if let Some(count) = inner.peers.get_mut(&self.watch.peer) {
            *count -= 1;
            if *count == 0 {
                inner.peers.remove(&self.watch.peer);
            }
        }
    }
}

/// How often to look: often enough for the shortest time-out to be kept within a quarter.
pub(super) fn sweep_interval(limits: &Limits) -> Duration {
    let shortest = limits.head_timeout.min(limits.idle_timeout).min(limits.stall_timeout);
    (shortest / 4).clamp(Duration::from_millis(10), Duration::from_secs(1))
}
