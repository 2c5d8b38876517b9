//! The members of etcd and the nodes of the cluster, brought together: a new member gets its vote, a node says whether its member
//! votes, and the member of a node that is deleted is taken out.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use anyhow::Result;

use crate::config::Config;
use crate::control_plane::kubectl;
use crate::etcd;
use crate::layout::{Data, say};

/// The servers with a member.
const NODES: [&str; 6] =
    ["get", "nodes", "-l", "node-role.kubernetes.io/etcd=true", "-o", "jsonpath={.items[*].metadata.name}"];

/// Does so for as long as this server runs.
pub(crate) fn keep(data: Data, name: String) {
    thread::spawn(move || {
        let (mut known, mut said) = (BTreeSet::new(), None);
        loop {
            if let Err(error) = once(&data, &name, &mut known, &mut said) {
                say(&format!("level=debug msg=\"the members of etcd: {error:#}\""));
            }
            thread::sleep(Duration::from_secs(2));
        }
    });
}

fn once(data: &Data, own: &str, known: &mut BTreeSet<String>, said: &mut Option<bool>) -> Result<()> {
    if let Err(error) = etcd::promote_learner(data) {
        say(&format!("level=debug msg=\"a member has no vote yet: {error:#}\""));
    }
    let votes = etcd::has_vote(data, own)?;
    if *said != Some(votes) {
        tell(data, own, votes)?;
        *said = Some(votes);
    }
    let nodes: BTreeSet<String> = kubectl(data, &NODES)?.split_whitespace().map(str::to_owned).collect();
    // A server that joins is a member before it is a node.
    let gone: Vec<String> = known.difference(&nodes).cloned().collect();
    for name in gone.iter().filter(|name| name.as_str() != own) {
        etcd::remove_member(data, name)?;
        say(&format!("level=info msg=\"Removed the member of {name}, which is no node any more\""));
        known.remove(name);
    }
    known.extend(nodes);
    Ok(())
}

fn tell(data: &Data, node: &str, votes: bool) -> Result<()> {
    let condition = serde_json::json!({
        "type": "EtcdIsVoter",
        "status": if votes { "True" } else { "False" },
        "reason": if votes { "MemberNotLearner" } else { "MemberIsLearner" },
        "message": if votes { "Node is a voting member of the etcd cluster" } else { "Node has no vote yet" },
    });
    let patch = serde_json::json!({"status": {"conditions": [condition]}}).to_string();
    kubectl(data, &["patch", "node", node, "--subresource=status", "--type=strategic", "--patch", &patch]).map(drop)
}

/// Labels a server by its roles, as the real one does.
pub(crate) fn label(config: &Config, has_member: bool) -> Result<()> {
    let mut roles = vec!["control-plane", "master"];
    if has_member {
        roles.push("etcd");
    }
    let roles: Vec<String> = roles.iter().map(|role| format!("node-role.kubernetes.io/{role}=true")).collect();
    let roles: Vec<&str> = roles.iter().map(String::as_str).collect();
    kubectl(&config.data, &[&["label", "--overwrite", "node", &config.name], &roles[..]].concat()).map(drop)
}
