//! Findings as an error.

use manifests::evidence::Finding;
use manifests::yaml::Location;
use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};
use std::fmt;
use std::sync::Arc;

use super::Judged;

/// How many places in what was rendered are told of one finding.
const PLACES: usize = 3;

/// A bundle that is not built, because it would refer to what it does not hold.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("the bundle would not be complete: {} {}", findings.len(), if findings.len() == 1 { "finding" } else { "findings" })]
#[diagnostic(help("mend each of these, or let it pass with a waiver: docs/closed-world.md"))]
pub struct Refusal {
    /// The findings.
    #[related]
    pub findings: Vec<ShownFinding>,
}

/// A finding, shown at its line.
#[derive(Debug, Clone)]
pub struct ShownFinding {
    /// The finding.
    pub finding: Finding,
    code: Option<NamedSource<Arc<str>>>,
    location: Option<Location>,
}

impl Refusal {
    /// Those findings that refuse a bundle.
    ///
    /// # Errors
    /// [`Refusal`], if there are any.
    pub fn check(findings: &[Judged]) -> Result<(), Self> {
        let refused = findings.iter().filter(|judged| judged.finding.is_refusal());
        let findings: Vec<_> = refused.map(ShownFinding::new).collect();
        if findings.is_empty() { Ok(()) } else { Err(Self { findings }) }
    }
}

impl ShownFinding {
    fn new(judged: &Judged) -> Self {
        let code = judged.location.as_ref().map(Location::source_code);
        Self { finding: judged.finding.clone(), code, location: judged.location.clone() }
    }
}

impl fmt::Display for ShownFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { id, message, why, seen, .. } = &self.finding;
        write!(f, "{id}: {message}; {why}")?;
        for place in seen.iter().take(PLACES) {
            write!(f, "\n  in {place}")?;
        }
        match seen.len().saturating_sub(PLACES) {
            0 => Ok(()),
            more => write!(f, "\n  and in {more} more"),
        }
    }
}

impl std::error::Error for ShownFinding {}

impl Diagnostic for ShownFinding {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.finding.help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.code.as_ref().map(|code| code as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.location.as_ref()?.span();
        let label = LabeledSpan::new_primary_with_span(Some("asked for here".to_owned()), span);
        Some(Box::new(std::iter::once(label)))
    }
}
