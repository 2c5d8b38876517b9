//! What came of the checks, for people and for programs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use airgap_console::output::Table;
use manifests::site::HostName;
use serde::{Deserialize, Serialize};

use crate::checks::fix::Remedy;
use crate::checks::{self, Area, Check, Outcome, Waivers};

/// What came of all checks on all nodes.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The version of this document.
    pub schema_version: u32,
    /// The site's name.
    pub site: String,
    /// Whether nothing failed that nobody ignores.
    pub ready: bool,
    /// The nodes, in the order of the site.
    pub nodes: Vec<NodeReport>,
    /// What was done about it before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fixed: Vec<Applied>,
}

/// What came of all checks on a node.
#[derive(Debug, Clone, Serialize)]
pub struct NodeReport {
    /// Its name.
    pub node: String,
    /// What it is in the cluster.
    pub role: String,
    /// The checks. Of a node that could not be looked at it is that alone.
    pub results: Vec<Finding>,
}

/// What came of a check on a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The check.
    pub check: &'static str,
    /// What it is about.
    pub area: Area,
    /// Whether it can't be ignored.
    pub strict: bool,
    /// What came of it.
    pub status: Status,
    /// What was found; none where it passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// What helps; none where it passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<&'static str>,
    /// Why it is ignored, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It will not work.
    Fail,
    /// It may work.
    Warn,
    /// It would have failed or warned, and somebody takes the responsibility.
    Ignored,
    /// It is as it has to be.
    Pass,
}

/// A remedy that was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Applied {
    /// The node.
    pub node: String,
    /// The check that asked for it.
    pub check: &'static str,
    /// What it is.
    pub what: &'static str,
    /// What it changed.
    pub changed: Vec<String>,
    /// How that is taken back.
    pub undo: &'static str,
    /// Why it failed, if it did; what it changed before is not known then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

impl Applied {
    pub(super) fn new(node: &HostName, remedy: &Remedy, result: Result<Vec<String>, String>) -> Self {
        let (changed, problem) = match result {
            Ok(changed) => (changed, None),
            Err(problem) => (Vec::new(), Some(problem)),
        };
        let (node, what, undo) = (node.to_string(), remedy.fix.what(), remedy.fix.undo());
        Self { node, check: remedy.check, what, changed, undo, problem }
    }
}

impl Finding {
    pub(super) fn new(check: &Check, outcome: Outcome, waivers: &Waivers) -> Self {
        let (status, found) = match outcome {
            Outcome::Pass => (Status::Pass, None),
            Outcome::Warn(found) => (Status::Warn, Some(found)),
            Outcome::Fail(found) => (Status::Fail, Some(found)),
        };
        let reason = waivers.reason(check.id).filter(|_| found.is_some()).map(str::to_owned);
        let status = if reason.is_some() { Status::Ignored } else { status };
        let remedy = found.is_some().then_some(check.remedy);
        Self { check: check.id, area: check.area, strict: check.strict, status, found, remedy, reason }
    }
}

/// The same that a check found on several nodes.
#[derive(Debug, Clone)]
pub struct Group<'r> {
    /// The check.
    pub check: &'static Check,
    /// What came of it.
    pub status: Status,
    /// What was found.
    pub found: &'r str,
    /// The nodes.
    pub nodes: Vec<&'r str>,
    /// Why it is ignored, if it is.
    pub reason: Option<&'r str>,
}

impl Report {
    pub(super) fn new(site: String, nodes: Vec<NodeReport>) -> Self {
        let failed = |node: &NodeReport| node.results.iter().any(|result| result.status == Status::Fail);
        Self { schema_version: 1, site, ready: !nodes.iter().any(failed), nodes, fixed: Vec::new() }
    }

    /// The results with this status, with their nodes.
    pub fn with(&self, status: Status) -> impl Iterator<Item = (&str, &Finding)> {
        let all = self.nodes.iter().flat_map(|node| node.results.iter().map(|result| (node.node.as_str(), result)));
        all.filter(move |(_, result)| result.status == status)
    }

