//! What the parts of a site say of each other. Each problem names both places.

use std::collections::HashMap;
use std::net::IpAddr;

use ipnet::IpNet;

use super::{Bastion, Endpoint, Host, Node, Placed, Site, Subnet};
use crate::BundleName;
use crate::yaml::suggest::nearest;
use crate::yaml::{Location, Problem, Sink};

/// The largest networks of services that the API server takes, as prefix lengths (kube-apiserver,
/// `--service-cluster-ip-range`: 20 bits of addresses).
const LARGEST_SERVICES: (u8, u8) = (12, 108);
/// What each node gets of the pods' network, as prefix lengths (kube-controller-manager, `--node-cidr-mask-size`).
const PODS_OF_A_NODE: (u8, u8) = (24, 64);

/// Checks a site whose parts are sound. `nodes` is where their list begins.
pub(super) fn whole(site: &Site, nodes: &Location, sink: &Sink) {
    names(&site.nodes, sink);
    addresses(site, sink);
    servers(site, nodes, sink);
    networks(site, sink);
    routes(site, sink);
}

fn names(nodes: &[Node], sink: &Sink) {
    let mut seen = HashMap::new();
    for node in nodes {
        if let Some(first) = seen.insert(&node.name, &node.location) {
            let problem = Problem::new(&node.location, format!("two nodes are called `{}`", node.name), "the second");
            sink.add(problem.with_other(first, "the first").with_help("give each node a name of its own"));
        }
    }
}

/// Addresses that are taken twice: by two nodes, or by a node and what all nodes share.
fn addresses(site: &Site, sink: &Sink) {
    let mut seen: HashMap<IpAddr, &Node> = HashMap::new();
    for node in &site.nodes {
        if let Some(first) = seen.insert(node.address, node) {
            let message = format!("`{}` and `{}` have the same address", first.name, node.name);
            let problem = Problem::new(&node.address_location, message, "the second");
            sink.add(
                problem.with_other(&first.address_location, "the first").with_help("write each node's own address"),
            );
        }
    }
    reached(&site.nodes, sink);
    let Endpoint::Vip { address: Placed { value: address, location }, .. } = &site.network.endpoint else { return };
    if let Some(node) = seen.get(address) {
        let message = format!("the address that wanders between servers is `{}`'s own", node.name);
        let problem = Problem::new(location, message, "the `vip`").with_other(&node.address_location, "the node's");
        sink.add(problem.with_help("choose an address of the nodes' network that no machine has"));
    }
    if site.jump_host.address == Host::Address(*address) {
        let problem =
            Problem::new(location, "the address that wanders between servers is the jump host's", "the `vip`");
        let problem = problem.with_other(&site.jump_host.location, "the jump host's");
        sink.add(problem.with_help("choose an address of the nodes' network that no machine has"));
    }
}

/// How many servers there are: etcd needs more than half of them.
fn servers(site: &Site, nodes: &Location, sink: &Sink) {
    let servers: Vec<&Node> = site.servers().collect();
    let count = servers.len();
    match servers.as_slice() {
        [] => {
            let problem = Problem::new(nodes, "no node is a server", "agents only");
            sink.add(problem.with_help("give at least one node `role: server`"));
        }
        [.., last] if count.is_multiple_of(2) => {
            let message = format!("of {count} servers no more may fail than of {}", count - 1);
            let problem = Problem::new(&last.location, message, "one too many, or one too few");
            let problem = problem.with_other(&servers[0].location, "the first server");
            sink.add(problem.with_help("etcd needs more than half of its members: use 1, 3 or 5 servers"));
        }
        [first, second, ..] if site.network.endpoint == Endpoint::Server => {
            let message = "several servers need an address that outlives each of them";
            let problem = Problem::new(&second.location, message, "the second server");
            let problem = problem.with_other(&first.location, "the first server");
            sink.add(problem.with_help(
                "under `cluster:`, write `endpoint: {vip: ADDRESS}` with an unused address of the nodes' network, \
                 or `endpoint: {balancer: HOST}`",
            ));
        }
        _ => {}
    }
}

