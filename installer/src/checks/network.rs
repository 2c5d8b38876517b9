//! How a node is connected.

use std::net::IpAddr;

use ipnet::IpNet;

use super::identity::interface;
use super::{Area, Check, Fix, Outcome, Scene, Seen};

/// Versions of iptables that lose rules (k3s's documentation: 1.8.0 to 1.8.4).
const FAULTY_IPTABLES: std::ops::RangeInclusive<u32> = 0..=4;
/// The start of the names of network interfaces that a cluster makes: what leads through them is the cluster's own.
const OF_CLUSTERS: [&str; 8] = ["cali", "cilium", "cni", "flannel", "kube-", "lxc", "tunl", "vxlan"];

const NETWORK: Area = Area::Network;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "default-route",
        area: NETWORK,
        strict: false,
        about: "there is a default route, if only one that leads nowhere: the distribution finds its address by it; where one of \
            IPv4 is missing an installation makes one, so that is a warning",
        remedy: "add a default route through an interface that leads nowhere (RKE2's documentation for air gaps)",
        fix: Some(Fix::DefaultRoute),
        judge: default_route,
    },
    Check {
        id: "networks-free",
        area: NETWORK,
        strict: true,
        about: "the networks of pods and services meet none of the node's routes and addresses",
        remedy: "choose other networks in `cluster.podCIDRs` and `cluster.serviceCIDRs` of `site.yaml`",
        fix: None,
        judge: networks_free,
    },
    Check {
        id: "mtu-equal",
        area: NETWORK,
        strict: false,
        about: "the largest packet is the same on all nodes",
        remedy: "set the same MTU on the interfaces of the nodes' network",
        fix: None,
        judge: mtu_equal,
    },
    Check {
        id: "nameservers",
        area: NETWORK,
        strict: false,
        about: "a name server is named that pods can ask: else the cluster's DNS asks itself, or one on the internet",
        remedy: "name the site's name server in `/etc/resolv.conf`, or in `cluster.dns.upstream` of `site.yaml`",
        fix: None,
        judge: nameservers,
    },
    Check {
        id: "proxies",
        area: NETWORK,
        strict: false,
        about: "no proxy is named in the environment, which the distribution would use for the site's server too",
        remedy: "take the proxy out, or add the nodes', pods' and services' networks and the jump host to `no_proxy`",
        fix: None,
        judge: proxies,
    },
    Check {
        id: "firewall",
        area: NETWORK,
        strict: false,
        about: "neither ufw nor firewalld is on, which cut off pods; another filter that drops what comes in is a warning",
        remedy: "turn it off, or open the ports and let the networks of pods and services through (docs/preflight.md)",
        fix: None,
        judge: firewall,
    },
    Check {
        id: "network-manager",
        area: NETWORK,
        strict: false,
        about: "NetworkManager leaves the cluster's interfaces alone",
        remedy: "add `unmanaged-devices=interface-name:cali*;interface-name:flannel*` to a file of \
            `/etc/NetworkManager/conf.d`",
        fix: None,
        judge: network_manager,
    },
    Check {
        id: "nm-cloud-setup",
        area: NETWORK,
        strict: true,
        about: "nm-cloud-setup is off: the distribution does not start beside it",
        remedy: "run `systemctl disable --now nm-cloud-setup.service nm-cloud-setup.timer` and reboot",
        fix: None,
        judge: nm_cloud_setup,
    },
    Check {
        id: "iptables-version",
        area: NETWORK,
        strict: false,
        about: "the node's iptables, if it has one, is not of 1.8.0 to 1.8.4, which lose rules",
        remedy: "install a newer iptables, or remove it: distributions bring their own",
        fix: None,
        judge: iptables_version,
    },
];

fn same_family(one: &IpAddr, net: &IpNet) -> bool {
    one.is_ipv4() == net.addr().is_ipv4()
}

fn default_route(_: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    let routes = &seen.facts.network.routes;
    if routes.is_empty() {
        return Outcome::unknown("the routes");
    }
    let found = routes.iter().any(|route| {
        route.to.prefix_len() == 0 && same_family(&seen.node.address, &route.to) && !route.device.is_empty()
    });
    match seen.node.address {
        _ if found => Outcome::Pass,
        IpAddr::V4(_) => Outcome::Warn("no default route: an installation makes one that leads nowhere".to_owned()),
        IpAddr::V6(_) => Outcome::Fail("no default route".to_owned()),
    }
}

