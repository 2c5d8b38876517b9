//! A machine on which commands run as root.
//!
//! Everything that is done to a node is a command: an argument vector, what it reads and how long it may take. What needs
//! a shell is a script of ours, `sh -c SCRIPT sh ARGUMENT…`, whose arguments are arguments; no text is joined into it.
//! [`ssh`](crate::ssh) reaches real machines; tests of plans script theirs.

mod command;
mod error;
pub mod files;

use futures_util::future::BoxFuture;

pub use command::{Command, Exit, Input, Output};
pub use error::{HostError, Said};

/// A machine on which commands run as root.
pub trait Host: Send + Sync + std::fmt::Debug {
    /// Its name, for people.
    fn name(&self) -> &str;

    /// Runs a command as root and returns what it said, however it ended. A connection that is gone is made anew first; one
    /// that goes while the command runs is an error, for nobody knows how far it came.
    fn run<'a>(&'a self, command: &'a Command) -> BoxFuture<'a, Result<Output, HostError>>;
}

impl dyn Host + '_ {
    /// Runs a command that has to succeed, and returns what it wrote to its standard output.
    ///
    /// # Errors
    /// As [`Host::run`]; and [`HostError::Failed`] with the command's own words when it fails.
    pub async fn expect(&self, command: &Command) -> Result<String, HostError> {
        let output = self.run(command).await?;
        if output.exit.succeeded() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(HostError::failed(self.name(), command, &output))
    }
}
