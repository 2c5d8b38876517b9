//! Becoming root.
//!
//! The password goes to `sudo` when it asks, never before: where `sudo` does not ask, the password would end up in the
//! input of the command. `sudo` is known by its prompt, which is a word made for this one command, and asks twice when the
//! password is wrong. Neither can end in the command's input, which follows only after the command's mark.

use manifests::site::Become;

use crate::host::{HostError, Said};
use crate::secrets::{Secret, Secrets};

/// How the user becomes root.
#[derive(Debug, Clone)]
pub(super) enum Way {
    /// The user is root.
    Already,
    /// `sudo` asks nothing.
    Sudo,
    /// `sudo` asks for this. None: the secret was not fetched.
    Password(Option<Secret>),
}

/// Why the command did not begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The password is wrong.
    WrongPassword,
    /// `sudo`, or the shell of the user, ended.
    Ended,
}

impl Way {
    pub(super) fn of(said: &Become, secrets: &Secrets) -> Self {
        match said {
            Become::Nothing => Self::Already,
            Become::Sudo => Self::Sudo,
            Become::SudoWithPassword(source) => Self::Password(secrets.get(source).cloned()),
        }
    }

    /// In a word: `none`, `sudo` or `password`.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Already => "none",
            Self::Sudo => "sudo",
            Self::Password(_) => "password",
        }
    }

    /// The words before the command.
    pub(super) fn entrance<'w>(&self, prompt: &'w str) -> Vec<&'w str> {
        match self {
            Self::Already => Vec::new(),
            Self::Sudo => vec!["sudo", "-n", "--"],
            Self::Password(_) => vec!["sudo", "-S", "-k", "-p", prompt, "--"],
        }
    }

    /// What `sudo` is answered.
    pub(super) fn password(&self) -> Option<&Secret> {
        match self {
            Self::Password(secret) => secret.as_ref(),
            Self::Already | Self::Sudo => None,
        }
    }

    /// The error of a command that did not begin; `said` is what the machine said instead.
    pub(super) fn refused(&self, host: &str, user: &str, refusal: Refusal, said: &str) -> HostError {
        let said = Said::lines(said);
        if let Self::Already = self {
            let problem = format!("the shell of {user} ended before the command began{said}");
            let help = "look at the user's shell on the machine, and that it has `env`, `sh` and `timeout`".to_owned();
            return HostError::Unreachable { host: host.to_owned(), problem, help, passing: false };
        }
        let (problem, help) = match (self, refusal) {
            (Self::Password(_), Refusal::WrongPassword) => (
                "sudo does not take the password".to_owned(),
                format!("check the password that `become:` of {host} names: it is the one of {user} on that machine"),
            ),
            (Self::Sudo | Self::Already, _) => (
                format!("sudo refuses{said}"),
                format!(
                    "write `become: {{password: …}}`, or let it do without: `{user} ALL=(ALL) NOPASSWD: ALL` in \
                     /etc/sudoers.d/"
                ),
            ),
            (Self::Password(_), Refusal::Ended) => (
                format!("sudo refuses{said}"),
                format!("allow it on the machine: `{user} ALL=(ALL) ALL` in /etc/sudoers.d/"),
            ),
        };
        HostError::NotRoot { host: host.to_owned(), user: user.to_owned(), problem, help }
    }
}
