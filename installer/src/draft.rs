//! A `site.yaml` to fill in: empty, or with what an inventory says of the machines.
//!
//! What has to be filled in stands there without a value, which `site check` names; what may be is a comment.

mod machine;

use crate::inventory::Machine;
use machine::{Drawn, Part};

/// A draft, and what of the inventory is not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The text of `site.yaml`.
    pub text: String,
    /// What has no place in a site or could not be understood, for people.
    pub left_out: Vec<String>,
}

const HEAD: &str = "\
# A site: where a bundle is installed. Give a value to what has none, then run `airgap-install site check` on it.
# All fields: docs/site.md. No secret has a place here; wherever one is needed, say where it is:
#   {file: ./path}   {env: NAME}   {prompt: \"question\"}
apiVersion: airgap/v1
kind: Site
name:  # of the site: lower-case letters, digits and `-`

# Which bundles may be installed here.
bundle:
  name:  # of the stack
  versions: \"*\"  # a range, such as \">=1.4, <2\"

# How nodes reach the machine that serves the bundle.
jumpHost:
  address:  # a name or an address
  # port: 5000
";

const BASTIONS: &str = "
# Machines on the way to others, which say `bastion: NAME` under `ssh:`.
# bastions:
#   dmz:
#     host: dmz.example.org
";

const NODES: &str = "
# The machines of the cluster: 1, 3 or 5 servers (control plane and etcd) and any number of agents.
nodes:
";

const EMPTY_NODE: &str = "  - name:  # in lower case, such as server-1
    address:  # its IP address
    role: server
  # - name: agent-1
  #   address: 10.0.0.21
  #   role: agent
";

const NODE_CHOICES: &str = "    # Each node may also say:
    # labels: {example.org/rack: r4}
    # taints: [\"dedicated=gpu:NoSchedule\"]
    # ssh: {host: 192.0.2.7, port: 2222, user: admin, hostKeys: [\"SHA256:…\"]}
    # become: {password: {prompt: \"sudo password\"}}
    # dataDirectories: {distribution: /data/rancher, kubelet: /data/kubelet}
";

const REST: &str = "
# ntp: [10.0.0.2]

# registries:
#   registry.example.org:
#     ca: ./ca.pem
#     username: airgap
#     password: {env: REGISTRY_PASSWORD}

# What components are told, by their names.
# components:
#   longhorn:
#     values: {defaultSettings: {defaultReplicaCount: 3}}
#   harbor:
#     secrets: {harborAdminPassword: {file: ./harbor-admin}}

# certificates:
#   trust: [./root.pem]
#   authority: {certificate: ./site-ca.pem, key: ./site-ca.key}
";

const NO_KEY: &str = "  # key: ./id_ed25519  # without it the keys of an agent\n";

impl Draft {
    /// A draft without machines.
    pub fn empty() -> Self {
        let ssh = ssh("  user:  # who logs in\n", &format!("{NO_KEY}  # bastion: dmz\n"), false);
        let nodes = format!("{NODES}{EMPTY_NODE}{NODE_CHOICES}");
        let text = [HEAD, &ssh, BASTIONS, &nodes, &cluster(1), REST].concat();
        Self { text, left_out: Vec::new() }
    }

    /// A draft with the machines of an inventory.
    pub fn of(machines: &[Machine]) -> Self {
        let mut left_out = Vec::new();
        let drawn: Vec<Drawn> = machines.iter().filter_map(|machine| Drawn::of(machine, &mut left_out)).collect();
        let nodes: Vec<&Drawn> = drawn.iter().filter(|drawn| drawn.part != Part::Bastion).collect();
        let bastions: Vec<&Drawn> = drawn.iter().filter(|drawn| drawn.part == Part::Bastion).collect();
        // What most machines say is said once for all.
        let user = most(nodes.iter().filter_map(|node| node.user.as_deref()));
        let key = most(nodes.iter().filter_map(|node| node.key.as_deref()));
        let sudo_password = !nodes.is_empty() && nodes.iter().all(|node| node.sudo_password);
        let shared = machine::Shared { user, key, sudo_password };
        let user = user.map_or("  user:  # who logs in\n".to_owned(), |user| format!("  user: {}\n", quoted(user)));
        let key = key.map_or(NO_KEY.to_owned(), |key| format!("  key: {}\n", quoted(key)));
        // Where there is one bastion, inventories of Kubernetes mean that it leads to all nodes.
        let login = match bastions.as_slice() {
            [only] => format!("{key}  bastion: {}  # the inventory's only one\n", quoted(only.bastion_name())),
            _ => format!("{key}  # bastion: dmz\n"),
        };
        let mut text = [HEAD, &ssh(&user, &login, sudo_password)].concat();
        if bastions.is_empty() {
            text.push_str(BASTIONS);
        } else {
            text.push_str("\n# Machines on the way to others, which say `bastion: NAME` under `ssh:`.\nbastions:\n");
            bastions.iter().for_each(|bastion| text.push_str(&bastion.as_bastion(&shared)));
        }
        text.push_str(NODES);
        nodes.iter().for_each(|node| text.push_str(&node.as_node(&shared)));
        text.push_str(if nodes.is_empty() { EMPTY_NODE } else { "" });
        text.push_str(NODE_CHOICES);
        text.push_str(&cluster(nodes.iter().filter(|node| node.part == Part::Server).count()));
        text.push_str(REST);
        Self { text, left_out }
    }
}

/// How nodes are reached, and how one becomes root there.
fn ssh(user: &str, login: &str, sudo_password: bool) -> String {
    let open = if sudo_password { "" } else { "# " };
    format!(
        "\n# How nodes are reached; each may say otherwise under its own `ssh:`.\nssh:\n{user}{login}  \
         # passphrase: {{prompt: \"passphrase of the key\"}}\n\
         # How the user becomes root. Without it by sudo, which asks for no password.\n\
         {open}become: {{password: {{prompt: \"sudo password\"}}}}\n"
    )
}

/// The cluster's part: with several servers it needs an address that outlives each of them.
fn cluster(servers: usize) -> String {
    let open = if servers > 1 { "" } else { "# " };
    format!(
        "\n# Networks, and how the cluster's API is reached. With more than one server it needs `vip`, an unused address\n\
         # of the nodes' network, or `balancer`, the site's load balancer.\n\
         {open}cluster:\n{open}  endpoint:\n{open}    vip:{}\n\
         #   sans: [api.example.org]\n#   podCIDRs: [10.42.0.0/16]\n#   serviceCIDRs: [10.43.0.0/16]\n\
         #   cni: cilium  # or canal, calico, flannel, none\n#   dns: {{upstream: [10.0.0.2]}}\n",
        if servers > 1 { "" } else { " 10.0.0.10" }
    )
}

/// The value that stands there most often; of several, the first by name.
fn most<'a>(values: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut counts: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    values.for_each(|value| *counts.entry(value).or_default() += 1);
    let best = counts.values().copied().max()?;
    counts.into_iter().find(|(_, count)| *count == best).map(|(value, _)| value)
}

/// A text as a YAML value that nothing but text can be read in: JSON's strings are YAML's.
fn quoted(text: &str) -> String {
    let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/');
    let begins = text.starts_with("./") || text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
    let plain = begins
        && text.bytes().all(word)
        && !matches!(text.to_ascii_lowercase().as_str(), "true" | "false" | "null" | "yes" | "no" | "on" | "off");
    if plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}
