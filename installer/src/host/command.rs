//! Commands and what comes of them.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How long a command may take where nothing else is said.
const PATIENCE: Duration = Duration::from_secs(120);
/// How much of each of its outputs is kept, in bytes, where nothing else is said: the end of it.
const KEPT: usize = 256 << 10;

/// A command for a machine.
#[derive(Debug, Clone)]
pub struct Command {
    /// What it does, for people: "look at the machine".
    pub what: String,
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// What it reads.
    pub input: Input,
    /// How long it may take.
    pub patience: Duration,
    /// How many bytes of each of its outputs are kept: its last ones.
    pub kept: usize,
}

/// What a command reads from its standard input.
#[derive(Clone, Default)]
pub enum Input {
    /// Nothing.
    #[default]
    Nothing,
    /// These bytes. They may be secret, so they are never shown.
    Bytes(Arc<[u8]>),
    /// The content of a file of the jump host, from an offset in bytes and so many of them.
    File {
        /// The file.
        path: PathBuf,
        /// Where to begin.
        offset: u64,
        /// How many bytes.
        length: u64,
    },
}

/// What came of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// How it ended.
    pub exit: Exit,
    /// What it wrote to its standard output: the last bytes of it.
    pub stdout: Vec<u8>,
    /// What it wrote to its standard error: the last bytes of it.
    pub stderr: Vec<u8>,
    /// Whether more was written than is kept.
    pub cut: bool,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with this code.
    Code(u32),
    /// By a signal: its name without `SIG`.
    Signal(String),
}

impl Command {
    /// A command. The first of `argv` is the program.
    pub fn new(what: impl Into<String>, argv: &[&str]) -> Self {
        let argv = argv.iter().map(|&word| word.to_owned()).collect();
        Self { what: what.into(), argv, input: Input::Nothing, patience: PATIENCE, kept: KEPT }
    }

    /// A script for the shell with its arguments, `$1` being the first.
    pub fn script(what: impl Into<String>, script: &str, arguments: &[&str]) -> Self {
        let mut argv = vec!["/bin/sh", "-c", script, "sh"];
        argv.extend(arguments);
        Self::new(what, &argv)
    }

    /// With something to read.
    #[must_use]
    pub fn reading(mut self, input: Input) -> Self {
        self.input = input;
        self
    }

    /// With another bound on its time.
    #[must_use]
    pub fn within(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }
}

impl Input {
    /// How many bytes it has.
    pub fn length(&self) -> u64 {
        match self {
            Self::Nothing => 0,
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File { length, .. } => *length,
        }
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("Nothing"),
            Self::Bytes(bytes) => write!(f, "Bytes({})", bytes.len()),
            Self::File { path, offset, length } => write!(f, "File({}, {offset}, {length})", path.display()),
        }
    }
}

impl Exit {
    /// Whether it ended well.
    pub fn succeeded(&self) -> bool {
        *self == Self::Code(0)
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "it ended with code {code}"),
            Self::Signal(name) => write!(f, "it was ended by SIG{name}"),
        }
    }
}
