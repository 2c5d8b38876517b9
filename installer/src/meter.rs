//! Adds up bytes from many threads and tells them now and then.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::event::{Event, Reporter, StepId};

/// How often progress is told at most.
const PAUSE: Duration = Duration::from_millis(200);

/// The bytes of a step.
#[derive(Debug)]
pub struct Meter<'a, 'b> {
    reporter: &'a Reporter<'b>,
    step: StepId,
    total: u64,
    done: AtomicU64,
    told: Mutex<Instant>,
}

impl<'a, 'b> Meter<'a, 'b> {
    /// Nothing of `total` bytes is done.
    pub fn new(reporter: &'a Reporter<'b>, step: StepId, total: u64) -> Self {
        Self { reporter, step, total, done: AtomicU64::new(0), told: Mutex::new(Instant::now()) }
    }

    /// Adds to what is done.
    pub fn advance(&self, bytes: u64) {
        let done = self.done.fetch_add(bytes, Ordering::Relaxed) + bytes;
        // Whoever finds it taken has nothing to tell that another doesn't tell just now.
        let Ok(mut told) = self.told.try_lock() else { return };
        if told.elapsed() >= PAUSE {
            *told = Instant::now();
            // A terminal that is gone is no reason to stop; a journal that is full shows at the step's end.
            let _ = self.reporter.emit(Event::Progress { step: self.step, done, total: self.total });
        }
    }
}
