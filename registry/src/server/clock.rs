use jiff::Timestamp;

/// The machine's clock, as far as it can be believed: what is served was made before now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    pub(crate) machine: fn() -> Timestamp,
    /// When the latest bundle was made.
    pub(crate) earliest: Timestamp,
}

impl Clock {
    pub(crate) fn now(self) -> Timestamp {
        (self.machine)().max(self.earliest)
    }
}
