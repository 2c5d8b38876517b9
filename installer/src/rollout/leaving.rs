//! What will be done to take a cluster off nodes, as data, and the steps that are done through the cluster's API.

use std::fmt;
use std::time::Duration;

use manifests::site::{Node, Role};
use serde::Serialize;

use super::api::Api;
use super::error::WorkError;
use super::leave::Traces;
use super::plan::{Plan, Step};
use super::{drain, quorum};

/// How long the API may take to let a node go: a server's member of etcd is taken out first.
const DELETING: Duration = Duration::from_secs(300);

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Leaving {
    /// The node is drained and deleted from the cluster, which goes on.
    Remove,
    /// Everything is taken off the node.
    Leave,
}

impl fmt::Display for Leaving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Remove => "remove",
            Self::Leave => "leave",
        })
    }
}

impl Plan<Leaving> {
    /// The plan that takes the cluster off all of its nodes: agents together, then servers, the last one first.
    pub fn dissolving(nodes: &[(&Node, Traces)]) -> Self {
        let mut steps = Vec::new();
        let mut before = Vec::new();
        for (node, traces) in nodes.iter().filter(|(node, _)| node.role == Role::Agent) {
            before.push(steps.len());
            steps.push(leave(node, traces, Vec::new()));
        }
        for (node, traces) in nodes.iter().rev().filter(|(node, _)| node.role == Role::Server) {
            let step = leave(node, traces, before);
            before = vec![steps.len()];
            steps.push(step);
        }
        Self { steps }
    }

    /// The plan that takes nodes out of a cluster that goes on, one after the other. `listed` says of a node whether the
    /// cluster knows it.
    pub fn shrinking(nodes: &[(&Node, Traces)], listed: impl Fn(&Node) -> bool) -> Self {
        let mut plan = Self::dissolving(nodes);
        let ordered = std::mem::take(&mut plan.steps);
        for mut step in ordered {
            let Some((node, _)) = nodes.iter().find(|(node, _)| step.node.as_deref() == Some(node.name.as_str()))
            else {
                continue;
            };
            let last = plan.steps.len().checked_sub(1);
            plan.steps.push(remove(node, listed(node), last.into_iter().collect()));
            step.after = vec![plan.steps.len() - 1];
            plan.steps.push(step);
        }
        plan
    }
}

fn leave(node: &Node, traces: &Traces, after: Vec<usize>) -> Step<Leaving> {
    let reason = match (traces.any(), traces.distribution()) {
        _ if traces.unknown => "it can't be reached: what is on it stays there".to_owned(),
        (false, _) => "nothing of a cluster is there".to_owned(),
        (true, Some(distribution)) => format!("{} is there", distribution.name()),
        (true, None) => "what was brought is there".to_owned(),
    };
    let title = "Take the cluster off the node".to_owned();
    step(node, Leaving::Leave, title, (traces.any(), reason), after)
}

fn remove(node: &Node, listed: bool, after: Vec<usize>) -> Step<Leaving> {
    let reason = if listed { "the cluster has it" } else { "the cluster does not have it, or does not answer" };
    let title = "Drain the node and delete it from the cluster".to_owned();
    step(node, Leaving::Remove, title, (listed, reason.to_owned()), after)
}

fn step(
    node: &Node,
    kind: Leaving,
    title: String,
    (needed, reason): (bool, String),
    after: Vec<usize>,
) -> Step<Leaving> {
    Step { node: Some(node.name.to_string()), kind, component: None, title, needed, reason, after }
}

/// Drains a node and deletes it from the cluster. One that is not ready has no pods that could move.
///
/// # Errors
/// [`WorkError`].
pub(crate) async fn remove_from(api: Api<'_>, node: &str, patience: Duration) -> Result<String, WorkError> {
    let ready = r#"jsonpath={.status.conditions[?(@.type=="Ready")].status}"#;
    let ready = api.ask("ask for the node", &["get", "node", node, "-o", ready]).await?;
    let drained = ready.as_deref() == Some("True");
    if drained {
        drain::drain(api, node, patience).await?;
    }
    delete(api, node).await?;
    Ok(if drained { "drained and deleted" } else { "deleted; it was not ready, so it was not drained" }.into())
}

/// Deletes a node from the cluster, if it is there.
///
/// # Errors
/// [`WorkError`].
pub(crate) async fn delete(api: Api<'_>, node: &str) -> Result<(), WorkError> {
    let limit = format!("--timeout={}s", DELETING.as_secs());
    let command = api.command("delete the node", &["delete", "node", node, "--ignore-not-found", &limit]);
    api.host.expect(&command.within(DELETING * 2)).await?;
    Ok(())
}

