use std::time::{Duration, SystemTime};

/// The `Date` header's value, worked out once a second.
pub(super) struct Date {
    text: String,
    until: SystemTime,
}

impl Date {
    pub(super) fn new() -> Self {
        Self { text: String::new(), until: SystemTime::UNIX_EPOCH }
    }

    pub(super) fn now(&mut self) -> &str {
        let now = SystemTime::now();
        // A clock that was set back by more than a second is followed too.
        if now >= self.until || self.until.duration_since(now).is_ok_and(|ahead| ahead > Duration::from_secs(1)) {
            self.text = httpdate::fmt_http_date(now);
            self.until = now + Duration::from_secs(1);
        }
        &self.text
    }
}