fn networks_free(scene: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    let of_cluster = |device: &str| OF_CLUSTERS.iter().any(|start| device.starts_with(start));
    let network = &seen.facts.network;
    let routes = network.routes.iter().map(|route| (route.device.as_str(), route.to));
    let addresses = network.addresses.iter().map(|(name, net)| (name.as_str(), net.trunc()));
    let taken = routes.chain(addresses).filter(|(device, to)| to.prefix_len() > 0 && !of_cluster(device));
    let taken: Vec<_> = taken.collect();
    if taken.is_empty() {
        return Outcome::unknown("the routes");
    }
    let mut met: Vec<String> = Vec::new();
    for subnet in scene.site.network.pods.iter().chain(&scene.site.network.services) {
        for (device, to) in &taken {
            // Ways to the pods of other nodes lead through the nodes' own network.
            let own = seen.ours && subnet.net.contains(to);
            if !own && (subnet.net.contains(to) || to.contains(&subnet.net)) {
                let device = if device.is_empty() { "nowhere" } else { device };
                met.push(format!("{subnet} meets {to} ({device})"));
            }
        }
    }
    met.dedup();
    Outcome::fail_with(&met)
}

fn mtu(seen: &Seen<'_>) -> Option<u32> {
    let name = interface(seen)?;
    seen.facts.network.links.iter().find(|link| link.name == name).map(|link| link.mtu)
}

fn mtu_equal(scene: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    let Some(own) = mtu(seen) else { return Outcome::Pass };
    let others = scene.nodes.iter().filter_map(|other| Some((mtu(other)?, other.node.name.as_str())));
    let others: Vec<_> = others.filter(|(mtu, _)| *mtu != own).map(|(mtu, name)| format!("{mtu} on {name}")).collect();
    if others.is_empty() { Outcome::Pass } else { Outcome::Warn(format!("{own}, and {}", super::list(&others))) }
}

fn nameservers(scene: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    let Some(servers) = &seen.facts.network.nameservers else { return Outcome::unknown("the name servers") };
    if !scene.site.network.dns.upstream.is_empty() {
        return Outcome::Pass;
    }
    // systemd-resolved is asked at a loopback address, and keeps the real servers in a file that the kubelet finds.
    let real = servers.iter().any(|server| !server.is_loopback()) || seen.facts.runs("systemd-resolved.service");
    match servers.as_slice() {
        [] => Outcome::Warn("none".to_owned()),
        _ if real => Outcome::Pass,
        servers => Outcome::Warn(format!("only {}", super::list(servers))),
    }
}

fn proxies(_: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    let proxies = seen.facts.network.proxies.iter().filter(|(_, name)| name != "apt");
    Outcome::warn_of(&proxies.map(|(place, name)| format!("{name} in {place}")).collect::<Vec<_>>())
}

fn firewall(_: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    let firewalls = &seen.facts.network.firewalls;
    if firewalls.iter().any(|name| name == "ufw") {
        Outcome::Fail("ufw is on".to_owned())
    } else if seen.facts.runs_or_will("firewalld.service") {
        Outcome::Fail("firewalld is on".to_owned())
    } else {
        let drops: Vec<_> = firewalls.iter().map(|name| format!("{name} drops what comes in")).collect();
        Outcome::warn_of(&drops)
    }
}

fn network_manager(_: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    let meddles = seen.facts.network.networkmanager_leaves_cni != Some(true);
    if seen.facts.runs_or_will("NetworkManager.service") && meddles {
        return Outcome::Warn("NetworkManager takes every interface for its own".to_owned());
    }
    Outcome::Pass
}

fn nm_cloud_setup(_: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    let units = ["nm-cloud-setup.service", "nm-cloud-setup.timer"];
    Outcome::fail_with(&units.into_iter().filter(|unit| seen.facts.runs_or_will(unit)).collect::<Vec<_>>())
}

fn iptables_version(_: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    let Some(said) = &seen.facts.machine.iptables else { return Outcome::Pass };
    let version = said.split_whitespace().find_map(|word| word.strip_prefix("v1.8."));
    match version.and_then(|patch| patch.parse::<u32>().ok()) {
        Some(patch) if FAULTY_IPTABLES.contains(&patch) => Outcome::Warn(said.clone()),
        _ => Outcome::Pass,
    }
}
