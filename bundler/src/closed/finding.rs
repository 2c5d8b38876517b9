//! A check, and what it finds.

use manifests::BundleName;
use manifests::evidence::{Finding, FindingId, Severity};
use manifests::yaml::Location;

use super::World;

/// A check, as data.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// What its findings are called.
    pub id: FindingId,
    /// How bad they are.
    pub severity: Severity,
    /// Why they matter, in a sentence.
    pub why: &'static str,
    /// Looks for them.
    pub look: fn(&World<'_>) -> Vec<Found>,
}

/// What a check finds.
#[derive(Debug, Clone)]
pub struct Found {
    /// What it is about: what a waiver names.
    pub object: String,
    /// What is wrong, in a sentence.
    pub message: String,
    /// The component that it is about; none for one about the stack.
    pub component: Option<BundleName>,
    /// The line that it is about.
    pub location: Option<Location>,
    /// The places in what was rendered that it is about.
    pub seen: Vec<String>,
    /// How to mend it.
    pub help: String,
}

/// A finding that is held against the waivers, with the line that it is about.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The finding.
    pub finding: Finding,
    /// The line that it is about.
    pub location: Option<Location>,
}
