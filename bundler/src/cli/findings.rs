//! Findings, as people are told of them.

use std::fmt;

use airgap_console::{OutputArgs, OutputFormat, Table};
use manifests::evidence::Finding;
use serde::Serialize;

use super::view::SCHEMA_VERSION;
use crate::build::BuildError;

/// Findings, one in a line each.
pub(super) struct Findings<'a>(pub(super) &'a [Finding]);

/// What is written for programs when a bundle is refused: all findings that refuse it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Refused<'a> {
    schema_version: u32,
    findings: Vec<&'a Finding>,
}

/// Writes the findings that refused a bundle to standard output, for programs. People see them with the error.
pub(super) fn print_refused(error: &miette::Report, output: OutputArgs) {
    let refused = match (error.downcast_ref::<BuildError>(), output.format) {
        (_, OutputFormat::Table) => return,
        (Some(BuildError::Refused(refusal)), _) => refusal,
        _ => return,
    };
    let findings = refused.findings.iter().map(|shown| &shown.finding).collect();
    // The error itself is told whatever becomes of this.
    let _ = output.print(&Refused { schema_version: SCHEMA_VERSION, findings }, |_| "");
}

impl fmt::Display for Findings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(&["STATE", "FINDING", "OBJECT", "WHY"]);
        for finding in self.0 {
            let (state, why) = match &finding.waived {
                Some(waived) => {
                    let until = waived.until.map(|until| format!(", until {until}")).unwrap_or_default();
                    ("waived".to_owned(), format!("{} ({}{until})", waived.reason, waived.asked))
                }
                None => (finding.severity.to_string(), finding.message.clone()),
            };
            table.row([state.as_str(), &finding.id, &finding.object, &why]);
        }
        table.fmt(f)
    }
}
