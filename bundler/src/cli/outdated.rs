//! `airgap-bundle outdated`

use std::fmt;

use airgap_console::{CommonArgs, OutputArgs};
use serde::Serialize;

use super::changes::Changes;
use super::resolve::{ResolveArgs, run_until_signal};
use super::view::SCHEMA_VERSION;
use crate::build::relock;
use crate::compare::{Comparison, Contents};
use crate::lock::{Update, read_of};

/// Show what upstream has moved since the stack was locked
///
/// Everything is looked up as for a new lock, and nothing is written. `lock --update` takes what is shown.
#[derive(Debug, clap::Args)]
pub(super) struct OutdatedArgs {
    #[command(flatten)]
    resolve: ResolveArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    schema_version: u32,
    outdated: bool,
    #[serde(flatten)]
    comparison: Comparison,
}

impl OutdatedArgs {
    pub(super) fn run(self, common: &CommonArgs) -> miette::Result<()> {
        let before = read_of(&self.resolve.stack)?;
        let (options, progress) = (self.resolve.options()?, common.progress());
        let relocked = run_until_signal(|stop| async move { relock(options, &Update::All, progress, stop).await })?;
        let comparison = Comparison::between(&Contents::of_lock(&before), &Contents::of_lock(&relocked.lock));
        let report = Report { schema_version: SCHEMA_VERSION, outdated: !comparison.is_empty(), comparison };
        self.output.print(&report, Report::to_string)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.outdated { Changes(&self.comparison).fmt(f) } else { writeln!(f, "nothing has moved") }
    }
}