fn networks(site: &Site, sink: &Sink) {
    let network = &site.network;
    for (what, subnets) in [("pods", &network.pods), ("services", &network.services)] {
        families(what, subnets, site, sink);
    }
    sizes(site, sink);
    meet(site, sink);
    dns(site, sink);
}

/// One network, of the family of the nodes' addresses: with another RKE2 and k3s do not start, and two need two addresses of each
/// node.
fn families(what: &str, subnets: &[Subnet], site: &Site, sink: &Sink) {
    match subnets {
        [] => {
            let problem = Problem::new(&site.location, format!("{what} have no network"), "this site");
            sink.add(problem.with_help("leave the field out for the usual network, or list one"));
        }
        [subnet] => {
            if let Some(node) = site.nodes.iter().find(|node| node.address.is_ipv4() != is_v4(&subnet.net)) {
                let message = format!("{what} ({subnet}) and {} have addresses of different families", node.name);
                let problem = at(subnet, site, message, what).with_other(&node.address_location, "the node's");
                sink.add(problem.with_help("choose a network of the family that the nodes' addresses are of"));
            }
        }
        [first, second, ..] => {
            let message =
                format!("{what} have one network: one of another family needs a second address of every node");
            let problem = at(second, site, message, "one too many");
            sink.add(other(problem, first, "the first").with_help("keep the one of the nodes' own family"));
        }
    }
}

fn sizes(site: &Site, sink: &Sink) {
    for service in &site.network.services {
        let largest = of_family(&service.net, LARGEST_SERVICES);
        if service.net.prefix_len() < largest {
            let message = format!("the services' network {service} is larger than the API server takes");
            sink.add(
                at(service, site, message, "too large").with_help(format!("use a prefix length of {largest} or more")),
            );
        }
    }
    for pod in &site.network.pods {
        let share = of_family(&pod.net, PODS_OF_A_NODE);
        let room = share.checked_sub(pod.net.prefix_len()).map_or(0, |bits| 1_u128 << bits.min(32));
        if room < site.nodes.len() as u128 {
            let message = format!(
                "the pods' network {pod} has room for {room} nodes, each with a /{share}; there are {}",
                site.nodes.len()
            );
            sink.add(
                at(pod, site, message, "too small").with_help("use a larger network, such as a /16 or a /56 of IPv6"),
            );
        }
    }
}

/// Networks that have addresses in common with each other, or with machines.
fn meet(site: &Site, sink: &Sink) {
    let (pods, services) = (&site.network.pods, &site.network.services);
    for pod in pods {
        for service in services.iter().filter(|service| overlap(&pod.net, &service.net)) {
            let message = format!("pods ({pod}) and services ({service}) have addresses in common");
            let problem = at(service, site, message, "the services'");
            sink.add(other(problem, pod, "the pods'").with_help("choose networks that don't overlap"));
        }
    }
    let all = || pods.iter().map(|net| ("pods", net)).chain(services.iter().map(|net| ("services", net)));
    let mut machines: Vec<(String, IpAddr, &Location)> =
        site.nodes.iter().map(|node| (format!("`{}`", node.name), node.address, &node.address_location)).collect();
    if let Endpoint::Vip { address: Placed { value: address, location }, .. } = &site.network.endpoint {
        machines.push(("the `vip`".to_owned(), *address, location));
    }
    if let Host::Address(address) = site.jump_host.address {
        machines.push(("the jump host".to_owned(), address, &site.jump_host.location));
    }
    for (who, address, location) in machines {
        for (what, subnet) in all().filter(|(_, subnet)| subnet.net.contains(&address)) {
            let message = format!("{who} has its address in the network of {what}, {subnet}");
            let field = if what == "pods" { "podCIDRs" } else { "serviceCIDRs" };
            let problem = Problem::new(location, message, "this address");
            let problem = other(problem, subnet, "the network");
            sink.add(problem.with_help(format!("choose another network in `{field}:` under `cluster:`")));
        }
    }
}

