//! Findings, as people are told of them.

use std::fmt;

use airgap_console::Table;
use manifests::evidence::Finding;

/// Findings, one in a line each.
pub(super) struct Findings<'a>(pub(super) &'a [Finding]);

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