    /// The checks that failed somewhere.
    pub fn failed(&self) -> BTreeSet<&'static str> {
        self.with(Status::Fail).map(|(_, result)| result.check).collect()
    }

    /// What is not passed, the gravest first: by status and check, what was found and on which nodes.
    pub fn groups(&self) -> Vec<Group<'_>> {
        let mut groups: Vec<Group<'_>> = Vec::new();
        for status in [Status::Fail, Status::Warn, Status::Ignored] {
            for check in checks::all() {
                let mut found: BTreeMap<&str, Group<'_>> = BTreeMap::new();
                for (node, result) in self.with(status).filter(|(_, result)| result.check == check.id) {
                    let (text, reason) = (result.found.as_deref().unwrap_or_default(), result.reason.as_deref());
                    let new = || Group { check, status, found: text, nodes: Vec::new(), reason };
                    found.entry(text).or_insert_with(new).nodes.push(node);
                }
                groups.extend(found.into_values());
            }
        }
        groups
    }

    /// How many nodes were looked at, and how it went, in a line.
    pub fn summary(&self) -> String {
        let count = |status| self.with(status).count();
        let (failed, warned, ignored) = (count(Status::Fail), count(Status::Warn), count(Status::Ignored));
        let (nodes, passed) = (self.nodes.len(), count(Status::Pass));
        format!("{nodes} nodes: {passed} passed, {warned} warnings, {ignored} ignored, {failed} failed")
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fail => "FAIL",
            Self::Warn => "warn",
            Self::Ignored => "ignored",
            Self::Pass => "pass",
        })
    }
}

/// How many nodes are named in a row.
const NAMED: usize = 4;

/// The report for people: what is not as it has to be, check by check, and what helps.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for applied in &self.fixed {
            writeln!(f, "{}: {}", applied.node, applied.what)?;
            applied.changed.iter().try_for_each(|changed| writeln!(f, "    {changed}"))?;
            match &applied.problem {
                Some(problem) => writeln!(f, "    failed: {problem}")?,
                None => writeln!(f, "    to take it back: {}", applied.undo)?,
            }
        }
        let groups = self.groups();
        if !groups.is_empty() {
            let mut table = Table::new(&["STATUS", "CHECK", "NODES", "FOUND"]);
            for group in &groups {
                // One row of the table is one line.
                let first = group.found.lines().next().unwrap_or_default();
                table.row([group.status.to_string(), group.check.id.to_owned(), names(&group.nodes), first.to_owned()]);
            }
            write!(f, "{table}")?;
            writeln!(f)?;
            remedies(f, &groups)?;
        }
        for (_, result) in self.with(Status::Ignored).collect::<BTreeMap<_, _>>() {
            writeln!(f, "ignored: {}: {}", result.check, result.reason.as_deref().unwrap_or_default())?;
        }
        writeln!(f, "{}", self.summary())
    }
}

fn remedies(f: &mut fmt::Formatter<'_>, groups: &[Group<'_>]) -> fmt::Result {
    let open: BTreeSet<_> =
        groups.iter().filter(|group| group.status != Status::Ignored).map(|group| group.check.id).collect();
    for check in checks::all().filter(|check| open.contains(check.id)) {
        let fix = check.fix.map_or("", |_| " (--fix does it)");
        writeln!(f, "{}: {}{fix}", check.id, check.remedy)?;
    }
    writeln!(f)
}

/// Nodes in a row; of many the first.
pub fn names<N: AsRef<str>>(nodes: &[N]) -> String {
    let nodes: Vec<&str> = nodes.iter().map(AsRef::as_ref).collect();
    match nodes.get(NAMED..) {
        Some(more) if !more.is_empty() => format!("{} and {} more", nodes[..NAMED].join(", "), more.len()),
        _ => nodes.join(", "),
    }
}
