//! Taking the pods off a node before something is done to it, and letting them come back afterwards.

use std::time::Duration;

use super::api::Api;
use super::error::WorkError;
use crate::host::{HostError, Said};

/// The annotation of a node that takes no pods because of us: one that somebody else has cordoned stays so.
const DRAINED: &str = "airgap/drained";
/// How long the program may take beyond the time that it is told.
const SLACK: Duration = Duration::from_secs(60);

/// Moves the pods of a node to other nodes, as far as they belong to any: those of DaemonSets stay. Budgets of disruption are
/// kept. When that is not possible within `patience`, the node takes pods again.
///
/// # Errors
/// [`WorkError::Drain`] with the reasons that the API gives.
pub(super) async fn drain(api: Api<'_>, node: &str, patience: Duration) -> Result<(), WorkError> {
    let cordoned = r"jsonpath={.spec.unschedulable}";
    let cordoned = api.insist("ask whether the node takes pods", &["get", "node", node, "-o", cordoned]).await?;
    if cordoned.trim() != "true" {
        let mark = format!("{DRAINED}=true");
        api.insist("remember who drains the node", &["annotate", "--overwrite", "node", node, &mark]).await?;
    }
    let seconds = patience.as_secs();
    let limit = format!("--timeout={seconds}s");
    let words = ["drain", node, "--ignore-daemonsets", "--delete-emptydir-data", &limit];
    let command = api.command(&format!("drain {node}"), &words).within(patience + SLACK);
    match api.host.expect(&command).await {
        Ok(_) => Ok(()),
        Err(HostError::Failed { said, .. }) => {
            take_pods_again(api, node).await?;
            Err(WorkError::Drain { node: node.to_owned(), seconds, said: reasons(&said) })
        }
        Err(other) => Err(other.into()),
    }
}

/// Lets a node that was drained here take pods again.
pub(super) async fn take_pods_again(api: Api<'_>, node: &str) -> Result<(), WorkError> {
    let ours = format!("jsonpath={{.metadata.annotations.{}}}", DRAINED.replace('.', r"\."));
    let ours = api.insist("ask who drained the node", &["get", "node", node, "-o", &ours]).await?;
    if ours.trim() == "true" {
        api.insist("let the node take pods again", &["uncordon", node]).await?;
        let forget = format!("{DRAINED}-");
        api.insist("forget who drained the node", &["annotate", "node", node, &forget]).await?;
    }
    Ok(())
}

/// What the API says of pods that stay, each reason once: it is said again at every attempt.
fn reasons(said: &Said) -> Said {
    let mut reasons: Vec<String> = Vec::new();
    for line in said.to_string().lines().map(str::trim) {
        if !line.starts_with("evicting pod ") && !reasons.iter().any(|known| known == line) {
            reasons.push(line.to_owned());
        }
    }
    Said::lines(&reasons.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_that_is_said_at_every_attempt_is_told_once() {
        let refused = "error when evicting pods/\"db-0\" -n \"shop\" (will retry after 5s): Cannot evict pod as it would \
                       violate the pod's disruption budget.";
        let said = Said::lines(&format!(
            "evicting pod shop/db-0\n{refused}\nevicting pod shop/db-0\n{refused}\nerror: timeout"
        ));
        assert_eq!(reasons(&said), Said::lines(&format!("{refused}\nerror: timeout")));
    }
}
