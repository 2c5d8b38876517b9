//! What goes wrong with a machine.

use std::fmt;

use miette::Diagnostic;

use super::{Command, Exit, Output};

/// How much of what a machine said is shown: the end of it, where the reason is.
const SHOWN_LINES: usize = 20;

/// Why a command did not come to a good end.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum HostError {
    /// The machine can't be reached, or it is not sure that it is the right one.
    #[error("cannot reach {host}: {problem}")]
    Unreachable {
        /// The machine.
        host: String,
        /// What is wrong.
        problem: String,
        /// What to do.
        #[help]
        help: String,
        /// Whether trying again may help: a machine that reboots is unreachable for a while, a wrong key is for ever.
        passing: bool,
    },
    /// The connection went while the command ran: nobody knows how far it came.
    #[error("the connection to {host} was lost while it was asked to {what}")]
    Lost {
        /// The machine.
        host: String,
        /// What it was doing.
        what: String,
    },
    /// The command took longer than it may.
    #[error("{host} did not {what} within {seconds} s")]
    TimedOut {
        /// The machine.
        host: String,
        /// What it was doing.
        what: String,
        /// How long was waited.
        seconds: u64,
    },
    /// The command failed.
    #[error("{host} could not {what}: {exit}{said}")]
    Failed {
        /// The machine.
        host: String,
        /// What it was doing.
        what: String,
        /// How it ended.
        exit: Exit,
        /// Its own words.
        said: Said,
    },
    /// The command failed because the machine shuts down, which may be to come back.
    #[error("{host} shuts down and could not {what}")]
    #[diagnostic(help("once it is up again, run the same command again: it goes on from here"))]
    GoesDown {
        /// The machine.
        host: String,
        /// What it was doing.
        what: String,
    },
    /// The user may not become root.
    #[error("on {host}, {user} cannot become root: {problem}")]
    NotRoot {
        /// The machine.
        host: String,
        /// The user.
        user: String,
        /// What sudo said.
        problem: String,
        /// What to do.
        #[help]
        help: String,
    },
    /// Something on the jump host that the command needs can't be read.
    #[error("cannot read {path} for {host}")]
    Local {
        /// The machine.
        host: String,
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl HostError {
    /// The error of a command that failed.
    pub fn failed(host: &str, command: &Command, output: &Output) -> Self {
        let what = command.what.clone();
        Self::Failed { host: host.to_owned(), what, exit: output.exit.clone(), said: Said::of(output) }
    }

    /// Whether trying the same again may help.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { passing, .. } => *passing,
            Self::Lost { .. } | Self::TimedOut { .. } | Self::GoesDown { .. } => true,
            Self::Failed { .. } | Self::NotRoot { .. } | Self::Local { .. } => false,
        }
    }
}

/// What a machine said, as it is shown behind an error: its last lines.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said(Vec<String>);

impl Said {
    /// The last lines of what a command said: of its standard error, or of its standard output if that is empty.
    pub fn of(output: &Output) -> Self {
        let bytes = if output.stderr.trim_ascii().is_empty() { &output.stdout } else { &output.stderr };
        Self::lines(&String::from_utf8_lossy(bytes))
    }

    /// The last lines of a text.
    pub fn lines(text: &str) -> Self {
        let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        let from = lines.len().saturating_sub(SHOWN_LINES);
        Self(lines[from..].iter().map(|line| (*line).to_owned()).collect())
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|line| write!(f, "\n    {line}"))
    }
}
