//! When to try again, and how long to wait before.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, RETRY_AFTER};

use super::{FetchError, Patience, Settings};

/// How the last attempt failed: should the deadline pass before the next one has succeeded, this is why.
#[derive(Debug, Default)]
pub(super) struct LastFailure(Mutex<Option<Box<FetchError>>>);

impl LastFailure {
    fn set(&self, error: FetchError) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(error));
    }

    pub(super) fn take(&self) -> Option<Box<FetchError>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Counts the attempts at one request.
#[derive(Debug)]
pub(super) struct Retry<'a> {
    failed: u32,
    last: &'a LastFailure,
}

impl<'a> Retry<'a> {
    pub(super) fn new(last: &'a LastFailure) -> Self {
        Self { failed: 0, last }
    }

    /// A download got on: the attempts count from here.
    pub(super) fn progressed(&mut self) {
        self.failed = 0;
        self.last.take();
    }

    /// Waits before the next attempt.
    ///
    /// # Errors
    /// The failure itself when it is of no use to try again, and the failure with the number of attempts when it was
    /// tried often enough.
    pub(super) async fn pause_after(&mut self, error: FetchError, settings: &Settings) -> Result<(), FetchError> {
        if !error.is_temporary() {
            return Err(error);
        }
        self.failed += 1;
        if self.failed >= settings.patience.attempts {
            let help = miette::Diagnostic::help(&error).map(|help| help.to_string());
            return Err(FetchError::GaveUp { attempts: self.failed, source: Box::new(error), help });
        }
        let pause = pause(self.failed, error.retry_after(), &settings.patience, settings.pace.jitter());
        tracing::debug!(%error, attempt = self.failed, pause_ms = pause.as_millis(), "trying again");
        self.last.set(error);
        settings.pace.sleep(pause).await;
        Ok(())
    }
}

/// Exponential back-off with full jitter; what the server asks for is honoured, with a little spread behind it so
/// that not everybody comes back at the same moment.
fn pause(failed: u32, asked: Option<Duration>, patience: &Patience, jitter: f64) -> Duration {
    let doubled = patience.first_pause.saturating_mul(1 << (failed - 1).min(16));
    let spread = doubled.min(patience.longest_pause).mul_f64(jitter.clamp(0.0, 1.0));
    match asked {
        Some(asked) => (asked + patience.first_pause.mul_f64(jitter.clamp(0.0, 1.0))).min(patience.longest_pause),
        None => spread,
    }
}

/// What `Retry-After` asks for: seconds or a date (RFC 9110, section 10.2.3).
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(Duration::from_secs(seconds.into()));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_jitter_takes_a_part_of_them() {
        let patience = Patience::default();
        let millis = |failed, jitter| pause(failed, None, &patience, jitter).as_millis();
        assert_eq!([millis(1, 1.0), millis(2, 1.0), millis(3, 1.0), millis(30, 1.0)], [500, 1000, 2000, 60_000]);
        assert_eq!([millis(1, 0.0), millis(3, 0.5)], [0, 1000]);
    }

    #[test]
    fn a_server_that_asks_for_a_pause_gets_it_up_to_a_limit() {
        let patience = Patience::default();
        let seconds = |asked| pause(1, Some(Duration::from_secs(asked)), &patience, 0.0).as_secs();
        assert_eq!([seconds(7), seconds(86_400)], [7, 60]);
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        let now = httpdate::parse_http_date("Wed, 21 Oct 2026 07:28:00 GMT").unwrap();
        let read = |text: &str| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            retry_after(&headers, now).map(|pause| pause.as_secs())
        };
        assert_eq!(read("120"), Some(120));
        assert_eq!(read("Wed, 21 Oct 2026 07:28:30 GMT"), Some(30));
        assert_eq!(read("Wed, 21 Oct 2026 07:00:00 GMT"), Some(0));
        assert_eq!([read("soon"), read("-1")], [None, None]);
    }
}
