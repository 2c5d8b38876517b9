//! A machine of the cluster.

use std::collections::BTreeMap;

use super::{access, refuse_twice, words};
use crate::site::{DataDirectories, Host, LabelKey, LabelValue, Node, Role, Taint};
use crate::yaml::{Fields, Key, Node as Tree, Problem, Sink};

/// A node. `defaults` and `become_root` are what the site says for all of them.
pub(super) fn node(
    tree: &Tree,
    defaults: &access::Said,
    become_root: Option<&access::Root>,
    sink: &Sink,
) -> Option<Node> {
    let mut fields = Fields::of(tree, "a node", sink)?;
    let said = fields.required("name", "name the machine, as in `name: server-1`");
    let location = said.map_or(tree.head(), |tree| &tree.location).clone();
    let name = said.and_then(|tree| words::node_name(tree, sink));
    let said = fields.required("address", "write the machine's IP address in the network that nodes share");
    let address_location = said.map_or(tree.head(), |tree| &tree.location).clone();
    let address = said.and_then(|tree| words::address(tree, sink));
    let role = fields.required("role", "write `role: server` (control plane and etcd) or `role: agent`");
    let roles = [("server", Role::Server), ("agent", Role::Agent)];
    let role = role.and_then(|tree| words::choice(tree, "the role of a node", &roles, sink));
    let labels = labels(fields.entries("labels", "a mapping of labels to their values"), sink);
    let taints = fields.list("taints", |tree, sink| Some((taint(tree, sink)?, tree)));
    let keys: Vec<_> = taints.iter().map(|(taint, tree)| (format!("{}:{}", taint.key, taint.effect), *tree)).collect();
    refuse_twice("taint", &keys, sink);
    let ssh = access::node(fields.get("ssh"), defaults, address.map(Host::Address), &location, sink);
    // What can't be read does not make room for what the site says.
    let root = match fields.get("become") {
        Some(tree) => access::root(tree, sink).map(Some),
        None => Some(become_root.cloned()),
    };
    let user = ssh.as_ref().map(|ssh| &ssh.user);
    let become_root = root.zip(user).and_then(|(root, user)| access::become_root(root.as_ref(), user, &location, sink));
    let data = fields.get("dataDirectories").map(|tree| data(tree, role, sink));
    fields.finish();
    Some(Node {
        name: name?,
        address: address?,
        role: role?,
        labels,
        taints: taints.into_iter().map(|(taint, _)| taint).collect(),
        ssh: ssh?,
        become_root: become_root?,
        data: data.unwrap_or_default(),
        location,
        address_location,
    })
}

fn labels(entries: Vec<(&Key, &Tree)>, sink: &Sink) -> BTreeMap<LabelKey, LabelValue> {
    entries.into_iter().filter_map(|(key, value)| Some((label_key(key, sink)?, label_value(value, sink)?))).collect()
}

fn label_key(key: &Key, sink: &Sink) -> Option<LabelKey> {
    let (message, help) = match key.text.parse::<LabelKey>() {
        Ok(label) if label.is_for_kubelets() => return Some(label),
        Ok(_) => (
            format!("a node may not give itself the label `{}`", key.text),
            "labels of kubernetes.io are Kubernetes' own; use a domain of yours, and add this one later by `kubectl label`",
        ),
        Err(error) => (
            error.to_string(),
            "a name has at most 63 letters, digits, `-`, `_` and `.`; a domain in lower case and `/` may stand before it",
        ),
    };
    sink.add(Problem::new(&key.location, message, "this label").with_help(help));
    None
}

fn label_value(tree: &Tree, sink: &Sink) -> Option<LabelValue> {
    match tree.text(sink)?.parse::<LabelValue>() {
        Ok(value) => Some(value),
        Err(error) => {
            let problem = Problem::new(&tree.location, error.to_string(), "this value");
            sink.add(problem.with_help("a value has at most 63 letters, digits, `-`, `_` and `.`, or is empty"));
            None
        }
    }
}

fn taint(tree: &Tree, sink: &Sink) -> Option<Taint> {
    match tree.text(sink)?.parse::<Taint>() {
        Ok(taint) => Some(taint),
        Err(error) => {
            let problem = Problem::new(&tree.location, error.to_string(), "this taint");
            sink.add(
                problem
                    .with_help("write `key=value:effect`, the effect being NoSchedule, PreferNoSchedule or NoExecute"),
            );
            None
        }
    }
}

fn data(tree: &Tree, role: Option<Role>, sink: &Sink) -> DataDirectories {
    let Some(mut fields) = Fields::of(tree, "a node's data directories", sink) else {
        return DataDirectories::default();
    };
    let mut folder = |name| fields.get(name).and_then(|tree| words::folder(tree, sink));
    let (distribution, kubelet, snapshots) = (folder("distribution"), folder("kubelet"), folder("snapshots"));
    if let (Some(Role::Agent), Some(place)) = (role, fields.key("snapshots")) {
        let problem = Problem::new(place, "an agent takes no snapshots of etcd", "on an agent");
        sink.add(problem.with_help("remove the line, or make it `role: server`"));
    }
    fields.finish();
    DataDirectories { distribution, kubelet, snapshots }
}
