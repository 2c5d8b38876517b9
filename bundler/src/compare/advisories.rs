//! Which advisories are new and which are gone.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Change, Contents};
use crate::advisories::{DatabaseSummary, Finding, Findings, Unclear, Uncovered, Unused};

/// What databases say of one side and not of the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AdvisoryChanges {
    /// The databases that were asked about both sides.
    pub databases: Vec<DatabaseSummary>,
    /// What is new or gone, the most severe first. What affects a package that both sides have is neither, whichever its
    /// version.
    pub findings: Vec<AdvisoryChange>,
    /// How many affect both sides.
    pub remaining: usize,
    /// Packages of the later side that can't be judged.
    pub unclear: Vec<Unclear>,
    /// Packages of the later side that none of the advisories can be about.
    pub uncovered: Vec<Uncovered>,
    /// Advisories that could not be used.
    pub unused: Vec<Unused>,
}

/// An advisory that is new or gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AdvisoryChange {
    /// What happened: a package became affected, or is affected no more.
    pub change: Change,
    /// The advisory and the package, on the side that has it.
    #[serde(flatten)]
    pub finding: Finding,
}

/// What is new and what is gone; none where no database was asked about a side.
pub(super) fn changes(from: &Contents, to: &Contents) -> Option<AdvisoryChanges> {
    let (before, after) = (from.advisories.as_ref()?, to.advisories.as_ref()?);
    let remaining = keys(after).intersection(&keys(before)).count();
    let mut findings = only(after, before, Change::Added);
    findings.extend(only(before, after, Change::Removed));
    // Both are in this order already.
    findings.sort_by_key(|one| std::cmp::Reverse(one.finding.severity));
    let Findings { databases, unclear, uncovered, unused, .. } = after.clone();
    Some(AdvisoryChanges { databases, findings, remaining, unclear, uncovered, unused })
}

/// The advisory, and the type and name of the package.
type Key<'a> = (&'a str, &'a str, &'a str);

fn key(finding: &Finding) -> Key<'_> {
    (&finding.id, &finding.kind, &finding.package)
}

fn keys(findings: &Findings) -> BTreeSet<Key<'_>> {
    findings.findings.iter().map(key).collect()
}

/// What only one side has.
fn only(side: &Findings, other: &Findings, change: Change) -> Vec<AdvisoryChange> {
    let known = keys(other);
    let own = side.findings.iter().filter(|finding| !known.contains(&key(finding)));
    own.map(|finding| AdvisoryChange { change, finding: finding.clone() }).collect()
}
