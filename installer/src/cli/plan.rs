//! `plan`.

use std::path::Path;

use airgap_console::OutputArgs;
use serde::Serialize;

use super::args::{BundleArgs, ServeArgs};
use super::install::Prepared;
use super::rollout::RolloutArgs;
use crate::plan::Plan;
use crate::readiness::Report;
use crate::rollout;

/// Show what would be done, and change nothing
#[derive(Debug, clap::Args)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    bundle: BundleArgs,
    #[command(flatten)]
    serve: ServeArgs,
    #[command(flatten)]
    rollout: RolloutArgs,
    #[command(flatten)]
    output: OutputArgs,
}

impl PlanArgs {
    pub(super) fn run(&self, state: &Path) -> miette::Result<()> {
        let prepared = Prepared::new(&self.bundle, &self.serve, state)?;
        print(&prepared.plan()?, prepared.plan_of_nodes(&self.rollout, state)?, self.output)
    }
}

/// What is done on the nodes, and what the checks find there where anything is.
pub(super) type OfNodes = (rollout::Plan, Option<Report>);

/// A plan as programs get it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told<'p> {
    schema_version: u32,
    #[serde(flatten)]
    plan: &'p Plan,
    /// What is done on the nodes, where a site is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    nodes: Option<rollout::Plan>,
    /// What the checks of the nodes find, where anything is done on one.
    #[serde(skip_serializing_if = "Option::is_none")]
    preflight: Option<Report>,
}

/// Writes a plan to standard output.
pub(super) fn print(plan: &Plan, nodes: Option<OfNodes>, output: OutputArgs) -> miette::Result<()> {
    let (nodes, preflight) = nodes.map_or((None, None), |(nodes, preflight)| (Some(nodes), preflight));
    output.print(&Told { schema_version: 1, plan, nodes, preflight }, show)
}

/// A plan for people.
fn show(told: &Told<'_>) -> String {
    let mut text = String::new();
    for step in &told.plan.steps {
        line(&mut text, step.needed, &step.title, &step.reason);
    }
    if let Some(report) = &told.preflight {
        let stops = if report.ready { "" } else { "; the installation stops here" };
        text.push_str(&format!("preflight{stops}:\n{report}"));
    }
    let steps = told.nodes.iter().flat_map(|nodes| &nodes.steps);
    let mut place = None;
    for step in steps {
        if place != Some(&step.node) {
            text.push_str(&format!("{}:\n", step.node.as_deref().unwrap_or("cluster")));
            place = Some(&step.node);
        }
        line(&mut text, step.needed, &step.title, &step.reason);
    }
    if !told.plan.changes_anything() && !told.nodes.as_ref().is_some_and(rollout::Plan::changes_anything) {
        text.push_str("Nothing will be changed.\n");
    }
    text
}

fn line(text: &mut String, needed: bool, title: &str, reason: &str) {
    let mark = if needed { "do" } else { "--" };
    text.push_str(&format!("{mark}  {title}\n      {reason}\n"));
}
