//! Why a machine can't be reached, before it is known for which machine that matters.

use crate::host::HostError;

/// Why a session does not come about.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{text}")]
pub(super) struct Problem {
    text: String,
    help: String,
    passing: bool,
}

impl Problem {
    /// One that stays until somebody does something.
    pub(super) fn lasting(text: impl Into<String>, help: impl Into<String>) -> Self {
        Self { text: text.into(), help: help.into(), passing: false }
    }

    /// One that may be gone when it is tried again.
    pub(super) fn passing(text: impl Into<String>, help: impl Into<String>) -> Self {
        Self { text: text.into(), help: help.into(), passing: true }
    }

    /// Whether it may be gone when it is tried again.
    pub(super) fn is_passing(&self) -> bool {
        self.passing
    }

    /// The same, of a machine on the way.
    pub(super) fn on_the_way(mut self, bastion: &str) -> Self {
        self.text = format!("the bastion {bastion}: {}", self.text);
        self
    }

    /// What it means for a machine.
    pub(super) fn of(self, host: &str) -> HostError {
        let Self { text, help, passing } = self;
        HostError::Unreachable { host: host.to_owned(), problem: text, help, passing }
    }
}

impl From<russh::Error> for Problem {
    fn from(error: russh::Error) -> Self {
        match error {
            russh::Error::NoCommonAlgo { ours, theirs, .. } => Self::lasting(
                format!("it shares no algorithm with us: it offers {}, we take {}", theirs.join(", "), ours.join(", ")),
                "update the machine's SSH server, or give it a host key of a kind that is known for it",
            ),
            error => Self::passing(
                format!("the SSH server broke off: {error}"),
                "look at the log of sshd on the machine; too many connections at once are refused by `MaxStartups`",
            ),
        }
    }
}