/// The names of the nodes that the cluster has.
///
/// # Errors
/// [`WorkError`].
pub(crate) async fn listed(api: Api<'_>) -> Result<Vec<String>, WorkError> {
    let names = r#"jsonpath={range .items[*]}{.metadata.name}{"\n"}{end}"#;
    Ok(api.insist("list the nodes", &["get", "nodes", "-o", names]).await?.lines().map(str::to_owned).collect())
}

/// Too few servers would stay.
#[derive(Debug, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[error("without {leaving} the cluster has {well} of {all} servers that are well, and it needs {needed}")]
#[diagnostic(help(
    "bring the other servers up first, or take one server out at a time and put another in its place; --force does it all the \
     same, and the cluster may be lost by it. To take all of it away, leave out --node"
))]
pub struct QuorumLost {
    leaving: String,
    well: usize,
    all: usize,
    needed: usize,
}

/// What the cluster would lose without these nodes: none if enough servers stay.
///
/// # Errors
/// [`WorkError`].
pub(crate) async fn loses_quorum(api: Api<'_>, leaving: &[&str]) -> Result<Option<QuorumLost>, WorkError> {
    Ok(judge(&quorum::servers(api).await?, leaving))
}

fn judge(servers: &[quorum::Member], leaving: &[&str]) -> Option<QuorumLost> {
    let is_leaving = |member: &&quorum::Member| leaving.contains(&member.name.as_str());
    let going: Vec<&str> = servers.iter().filter(is_leaving).map(|member| member.name.as_str()).collect();
    let well = servers.iter().filter(|member| !is_leaving(member) && member.ails.is_none()).count();
    let (all, needed) = (servers.len(), servers.len() / 2 + 1);
    let lost = !going.is_empty() && well < needed;
    lost.then(|| QuorumLost { leaving: going.join(" and "), well, all, needed })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::rollout::fixture::Nodes;

    fn ours() -> Traces {
        Traces { ours: true, distributions: ["rke2"].into(), ..Traces::default() }
    }

    /// The nodes of the steps, and the places of those before.
    fn order(plan: &Plan<Leaving>) -> Vec<(String, String, Vec<usize>)> {
        let steps = plan.steps.iter();
        steps.map(|step| (step.node.clone().unwrap(), step.kind.to_string(), step.after.clone())).collect()
    }

    fn said(node: &str, kind: &str, after: &[usize]) -> (String, String, Vec<usize>) {
        (node.into(), kind.into(), after.into())
    }

    #[test]
    fn agents_go_together_then_servers_one_by_one_and_the_first_server_last() {
        let site = Nodes::stock(3, 2).site;
        let nodes: Vec<_> = site.nodes.iter().map(|node| (node, ours())).collect();
        let plan = Plan::dissolving(&nodes);
        assert_eq!(
            order(&plan),
            [
                said("n4", "leave", &[]),
                said("n5", "leave", &[]),
                said("n3", "leave", &[0, 1]),
                said("n2", "leave", &[2]),
                said("n1", "leave", &[3]),
            ]
        );
        assert!(plan.steps.iter().all(|step| step.needed));
    }

    #[test]
    fn nodes_that_leave_a_cluster_are_taken_out_of_it_first_one_after_the_other() {
        let site = Nodes::stock(3, 2).site;
        let nodes = [(&site.nodes[2], ours()), (&site.nodes[4], Traces::default())];
        let plan = Plan::shrinking(&nodes, |node| node.name.as_str() == "n3");
        assert_eq!(
            order(&plan),
            [
                said("n5", "remove", &[]),
                said("n5", "leave", &[0]),
                said("n3", "remove", &[1]),
                said("n3", "leave", &[2]),
            ]
        );
        let needed: Vec<bool> = plan.steps.iter().map(|step| step.needed).collect();
        assert_eq!(needed, [false, false, true, true]);
    }

    #[test]
    fn no_server_goes_that_the_others_need() {
        let member = |(name, well): (&str, bool)| quorum::Member {
            name: name.into(),
            ails: (!well).then_some("it is not ready"),
        };
        let lost = |members: &[(&str, bool)], leaving: &[&str]| {
            let members: Vec<_> = members.iter().copied().map(member).collect();
            judge(&members, leaving).is_some()
        };
        let three = [("n1", true), ("n2", true), ("n3", true)];
        assert!(!lost(&three, &["n2"]) && !lost(&three, &["agent"]));
        assert!(lost(&three, &["n2", "n3"]));
        let one_is_down = [("n1", true), ("n2", true), ("n3", false)];
        assert!(!lost(&one_is_down, &["n3"]), "the one that is down");
        assert!(lost(&one_is_down, &["n2"]));
        assert!(lost(&[("n1", true)], &["n1"]) && lost(&[("n1", true), ("n2", true)], &["n2"]));
    }
}
