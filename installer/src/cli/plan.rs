//! `plan`.

use airgap_console::OutputArgs;

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
        self.output.print(&plan, show)
    }
}

/// A plan for people.
pub(super) fn show(plan: &Plan) -> String {
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
