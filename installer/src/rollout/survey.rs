//! What a node holds of what it shall hold: asked in one round trip.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use manifests::Digest;
use miette::Diagnostic;

use super::want::NodeWant;
use crate::host::{Command, Host, HostError, Input};

const SCRIPT: &str = include_str!("survey.sh");
/// Hashing archives of images of many gigabytes takes its time.
const PATIENCE: Duration = Duration::from_secs(900);

/// What a node holds of what it shall hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// The files, in the order of [`NodeWant::files`].
    pub files: Vec<FileState>,
    /// The packages, in the order of [`NodeWant::packages`].
    pub packages: Vec<PackageState>,
    /// Whether the unit runs.
    pub active: bool,
    /// Whether the unit comes back after a reboot.
    pub enabled: bool,
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

impl Survey {
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
        let command = Command::script("look at what it holds", SCRIPT, &[want.unit])
            .reading(Input::Bytes(Arc::from(asked.into_bytes())))
            .within(PATIENCE);
        let said = host.expect(&command).await?;
        let survey = Self::parse(&said).map_err(|line| answer(host, line))?;
        if survey.files.len() == want.files.len() && survey.packages.len() == want.packages.len() {
            return Ok(survey);
        }
        Err(answer(host, "not an answer for each question"))
    }

    /// The answers; the line that is none, if one is.
    fn parse(said: &str) -> Result<Self, &str> {
        let mut survey = Self { files: vec![], packages: vec![], active: false, enabled: false, started: None };
        for line in said.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["file", "same"] => survey.files.push(FileState::Same),
                ["file", "differs"] => survey.files.push(FileState::Differs),
                ["file", "absent"] => survey.files.push(FileState::Absent),
                ["package", "same"] => survey.packages.push(PackageState::Same),
                ["package", "differs"] => survey.packages.push(PackageState::Differs),
                ["package", "absent"] => survey.packages.push(PackageState::Absent),
                ["unit", active, enabled] => {
                    (survey.active, survey.enabled) = (active == "active", enabled == "enabled");
                }
                ["fingerprint", digest] => survey.started = digest.parse().ok(),
                _ => return Err(line),
            }
        }
        Ok(survey)
    }
}

fn answer(host: &dyn Host, line: &str) -> SurveyError {
    SurveyError::Answer { host: host.name().to_owned(), line: line.chars().take(200).collect() }
}
