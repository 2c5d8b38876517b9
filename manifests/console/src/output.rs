//! Results on standard output: a table for people, JSON and YAML for programs.

mod table;

use std::fmt::Display;
use std::io::{self, Write};

use miette::{Context, IntoDiagnostic};
use serde::Serialize;

pub use table::{Align, Table};

/// How a result is written to standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum OutputFormat {
    /// For people. May change from version to version.
    #[default]
    Table,
    /// For programs: stable, see docs/json-output.md.
    Json,
    /// The same as YAML.
    Yaml,
}

/// The option `-o`, for the commands that have a result to show.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub struct OutputArgs {
    /// How the result is written
    #[arg(short = 'o', long = "output", value_enum, value_name = "FORMAT", default_value_t)]
    pub format: OutputFormat,
}

impl OutputArgs {
    /// Writes `value` to standard output; for people, what `table` makes of it.
    ///
    /// # Errors
    /// When standard output can't be written. A reader that has left (`| head`) is no error.
    pub fn print<T: Serialize, D: Display>(self, value: &T, table: impl FnOnce(&T) -> D) -> miette::Result<()> {
        match self.format {
            OutputFormat::Table => print(&table(value).to_string()),
            OutputFormat::Json => print(&serde_json::to_string_pretty(value).into_diagnostic()?),
            OutputFormat::Yaml => print(&serde_yaml::to_string(value).into_diagnostic()?),
        }
    }
}

/// Writes a text to standard output, with a line end if it has none.
///
/// # Errors
/// When standard output can't be written. A reader that has left (`| head`) is no error.
pub fn print(text: &str) -> miette::Result<()> {
    let write = || -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        if !text.is_empty() && !text.ends_with('\n') {
            out.write_all(b"\n")?;
        }
        out.flush()
    };
    quiet_when_broken(write()).into_diagnostic().wrap_err("can't write to standard output")
}

fn quiet_when_broken(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
