//! Waiting and chance, in one place so that tests need neither.

use std::fmt;
use std::time::Duration;

use futures_util::future::BoxFuture;

/// Sleeps and draws numbers for the pauses between attempts.
pub trait Pace: fmt::Debug + Send + Sync {
    /// Waits.
    fn sleep(&self, pause: Duration) -> BoxFuture<'static, ()>;

    /// A number from 0 to 1: which part of a pause is taken.
    fn jitter(&self) -> f64;
}

/// The clock and a random number.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealPace;

impl Pace for RealPace {
    fn sleep(&self, pause: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(pause))
    }

    fn jitter(&self) -> f64 {
        fastrand::f64()
    }
}
