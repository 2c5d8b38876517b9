//! What a node holds of what it shall hold: asked in one round trip.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use manifests::Digest;
use miette::Diagnostic;

use super::version::Version;
use super::want::NodeWant;
use crate::host::{Command, Host, HostError, Input};

pub(super) const SCRIPT: &str = concat!(include_str!("../host/sha256.sh"), include_str!("survey.sh"));
/// Hashing archives of images of many gigabytes takes its time.
const PATIENCE: Duration = Duration::from_secs(900);
/// What is said of answers of which one is missing.
const UNFINISHED: &str = "not an answer for each question";

/// What a node holds of what it shall hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// The files, in the order of [`NodeWant::files`].
    pub files: Vec<FileState>,
    /// The packages, in the order of [`NodeWant::packages`].
    pub packages: Vec<PackageState>,
    /// The paths of files that were brought at any time and are there.
    pub ours: Vec<String>,
    /// Whether the unit runs.
    pub active: bool,
    /// Whether the unit comes back after a reboot.
    pub enabled: bool,
    /// The version that was started last; none where none ever was, as far as can be told.
    pub version: Option<Version>,
    /// What the unit was started with, as [`NodeWant::fingerprint`] names it.
    pub started: Option<Digest>,
}

/// How a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileState {
    /// As it shall be.
    Same,
    /// There, but otherwise.
    Differs,
    /// Not there.
    Absent,
}

/// How a package is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackageState {
    /// Installed, in the version that is wanted or a newer one.
    Same,
    /// Installed in an older version.
    Differs,
    /// Not installed.
    Absent,
}

/// Why a node could not be looked at.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum SurveyError {
    /// The machine is the trouble.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Host(#[from] HostError),
    /// It answered something else than it was asked.
    #[error("{host} answered in a way that is not understood: {line}")]
    Answer {
        /// The machine.
        host: String,
        /// What it said.
        line: String,
    },
}

impl SurveyError {
    /// Whether looking again may help.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Host(error) if error.is_passing())
    }
}

impl Survey {
    /// Whether nothing of a distribution has ever run there.
    pub fn never_ran(&self) -> bool {
        self.started.is_none() && self.version.is_none()
    }

    /// The paths of files that were brought and that nothing asks for any more.
    pub fn unwanted(&self, want: &NodeWant) -> Vec<&str> {
        let is_wanted = |path: &str| want.files.iter().any(|file| file.path == path);
        self.ours.iter().map(String::as_str).filter(|path| !is_wanted(path)).collect()
    }

    /// Whether a file is there otherwise than it shall be, of those whose path is such a one.
    pub fn differs(&self, want: &NodeWant, is_such: impl Fn(&str) -> bool) -> bool {
        let mut states = want.files.iter().zip(&self.files);
        states.any(|(file, state)| *state == FileState::Differs && is_such(&file.path))
    }

    /// Looks at a node.
    ///
    /// # Errors
    /// [`SurveyError`].
    pub async fn take(host: &dyn Host, want: &NodeWant) -> Result<Self, SurveyError> {
        let mut asked = String::new();
        for file in &want.files {
            let _ = writeln!(asked, "file {} {:o} {}", file.digest.hex(), file.mode, file.path);
        }
        for (name, version) in &want.packages {
            let _ = writeln!(asked, "package {name} {version}");
        }
        let command = Command::script("look at what it holds", SCRIPT, &[want.unit, want.program])
            .reading(Input::Bytes(Arc::from(asked.into_bytes())))
            .within(PATIENCE);
        let said = host.expect(&command).await?;
        let survey = Self::parse(&said).map_err(|line| answer(host, line))?;
        if survey.files.len() == want.files.len() && survey.packages.len() == want.packages.len() {
            return Ok(survey);
        }
        Err(answer(host, UNFINISHED))
    }

    /// The answers; the line that is none, if one is. Those of the unit stand at the end, so they show that nothing is cut off:
    /// a cluster that runs must not be started again because its node did not finish its answer.
    fn parse(said: &str) -> Result<Self, &str> {
        let (mut files, mut packages, mut ours) = (Vec::new(), Vec::new(), Vec::new());
        let (mut unit, mut version, mut started) = (None, None, None);
        for line in said.lines() {
            if let Some(path) = line.strip_prefix("ours ") {
                ours.push(plain(path).ok_or(line)?);
                continue;
            }
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["file", "same"] => files.push(FileState::Same),
                ["file", "differs"] => files.push(FileState::Differs),
                ["file", "absent"] => files.push(FileState::Absent),
                ["package", "same"] => packages.push(PackageState::Same),
                ["package", "differs"] => packages.push(PackageState::Differs),
                ["package", "absent"] => packages.push(PackageState::Absent),
                ["unit", active, enabled] if unit.is_none() => unit = Some((active == "active", enabled == "enabled")),
                ["version", ""] if version.is_none() => version = Some(None),
                ["version", text] if version.is_none() => version = Some(Some(text.parse().map_err(|_| line)?)),
                ["fingerprint", digest] if started.is_none() => started = Some(digest.parse().ok()),
                _ => return Err(line),
            }
        }
        let (Some((active, enabled)), Some(version), Some(started)) = (unit, version, started) else {
            return Err(UNFINISHED);
        };
        Ok(Self { files, packages, ours, active, enabled, version, started })
    }
}

/// A path that says where it leads, and leads nowhere else.
fn plain(path: &str) -> Option<String> {
    let is_plain = path.starts_with('/') && !path.split('/').any(|part| matches!(part, "." | ".."));
    is_plain.then(|| path.to_owned())
}

fn answer(host: &dyn Host, line: &str) -> SurveyError {
    SurveyError::Answer { host: host.name().to_owned(), line: line.chars().take(200).collect() }
}

#[cfg(test)]
mod tests;
