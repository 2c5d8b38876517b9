//! The field `Status` of dpkg's database: `install ok installed`.

use std::str::FromStr;

/// What dpkg knows of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// What is wanted of it.
    pub selection: Selection,
    /// Whether dpkg asks for it to be installed anew.
    pub reinstall: bool,
    /// How far it is installed.
    pub state: State,
}

/// What is wanted of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selection {
    /// Nothing was said.
    Unknown,
    /// It should be installed.
    Install,
    /// It should stay as it is.
    Hold,
    /// It should be removed.
    Deinstall,
    /// It should be removed with its configuration.
    Purge,
}

/// How far a package is installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Not at all.
    NotInstalled,
    /// Only its configuration is left.
    ConfigFiles,
    /// Some of its files are there.
    HalfInstalled,
    /// Its files are there, and it was not configured.
    Unpacked,
    /// Configuring it failed.
    HalfConfigured,
    /// It waits for another package's triggers.
    TriggersAwaited,
    /// Its triggers were not run yet.
    TriggersPending,
    /// It is installed.
    Installed,
}

impl State {
    /// Whether files of the package are there, so that it counts as installed for apt.
    pub fn has_files(self) -> bool {
        !matches!(self, Self::NotInstalled | Self::ConfigFiles)
    }

    /// Whether nothing is left to do for it.
    pub fn is_settled(self) -> bool {
        matches!(self, Self::NotInstalled | Self::ConfigFiles | Self::Installed)
    }
}

impl FromStr for Status {
    type Err = StatusError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        let [selection, flag, state] = words[..] else { return Err(StatusError) };
        let selection = match selection {
            "unknown" => Selection::Unknown,
            "install" => Selection::Install,
            "hold" => Selection::Hold,
            "deinstall" => Selection::Deinstall,
            "purge" => Selection::Purge,
            _ => return Err(StatusError),
        };
        let reinstall = match flag {
            "ok" => false,
            "reinstreq" => true,
            _ => return Err(StatusError),
        };
        let state = match state {
            "not-installed" => State::NotInstalled,
            "config-files" => State::ConfigFiles,
            "half-installed" => State::HalfInstalled,
            "unpacked" => State::Unpacked,
            "half-configured" => State::HalfConfigured,
            "triggers-awaited" => State::TriggersAwaited,
            "triggers-pending" => State::TriggersPending,
            "installed" => State::Installed,
            _ => return Err(StatusError),
        };
        Ok(Self { selection, reinstall, state })
    }
}

/// A text that is no status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected three words of dpkg, such as `install ok installed`")]
pub struct StatusError;
