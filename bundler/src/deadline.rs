//! The time by which a build has to be done, if somebody says one.

use std::time::Instant;

/// Waits for a deadline; for ever, where there is none.
pub(crate) async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}
