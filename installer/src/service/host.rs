//! The machine's own programs: the one place that runs them.

use std::io;
use std::process::{Command, Stdio};

/// Runs programs of the machine.
pub trait Host {
    /// Runs a program to its end and returns what it wrote.
    ///
    /// # Errors
    /// [`HostError`] when it can't be run or fails.
    fn run(&self, program: &str, arguments: &[&str]) -> Result<String, HostError>;
}

/// Why a program did not do what it was asked for.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum HostError {
    /// It can't be run.
    #[error("cannot run `{command}`")]
    Start {
        /// The command line.
        command: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// It failed.
    #[error("`{command}` failed: {message}")]
    #[diagnostic(help("for the server's own words: journalctl -u airgap-registry.service"))]
    Failed {
        /// The command line.
        command: String,
        /// What it said.
        message: String,
    },
}

impl HostError {
    /// A program that said something that makes no sense.
    pub(super) fn odd(program: &str, message: &str) -> Self {
        Self::Failed { command: program.to_owned(), message: message.trim().to_owned() }
    }
}

/// This machine.
#[derive(Debug, Clone, Copy)]
pub struct ThisMachine;

impl Host for ThisMachine {
    fn run(&self, program: &str, arguments: &[&str]) -> Result<String, HostError> {
        let command = || format!("{program} {}", arguments.join(" "));
        let output = Command::new(program).args(arguments).stdin(Stdio::null()).env("LC_ALL", "C").output();
        let output = output.map_err(|source| HostError::Start { command: command(), source })?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let message = if said.trim().is_empty() { output.status.to_string() } else { said.trim().to_owned() };
        Err(HostError::Failed { command: command(), message })
    }
}
