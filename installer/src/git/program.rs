//! The machine's git, run where it sees no configuration but what it is told.

use std::ffi::OsStr;
use std::path::Path;

use registry::git::alone;

use super::GitPushError;

/// What is set for every call: nothing of a repository runs, nobody is asked, and a server that says nothing is given up.
const SETTINGS: [(&str, &str); 8] = [
    ("safe.directory", "*"),
    ("core.hooksPath", "/dev/null"),
    ("credential.helper", ""),
    ("protocol.allow", "never"),
    ("protocol.https.allow", "always"),
    ("protocol.http.allow", "always"),
    ("http.lowSpeedLimit", "1000"),
    ("http.lowSpeedTime", "60"),
];
/// Characters of complaints that are told.
const COMPLAINTS: usize = 600;

/// How git ended.
pub(super) struct Ended {
    pub(super) success: bool,
    pub(super) stdout: String,
    /// What it complained of, on one line.
    pub(super) said: String,
}

/// Runs git in a repository.
pub(super) fn git(
    repository: &Path,
    configuration: &[(String, String)],
    arguments: &[&str],
) -> Result<Ended, GitPushError> {
    let told = configuration.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    let settings = SETTINGS.into_iter().chain(told).map(|(key, value)| (key, OsStr::new(value)));
    let output = alone(repository, settings).args(arguments).output();
    let output = output.map_err(|source| GitPushError::Start { program: "git", source })?;
    let said = String::from_utf8_lossy(&output.stderr);
    let words = said.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let said: String = words.collect::<Vec<_>>().join(" ").chars().take(COMPLAINTS).collect();
    // What git would ask a person for, it got already.
    let said = match said.contains("terminal prompts disabled") {
        true => "the server wants a user and password that it knows".to_owned(),
        false => said.strip_prefix("fatal: ").unwrap_or(&said).to_owned(),
    };
    Ok(Ended { success: output.status.success(), stdout: String::from_utf8_lossy(&output.stdout).into_owned(), said })
}
