//! `config.yaml`: what a node is told. The keys are those that RKE2 and k3s share (`rke2 server --help`).

use std::collections::BTreeSet;

use manifests::site::{Endpoint, Node, Role};
use manifests::{Digest, Site};
use serde_json::{Map, Value, json};

use super::{Bundled, Distribution, Interfaces, Joins, first_server, options};

/// The first line of files that are ours.
pub(super) const HEAD: &str = "# Written by airgap-install: changes are overwritten.\n";

pub(super) fn text(
    distribution: &dyn Distribution,
    site: &Site,
    node: &Node,
    bundled: &Bundled,
    interfaces: &Interfaces,
    token: &str,
) -> Result<String, serde_yaml::ser::Error> {
    let mut config = Map::new();
    let mut say = |key: &str, value: Value| config.insert(key.to_owned(), value);
    if node.name == first_server(site).name {
        say("token", token.into());
    } else {
        say("server", format!("https://{}", Joins::of(site, distribution)).into());
        say("token-file", join_token_path(distribution).into());
    }
    if node.role == Role::Server {
        say("agent-token", agent_token(token).into());
    }
    say("node-name", node.name.to_string().into());
    say("node-ip", node.address.to_string().into());
    if !node.labels.is_empty() {
        say("node-label", node.labels.iter().map(|(key, value)| format!("{key}={value}")).collect());
    }
    if !node.taints.is_empty() {
        say("node-taint", node.taints.iter().map(ToString::to_string).collect());
    }
    if let Some(folder) = &node.data.distribution {
        say("data-dir", folder.display().to_string().into());
    }
    if let Some(folder) = &node.data.kubelet {
        say("kubelet-arg", json!([format!("root-dir={}", folder.display())]));
    }
    // What is not carried has to fail at once and by its own name, not by that of a registry outside.
    say("disable-default-registry-endpoint", true.into());
    if node.role == Role::Server {
        of_server(site, node, &mut config);
        if !bundled.disabled().is_empty() {
            config.insert("disable".to_owned(), json!(bundled.disabled()));
        }
    }
    options::tell(distribution, site, node, &mut config);
    distribution.tell(site, node, interfaces, &mut config);
    // An object of JSON is sorted by its keys, and so is the text: the same site gives the same bytes.
    Ok(format!("{HEAD}{}", serde_yaml::to_string(&config)?))
}

/// What agents join by. It follows from the servers' token, and not the other way round: whoever is root on an agent can't join as a
/// server.
pub(crate) fn agent_token(token: &str) -> String {
    Digest::of(format!("agents of {token}").as_bytes()).hex().to_string()
}

/// The file on a node that joins with the token that it joins by. It has the hash of the cluster's authority, too
/// (`K10<hash>::<user>:<password>`, the secure format of `docs.k3s.io/cli/token`), so it is written once there is a cluster.
pub(crate) fn join_token_path(distribution: &dyn Distribution) -> String {
    format!("{}/airgap-join-token", distribution.configuration())
}

/// What has to be the same on all servers, and what only they have.
fn of_server(site: &Site, node: &Node, config: &mut Map<String, Value>) {
    let network = &site.network;
    let mut say = |key: &str, value: Value| config.insert(key.to_owned(), value);
    let joined = |subnets: &[manifests::site::Subnet]| {
        let subnets: Vec<String> = subnets.iter().map(ToString::to_string).collect();
        Value::from(subnets.join(","))
    };
    say("cluster-cidr", joined(&network.pods));
    say("service-cidr", joined(&network.services));
    if let Some(address) = &network.dns.address {
        say("cluster-dns", address.value.to_string().into());
    }
    say("cluster-domain", network.dns.domain.to_string().into());
    say("tls-san", names(site).into_iter().collect());
    say("write-kubeconfig-mode", "0600".into());
    if let Some(folder) = &node.data.snapshots {
        say("etcd-snapshot-dir", folder.display().to_string().into());
    }
}

/// Everything by which the API is reached: its certificate has to name it.
fn names(site: &Site) -> BTreeSet<String> {
    let endpoint = match &site.network.endpoint {
        Endpoint::Server => None,
        Endpoint::Vip { address, .. } => Some(address.value.to_string()),
        Endpoint::Balancer(host) => Some(host.to_string()),
    };
    let servers = site.servers().map(|node| node.address.to_string());
    endpoint.into_iter().chain(site.network.sans.iter().map(ToString::to_string)).chain(servers).collect()
}
