//! What a node serves, and what it has to reach.

use manifests::Site;
use manifests::site::{Cni, Encryption, Node, Role};

use super::{Area, Check, Outcome, Scene, Seen};
use crate::distribution::Distribution;
use crate::facts::{Flow, Protocol, Reached, Socket, Target};

/// The port of the API, which every node reaches on servers, as it does the one by which nodes join.
const API: u16 = 6443;
/// Ports of etcd: servers reach them on each other.
const ETCD: [u16; 2] = [2379, 2380];
/// Where nodes that share images find each other: every node on every other, as they reach the API's ports for the images.
const SHARING: u16 = 5001;
/// The kubelet's: every node reaches it on every other.
const KUBELET: u16 = 10250;
/// Where etcd tells its figures, to its own server alone.
const ETCD_FIGURES: u16 = 2381;
/// Where Calico's agent says that it is well, to its own node alone.
const CALICO_HEALTH: u16 = 9099;
/// What listens on servers for itself alone: the controller manager, the scheduler.
const WITHIN_SERVER: [u16; 2] = [10257, 10259];
/// What listens on every node for itself alone: the kubelet's health, kube-proxy's figures and health.
const WITHIN_NODE: [u16; 3] = [10248, 10249, 10256];
/// The ports that services get (kube-apiserver, `--service-node-port-range`).
const NODE_PORTS: std::ops::RangeInclusive<u16> = 30000..=32767;

/// Programs that serve a cluster's ports, as the kernel names them (15 letters of each).
const OF_CLUSTERS: [&str; 15] = [
    "bird",
    "calico-node",
    "calico-typha",
    "cilium-agent",
    "containerd",
    "etcd",
    "k3s",
    "k3s-agent",
    "k3s-server",
    "kube-apiserver",
    "kube-controller",
    "kube-proxy",
    "kube-scheduler",
    "kubelet",
    "rke2",
];

const PORTS: Area = Area::Ports;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "ports-free",
        area: PORTS,
        strict: false,
        about: "nothing listens on the ports of the cluster",
        remedy: "stop what listens there; `ss -lntup` names it",
        fix: None,
        judge: free,
    },
    Check {
        id: "node-ports-free",
        area: PORTS,
        strict: false,
        about: "nothing listens on 30000 to 32767, which services get",
        remedy: "move what listens there to another port",
        fix: None,
        judge: node_ports_free,
    },
    Check {
        id: "ports-reachable",
        area: PORTS,
        strict: false,
        about: "the node reaches the cluster's TCP ports of all other nodes; that nobody listens yet is as good",
        remedy: "let these ports through between the nodes",
        fix: None,
        judge: |scene, seen| reachable(scene, seen, Protocol::Tcp),
    },
    Check {
        id: "ports-reachable-udp",
        area: PORTS,
        strict: false,
        about: "the node reaches the cluster's UDP ports of all other nodes, as far as that shows: no answer is a warning",
        remedy: "let these ports through between the nodes, and ICMP, without which it can't be seen",
        fix: None,
        judge: |scene, seen| reachable(scene, seen, Protocol::Udp),
    },
    Check {
        id: "jump-host-reachable",
        area: PORTS,
        strict: true,
        about: "the node reaches the site's server on the jump host",
        remedy: "let the nodes through to `jumpHost.port` at `jumpHost.address` of `site.yaml`",
        fix: None,
        judge: jump_host,
    },
];

/// The ports that nodes reach on each other for what connects pods.
fn of_cni(cni: Cni) -> Vec<(Protocol, u16)> {
    match cni {
        Cni::Canal | Cni::Flannel => vec![(Protocol::Udp, 8472)],
        Cni::Calico => vec![(Protocol::Tcp, 179), (Protocol::Tcp, 5473), (Protocol::Udp, 4789)],
        Cni::Cilium(cilium) => {
            let mut ports = vec![(Protocol::Tcp, 4240), (Protocol::Udp, 8472)];
            if cilium.encryption == Some(Encryption::WireGuard) {
                ports.push((Protocol::Udp, 51871));
            }
            ports
        }
        Cni::None => Vec::new(),
    }
}

/// The ports of the API and of joining, which may be one.
fn api(distribution: &dyn Distribution) -> Vec<u16> {
    let mut ports = vec![API, distribution.join_port()];
    ports.dedup();
    ports
}

/// The ports that a node needs on another one (RKE2's and k3s's requirements, inbound rules).
fn between(distribution: &dyn Distribution, site: &Site, from: &Node, to: &Node) -> Vec<(Protocol, u16)> {
    let mut ports = Vec::new();
    let sharing = site.options.embedded_registry.is_some();
    if to.role == Role::Server || sharing {
        ports.extend(api(distribution));
    }
    ports.extend(sharing.then_some(SHARING));
    if to.role == Role::Server && from.role == Role::Server && distribution.keeps_etcd(site) {
        ports.extend(ETCD);
    }
    ports.push(KUBELET);
    let ports = ports.into_iter().map(|port| (Protocol::Tcp, port));
    ports.chain(of_cni(cni(distribution, site))).collect()
}

fn cni(distribution: &dyn Distribution, site: &Site) -> Cni {
    site.network.cni.unwrap_or_else(|| distribution.own_cni())
}

