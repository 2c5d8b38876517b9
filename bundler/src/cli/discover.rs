//! `airgap-bundle discover`

use std::fmt;

use airgap_console::{CommonArgs, OutputArgs, Table};
use manifests::evidence::{Evidence, Fate, Reference};
use serde::Serialize;

use super::findings::Findings;
use super::resolve::{ResolveArgs, run_until_signal};
use super::view::SCHEMA_VERSION;
use crate::build::look;
use crate::closed::decision;

/// Show every image that a stack lists or refers to, and what becomes of it
///
/// Charts are rendered with Helm and looked through, as `lock` and `build` do it; nothing is written. What a build would
/// refuse is told at the end, with what helps, and the command fails then.
#[derive(Debug, clap::Args)]
pub(super) struct DiscoverArgs {
    #[command(flatten)]
    resolve: ResolveArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    schema_version: u32,
    stack: String,
    /// Whether a bundle of the stack would be refused as it is.
    refused: bool,
    evidence: Evidence,
}

impl DiscoverArgs {
    pub(super) fn run(self, common: &CommonArgs) -> miette::Result<()> {
        let (options, progress) = (self.resolve.options()?, common.progress());
        let looked = run_until_signal(|stop| look(options, progress, stop))?;
        let judged = looked.judgement.check();
        let report = Report {
            schema_version: SCHEMA_VERSION,
            stack: looked.stack.name.to_string(),
            refused: judged.is_err(),
            evidence: looked.all_evidence(),
        };
        self.output.print(&report, Report::to_string)?;
        Ok(judged?)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Evidence { references, off, findings, .. } = &self.evidence;
        if references.is_empty() {
            writeln!(f, "the stack lists no image, and nothing in it refers to one")?;
        } else {
            let mut table = Table::new(&["IMAGE", "FATE", "CONFIDENCE", "SEEN"]);
            for reference in references {
                let confidence = reference.confidence.map(|confidence| confidence.to_string()).unwrap_or_default();
                let image = reference.image.to_string();
                table.row([image.as_str(), &reference.fate.to_string(), &confidence, &seen(reference)]);
            }
            table.fmt(f)?;
        }
        if !off.is_empty() {
            let mut table = Table::new(&["NOT ASKED FOR", "COMPONENT", "WHERE"]);
            for image in off {
                let place = format!("{}, {}", image.file, image.path);
                table.row([image.image.as_str(), image.component.as_str(), &place]);
            }
            write!(f, "\n{table}")?;
        }
        if !findings.is_empty() {
            write!(f, "\n{}", Findings(findings))?;
        }
        let undecided = || references.iter().filter(|reference| reference.fate == Fate::Undecided);
        if undecided().next().is_some() {
            writeln!(f, "\nTo be decided in the stack:\ndecisions:")?;
        }
        undecided().try_for_each(|reference| write!(f, "{}", decision(text(reference))))
    }
}

/// The text of a reference as it was seen first.
fn text(reference: &Reference) -> &str {
    reference.sightings.first().map(|seen| seen.text.as_str()).unwrap_or_default()
}

/// The first place, and how many more there are.
fn seen(reference: &Reference) -> String {
    let Some(first) = reference.sightings.first() else { return String::new() };
    let place = match (&first.object, &first.file) {
        // Objects of charts are told by their chart further down; a file is all that there is to find others by.
        (Some(object), Some(file)) if first.chart.is_none() => format!("{object} in {file}"),
        (Some(object), _) => object.to_string(),
        (None, Some(file)) => file.clone(),
        (None, None) => first.path.clone(),
    };
    match reference.sightings.len() {
        1 => format!("{}: {place}", first.component),
        count => format!("{}: {place} (+{})", first.component, count - 1),
    }
}
