//! How many requests run at once, in all and for each host; and hosts that asked for a pause.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Pace;

/// Lets requests through.
#[derive(Debug)]
pub(super) struct Gate {
    all: Arc<Semaphore>,
    hosts: Mutex<HashMap<String, Arc<Host>>>,
    per_host: usize,
}

#[derive(Debug)]
struct Host {
    semaphore: Arc<Semaphore>,
    paused_until: Mutex<Option<Instant>>,
}

/// The right to have one request running.
#[derive(Debug)]
pub(super) struct Permit {
    _host: Option<OwnedSemaphorePermit>,
    _all: Option<OwnedSemaphorePermit>,
}

impl Gate {
    pub(super) fn new(all: usize, per_host: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(all.max(1))), hosts: Mutex::default(), per_host: per_host.max(1) }
    }

    /// Waits for a turn. The permit counts for the host that was asked first: a request that is redirected to a
    /// content network goes on under it.
    pub(super) async fn enter(&self, host: &str, limit: Option<usize>, pace: &dyn Pace) -> Permit {
        let host = self.host(host, limit);
        // The host's turn comes first: who waits for a busy host must not take a place that others could use.
        let own = Arc::clone(&host.semaphore).acquire_owned().await.ok();
        let pause = host.paused_until.lock().unwrap_or_else(PoisonError::into_inner).take_future();
        if let Some(pause) = pause {
            pace.sleep(pause).await;
        }
        let all = Arc::clone(&self.all).acquire_owned().await.ok();
        Permit { _host: own, _all: all }
    }

    /// Remembers that a host wants to be left alone for a while.
    pub(super) fn pause(&self, host: &str, pause: Duration) {
        let host = self.host(host, None);
        let until = Instant::now() + pause;
        let mut paused = host.paused_until.lock().unwrap_or_else(PoisonError::into_inner);
        *paused = Some(paused.map_or(until, |earlier| earlier.max(until)));
    }

    fn host(&self, host: &str, limit: Option<usize>) -> Arc<Host> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let host = hosts.entry(host.to_owned()).or_insert_with(|| {
            let limit = limit.unwrap_or(self.per_host).max(1);
            Arc::new(Host { semaphore: Arc::new(Semaphore::new(limit)), paused_until: Mutex::default() })
        });
        Arc::clone(host)
    }
}

trait TakeFuture {
    fn take_future(&mut self) -> Option<Duration>;
}

impl TakeFuture for Option<Instant> {
    /// The time that is still to wait; forgets an instant that has passed.
    fn take_future(&mut self) -> Option<Duration> {
        let left = self.and_then(|until| until.checked_duration_since(Instant::now()));
        if left.is_none() {
            *self = None;
        }
        left
    }
}