/// What a node has to reach.
pub fn targets(distribution: Option<&'static dyn Distribution>, site: &Site, from: &Node) -> Vec<Target> {
    let distribution = super::distribution(distribution);
    let others = site.nodes.iter().filter(|node| node.name != from.name);
    let others = others.flat_map(|to| {
        let target = |(protocol, port)| Target { protocol, host: to.address.to_string(), port };
        between(distribution, site, from, to).into_iter().map(target)
    });
    std::iter::once(jump_target(site)).chain(others).collect()
}

fn jump_target(site: &Site) -> Target {
    Target { protocol: Protocol::Tcp, host: site.jump_host.address.to_string(), port: site.jump_host.port }
}

/// The ports that have to be free on a node.
fn own(distribution: &dyn Distribution, site: &Site, node: &Node) -> Vec<(Protocol, u16)> {
    let mut ports = vec![KUBELET];
    ports.extend(WITHIN_NODE);
    let sharing = site.options.embedded_registry.is_some();
    ports.extend(sharing.then_some(SHARING));
    if node.role == Role::Server || sharing {
        ports.extend(api(distribution));
    }
    if node.role == Role::Server {
        ports.extend(WITHIN_SERVER);
        if distribution.keeps_etcd(site) {
            ports.extend(ETCD);
            ports.push(ETCD_FIGURES);
        }
    }
    let cni = cni(distribution, site);
    if matches!(cni, Cni::Canal | Cni::Calico) {
        ports.push(CALICO_HEALTH);
    }
    ports.into_iter().map(|port| (Protocol::Tcp, port)).chain(of_cni(cni)).collect()
}

/// Whether what listens on a node is of the cluster that this site makes of it. What has no name there is the kernel's.
fn is_own(seen: &Seen<'_>, socket: &Socket) -> bool {
    seen.ours && socket.process.as_deref().is_none_or(|name| OF_CLUSTERS.contains(&name))
}

fn free(scene: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    let Some(sockets) = &seen.facts.sockets else { return Outcome::unknown("who listens") };
    let mut taken = Vec::new();
    for (protocol, port) in own(scene.distribution(), scene.site, seen.node) {
        let is_it = |socket: &&Socket| socket.protocol == protocol && socket.port == port && !is_own(seen, socket);
        let socket = sockets.iter().find(is_it);
        if let Some(socket) = socket {
            taken.push(format!("{port}/{protocol} by {}", socket.process.as_deref().unwrap_or("another program")));
        }
    }
    Outcome::fail_with(&taken)
}

fn node_ports_free(_: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    let Some(sockets) = &seen.facts.sockets else { return Outcome::unknown("who listens") };
    if seen.ours {
        return Outcome::Pass;
    }
    let taken = sockets.iter().filter(|socket| NODE_PORTS.contains(&socket.port)).map(|socket| {
        format!("{}/{} by {}", socket.port, socket.protocol, socket.process.as_deref().unwrap_or("another program"))
    });
    let mut taken: Vec<_> = taken.collect();
    taken.dedup();
    Outcome::warn_of(&taken)
}

fn reachable(scene: &Scene<'_>, seen: &Seen<'_>, protocol: Protocol) -> Outcome {
    let jump = jump_target(scene.site);
    let flows = seen.flows.iter().filter(|flow| flow.target.protocol == protocol && flow.target != jump);
    let (mut blocked, mut unsure) = (Vec::new(), Vec::new());
    for flow in flows {
        let other = scene.site.nodes.iter().find(|node| node.address.to_string() == flow.target.host);
        let name = other.map_or(flow.target.host.as_str(), |node| node.name.as_str());
        let found = format!("{}/{protocol} of {name}", flow.target.port);
        match flow.reached {
            Reached::Blocked => blocked.push(found),
            Reached::Unknown => unsure.push(found),
            Reached::Silent if !listens(scene, flow) => unsure.push(found),
            Reached::Open | Reached::Refused | Reached::Silent => {}
        }
    }
    if blocked.is_empty() && !unsure.is_empty() {
        return Outcome::Warn(format!("no answer from {}", super::list(&unsure)));
    }
    Outcome::fail_with(&blocked)
}

/// Whether the other node itself says that something listens there: then silence is to be expected.
fn listens(scene: &Scene<'_>, flow: &Flow) -> bool {
    let target = &flow.target;
    let other = scene.nodes.iter().find(|other| other.node.address.to_string() == target.host);
    let sockets = other.and_then(|other| other.facts.sockets.as_deref()).unwrap_or_default();
    sockets.iter().any(|socket| socket.protocol == target.protocol && socket.port == target.port)
}

fn jump_host(scene: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    let jump = jump_target(scene.site);
    let found = format!("{}:{}", jump.host, jump.port);
    match seen.flows.iter().find(|flow| flow.target == jump).map(|flow| flow.reached) {
        Some(Reached::Open | Reached::Refused | Reached::Silent) => Outcome::Pass,
        Some(Reached::Blocked) => Outcome::Fail(format!("{found} can't be reached")),
        Some(Reached::Unknown) | None => Outcome::unknown("whether the jump host can be reached"),
    }
}
