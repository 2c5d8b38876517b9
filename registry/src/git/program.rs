//! The machine's git: looked for, its version checked, run where it sees no configuration but the repository's own.

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use super::GitError;

/// The oldest git that will do: major and minor.
const OLDEST: (u32, u32) = (2, 31);

/// Whether this machine has a git that can serve repositories.
///
/// # Errors
/// [`GitError::Absent`] and [`GitError::Version`].
pub fn check() -> Result<(), GitError> {
    let output = std::process::Command::new("git").arg("version").stdin(Stdio::null()).output();
    let output = output.map_err(|_| GitError::Absent)?;
    let said = String::from_utf8_lossy(&output.stdout);
    let version = said.trim().trim_start_matches("git version ");
    let mut numbers = version.split('.').map(|part| part.parse::<u32>().ok());
    match (numbers.next().flatten(), numbers.next().flatten()) {
        (Some(major), Some(minor)) if (major, minor) >= OLDEST => Ok(()),
        _ => Err(GitError::Version(version.chars().take(80).collect())),
    }
}

/// Git in one repository, where it sees no configuration but this. Nobody is asked for anything.
pub fn alone<'s>(repository: &Path, settings: impl IntoIterator<Item = (&'s str, &'s OsStr)>) -> std::process::Command {
    let mut command = std::process::Command::new("git");
    command.env_clear().current_dir(repository).env("LC_ALL", "C").env("HOME", repository);
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_TERMINAL_PROMPT", "0");
    command.env("GIT_ATTR_NOSYSTEM", "1").env("GIT_NO_REPLACE_OBJECTS", "1");
    let mut count = 0;
    for (number, (key, value)) in settings.into_iter().enumerate() {
        command.env(format!("GIT_CONFIG_KEY_{number}"), key).env(format!("GIT_CONFIG_VALUE_{number}"), value);
        count = number + 1;
    }
    command.env("GIT_CONFIG_COUNT", count.to_string()).stdin(Stdio::null());
    command
}

/// Git in one repository, for a server: it says nothing, and ends with who began it.
pub(super) fn git(repository: &Path) -> Command {
    let settings = [
        ("safe.directory", repository.as_os_str()),
        ("core.hooksPath", OsStr::new("/dev/null")),
        ("gc.auto", OsStr::new("0")),
        ("maintenance.auto", OsStr::new("false")),
    ];
    let mut command = Command::from(alone(repository, settings));
    command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    command
}

/// Why a program could not be started.
pub(super) fn not_started(path: &Path) -> impl FnOnce(io::Error) -> GitError {
    let path = path.to_owned();
    move |source| match source.kind() {
        io::ErrorKind::NotFound if path.is_dir() => GitError::Absent,
        _ => GitError::Io { path, source },
    }
}
