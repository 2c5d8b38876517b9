//! `plan`.

use airgap_console::OutputArgs;
use serde::Serialize;

use super::args::{BundleArgs, ServeArgs};
use super::install::Prepared;
use crate::plan::Plan;

/// Show what would be done, and change nothing
#[derive(Debug, clap::Args)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    bundle: BundleArgs,
    #[command(flatten)]
    serve: ServeArgs,
    #[command(flatten)]
    output: OutputArgs,
}

impl PlanArgs {
    pub(super) fn run(&self, state: &std::path::Path) -> miette::Result<()> {
        let plan = Prepared::new(&self.bundle, &self.serve, state)?.plan()?;
        print(&plan, self.output)
    }
}

/// A plan as programs get it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told<'p> {
    schema_version: u32,
    #[serde(flatten)]
    plan: &'p Plan,
}

/// Writes a plan to standard output.
pub(super) fn print(plan: &Plan, output: OutputArgs) -> miette::Result<()> {
    output.print(&Told { schema_version: 1, plan }, |told| show(told.plan))
}

/// A plan for people.
fn show(plan: &Plan) -> String {
    let mut text = String::new();
    for step in &plan.steps {
        let mark = if step.needed { "do" } else { "--" };
        text.push_str(&format!("{mark}  {}\n      {}\n", step.title, step.reason));
    }
    if !plan.changes_anything() {
        text.push_str("Nothing will be changed.\n");
    }
    text
}
