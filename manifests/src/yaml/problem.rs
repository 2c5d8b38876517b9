//! What is wrong with a file, shown at its place.

use std::sync::Arc;

use miette::{LabeledSpan, NamedSource};

use super::Location;

/// One problem, with the lines it is about and what to do.
#[derive(Debug, Clone, thiserror::Error, miette::Diagnostic)]
#[error("{message}")]
pub struct Problem {
    message: String,
    #[source_code]
    code: NamedSource<Arc<str>>,
    #[label(collection)]
    labels: Vec<LabeledSpan>,
    #[help]
    help: Option<String>,
    location: Location,
}

impl Problem {
    /// A problem at a place. `label` is the word written under it.
    pub fn new(location: &Location, message: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            code: location.source_code(),
            labels: vec![LabeledSpan::new_primary_with_span(Some(label.into()), location.span())],
            help: None,
            location: location.clone(),
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a second place. One of another file can't be drawn beside the first, so it is named in the text.
    #[must_use]
    pub fn with_other(mut self, other: &Location, label: &str) -> Self {
        if other.file() == self.location.file() {
            self.labels.push(LabeledSpan::new_with_span(Some(label.to_owned()), other.span()));
        } else {
            self.message = format!("{} ({label}: {other})", self.message);
        }
        self
    }

    /// Where it is.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// What to do about it.
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

/// All the problems that were found, in the order of their places.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{}", summary(.0))]
pub struct Problems(#[related] Vec<Problem>);

impl Problems {
    pub(crate) fn new(problems: Vec<Problem>) -> Self {
        Self(problems)
    }

    /// Gathers problems; none if there are none.
    ///
    /// # Errors
    /// The problems, if there are any.
    pub fn check(problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self(problems)) }
    }

    /// The problems.
    pub fn list(&self) -> &[Problem] {
        &self.0
    }

    /// The problems, to be joined with those of other files.
    pub fn into_list(self) -> Vec<Problem> {
        self.0
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

fn summary(problems: &[Problem]) -> String {
    let mut files: Vec<&str> = Vec::new();
    for problem in problems {
        if !files.contains(&problem.location.file()) {
            files.push(problem.location.file());
        }
    }
    let files = files.join(", ");
    match problems.len() {
        1 => format!("there is a problem in {files}"),
        count => format!("there are {count} problems in {files}"),
    }
}
