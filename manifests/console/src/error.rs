//! The end of a command: how an error is shown, and the exit code.

mod json;
mod snippet;
mod text;

use std::io::{self, Write};
use std::process::ExitCode;

use miette::{Diagnostic, Report};

use crate::logging::{self, LogFormat};
use crate::terminal;

/// Wrong arguments, found after the command line itself was read. Exit code 2.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{message}")]
#[diagnostic(code(usage))]
pub struct UsageError {
    message: String,
    #[help]
    help: Option<String>,
}

impl UsageError {
    /// Says what is wrong with the arguments.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    /// Adds what to do instead.
    #[must_use]
    pub fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

/// Somebody pressed Ctrl-C. Exit code 130.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("interrupted")]
#[diagnostic(code(interrupted))]
pub struct Interrupted {
    #[help]
    help: Option<String>,
}

impl Interrupted {
    /// Says how to go on.
    pub fn new(how_to_go_on: Option<String>) -> Self {
        Self { help: how_to_go_on }
    }
}

/// Shows the error, if it is one, on standard error, and gives the exit code: 0 done, 1 failed, 2 wrong usage,
/// 130 interrupted.
///
/// Codes are read off the diagnostic's `code`: `usage` and `interrupted` are special, so that libraries can say so
/// without this crate.
pub fn main_exit(result: miette::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(report) => {
            show(&report);
            ExitCode::from(exit_code(&report))
        }
    }
}

/// The error as [`main_exit`] shows it to people, without colours.
pub fn render(diagnostic: &dyn Diagnostic) -> String {
    text::render(diagnostic, false)
}

fn show(report: &Report) {
    let rendered = match logging::format() {
        LogFormat::Text => text::render(report.as_ref(), terminal::colours()),
        LogFormat::Json => json::render(report.as_ref()),
    };
    // Nobody is left to be told that telling failed.
    let _ = terminal::BARS.suspend(|| io::stderr().lock().write_all(rendered.as_bytes()));
}

fn exit_code(report: &Report) -> u8 {
    let mut diagnostic: Option<&dyn Diagnostic> = Some(report.as_ref());
    while let Some(current) = diagnostic {
        match current.code().map(|code| code.to_string()).as_deref() {
            Some("interrupted") => return 130,
            Some("usage") => return 2,
            _ => diagnostic = current.diagnostic_source(),
        }
    }
    1
}

/// The messages below `diagnostic`, each once: a message that the one above it already spells out is left out.
fn causes(diagnostic: &dyn Diagnostic) -> Vec<Cause<'_>> {
    let mut causes: Vec<Cause<'_>> = Vec::new();
    let mut above = diagnostic.to_string();
    let mut next = next_cause(Cause::Rich(diagnostic));
    while let Some(cause) = next {
        let message = cause.to_string();
        if !above.contains(&message) {
            above.clone_from(&message);
            causes.push(cause);
        } else if let Cause::Rich(rich) = cause
            && rich.labels().is_some()
        {
            causes.push(cause);
        }
        next = next_cause(cause);
    }
    causes
}

/// An error in a chain, with or without what miette knows of it.
#[derive(Clone, Copy)]
enum Cause<'a> {
    Rich(&'a dyn Diagnostic),
    Plain(&'a dyn std::error::Error),
}

impl std::fmt::Display for Cause<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Rich(diagnostic) => write!(f, "{diagnostic}"),
            Self::Plain(error) => write!(f, "{error}"),
        }
    }
}

fn next_cause(of: Cause<'_>) -> Option<Cause<'_>> {
    match of {
        Cause::Rich(diagnostic) => match diagnostic.diagnostic_source() {
            Some(rich) => Some(Cause::Rich(rich)),
            None => diagnostic.source().map(Cause::Plain),
        },
        Cause::Plain(error) => error.source().map(Cause::Plain),
    }
}

/// The advice of the outermost error that has some.
fn help(diagnostic: &dyn Diagnostic) -> Option<String> {
    let mut next = Some(diagnostic);
    while let Some(current) = next {
        if let Some(help) = current.help() {
            return Some(help.to_string());
        }
        next = current.diagnostic_source();
    }
    None
}

#[cfg(test)]
mod tests;
