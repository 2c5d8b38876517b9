//! Labels and taints of a node that is in the cluster already: its distribution says them only when it joins.

use manifests::site::Node;

use super::api::Api;
use super::error::WorkError;

/// Gives a node what the site says. What the site no longer says stays: others may have set it.
///
/// # Errors
/// [`WorkError`].
pub(super) async fn set(api: Api<'_>, node: &Node) -> Result<(), WorkError> {
    let labels: Vec<String> = node.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let taints: Vec<String> = node.taints.iter().map(ToString::to_string).collect();
    for (kind, marks) in [("label", labels), ("taint", taints)] {
        // One at a time: a command line has its limits, and a refusal names the one that is refused.
        for mark in marks {
            api.insist(
                &format!("give the node the {kind} {mark}"),
                &[kind, "node", node.name.as_str(), &mark, "--overwrite"],
            )
            .await?;
        }
    }
    Ok(())
}