fn dns(site: &Site, sink: &Sink) {
    let Some(Placed { value: address, location }) = &site.network.dns.address else { return };
    let Some(first) = site.network.services.first() else { return };
    let kubernetes = first.net.hosts().next();
    let (message, help) = if !first.net.contains(address) {
        (
            format!("the address of the cluster's DNS is not in the services' network, {first}"),
            "choose one in that network",
        )
    } else if kubernetes == Some(*address) || first.net.network() == *address {
        ("this address of the services' network is the API's, or none".to_owned(), "the tenth address is usual")
    } else {
        return;
    };
    let problem = Problem::new(location, message, "this address");
    sink.add(other(problem, first, "the network").with_help(help));
}

/// That each way to a machine has a beginning.
fn routes(site: &Site, sink: &Sink) {
    let known: Vec<&str> = site.bastions.keys().map(BundleName::as_str).collect();
    let ways = site.nodes.iter().map(|node| &node.ssh).chain(site.bastions.values().map(|bastion| &bastion.ssh));
    // What the site says for all nodes is one place.
    let mut told: Vec<&Location> = Vec::new();
    for Placed { value: name, location } in ways.filter_map(|ssh| ssh.bastion.as_ref()) {
        if site.bastions.contains_key(name) || told.contains(&location) {
            continue;
        }
        told.push(location);
        let problem = Problem::new(location, format!("no bastion is called `{name}`"), "this bastion");
        sink.add(match nearest(name.as_str(), &known) {
            Some(meant) => problem.with_help(format!("did you mean `{meant}`?")),
            None if known.is_empty() => problem.with_help("describe it under `bastions:`"),
            None => problem.with_help(format!("the site's bastions are {}", known.join(", "))),
        });
    }
    for bastion in site.bastions.values() {
        if let Some(last) = last_of_loop(bastion, site)
            && let (Some(way), Some(back)) = (&bastion.ssh.bastion, &last.ssh.bastion)
        {
            let message = format!("the way to the bastion `{}` leads through itself", bastion.name);
            let problem = Problem::new(&way.location, message, "goes on here");
            let problem =
                if last == bastion { problem } else { problem.with_other(&back.location, "and comes back here") };
            sink.add(problem.with_help("one bastion of the way has to be reached without another"));
        }
    }
}

/// The bastion whose way leads back to `first`, if there is one. Of a loop only the first by name is told.
fn last_of_loop<'a>(first: &'a Bastion, site: &'a Site) -> Option<&'a Bastion> {
    let mut at = first;
    for _ in 0..site.bastions.len() {
        let next = site.bastions.get(&at.ssh.bastion.as_ref()?.value)?;
        if next.name == first.name {
            return Some(at);
        }
        if next.name < first.name {
            return None;
        }
        at = next;
    }
    None
}

/// Two nodes that are reached at one place are one machine.
fn reached(nodes: &[Node], sink: &Sink) {
    let mut seen: HashMap<_, &Node> = HashMap::new();
    for node in nodes {
        let way = (&node.ssh.host, node.ssh.port, node.ssh.bastion.as_ref().map(|bastion| &bastion.value));
        // The same address is told already.
        if let Some(first) = seen.insert(way, node).filter(|first| first.address != node.address) {
            let message = format!("`{}` and `{}` are reached at the same place", first.name, node.name);
            let problem = Problem::new(&node.location, message, "the second").with_other(&first.location, "the first");
            sink.add(problem.with_help("write each node's own `host:` and `port:` under its `ssh:`"));
        }
    }
}

fn is_v4(net: &IpNet) -> bool {
    matches!(net, IpNet::V4(_))
}

fn of_family(net: &IpNet, (v4, v6): (u8, u8)) -> u8 {
    if is_v4(net) { v4 } else { v6 }
}

fn overlap(one: &IpNet, two: &IpNet) -> bool {
    one.contains(two) || two.contains(one)
}

/// A problem of a network; one that is not written is shown at the site's name.
fn at(subnet: &Subnet, site: &Site, message: impl Into<String>, label: &str) -> Problem {
    match &subnet.location {
        Some(location) => Problem::new(location, message, label),
        None => Problem::new(&site.location, message, "this site"),
    }
}

/// Adds the place of a network, where it is written.
fn other(problem: Problem, subnet: &Subnet, label: &str) -> Problem {
    match &subnet.location {
        Some(location) => problem.with_other(location, label),
        None => problem,
    }
}
