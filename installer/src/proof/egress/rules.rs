//! The rules that count, as `nft` reads them. Source: nft(8).

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::IpAddr;

use ipnet::IpNet;
use manifests::Site;
use manifests::site::{Endpoint, Host};

use super::TABLE;

/// What never leaves a machine or its link: loopback, link-local, multicast, broadcast.
const NEAR: [&str; 8] = [
    "127.0.0.0/8",
    "169.254.0.0/16",
    "224.0.0.0/4",
    "255.255.255.255/32",
    "0.0.0.0/32",
    "::1/128",
    "fe80::/10",
    "ff00::/8",
];
/// How many places are told apart on a node; what goes to more is counted all the same.
const PLACES: usize = 1024;

/// What becomes of packets that leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// They are counted and go on.
    Count,
    /// They are counted and dropped.
    Drop,
}

/// Where a site ends.
#[derive(Debug, Clone, Default)]
pub struct Inside {
    /// Networks of the cluster itself, in which it answers for names.
    cluster: Vec<IpNet>,
    /// Everything that the site names by its address.
    site: Vec<IpNet>,
    /// What it names otherwise: a node knows where that is.
    names: BTreeSet<String>,
}

impl Inside {
    /// Where a site ends, by all that it names.
    pub fn of(site: &Site) -> Self {
        let network = &site.network;
        let endpoint = match &network.endpoint {
            Endpoint::Server => None,
            Endpoint::Vip { address, .. } => Some(address.value),
            Endpoint::Balancer(host) => address(host),
        };
        let endpoints = site.registries.values().flat_map(|registry| &registry.endpoints);
        let endpoints = endpoints.filter_map(|url| Some(url.host_str()?.trim_matches(['[', ']'])));
        // One without endpoints is asked under its own name.
        let registries: Vec<&str> = site.registries.keys().map(|host| without_port(host)).chain(endpoints).collect();
        let named_address = |host: &str| host.parse::<IpAddr>();
        let balancer = match &network.endpoint {
            Endpoint::Balancer(host) => Some(host),
            Endpoint::Server | Endpoint::Vip { .. } => None,
        };
        let machines = site.ntp.iter().chain([&site.jump_host.address]).chain(balancer);
        let names = machines.filter(|host| address(host).is_none()).map(Host::to_string);
        let unaddressed = registries.iter().filter(|host| named_address(host).is_err()).map(|host| (*host).to_owned());
        let addresses = site
            .nodes
            .iter()
            .map(|node| node.address)
            .chain(address(&site.jump_host.address))
            .chain(endpoint)
            .chain(network.dns.upstream.iter().copied())
            .chain(site.ntp.iter().filter_map(address))
            .chain(registries.iter().filter_map(|host| named_address(host).ok()));
        Self {
            cluster: network.pods.iter().chain(&network.services).map(|subnet| subnet.net).collect(),
            site: addresses.map(IpNet::from).collect(),
            names: names.chain(unaddressed).collect(),
        }
    }

    /// Nothing but names.
    #[cfg(test)]
    pub(super) fn named(names: &[&str]) -> Self {
        Self { names: names.iter().map(|name| (*name).to_owned()).collect(), ..Self::default() }
    }

    /// The names of machines of the site.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// The rules for a node for which the networks `own` are inside, too. What was counted before stays.
    pub(super) fn rules(&self, own: impl Iterator<Item = IpNet>, mode: Mode) -> String {
        let near = NEAR.iter().filter_map(|net| net.parse().ok());
        let inside: Vec<IpNet> = self.cluster.iter().chain(&self.site).copied().chain(own).chain(near).collect();
        let mut text = format!("add table inet {TABLE}\nadd counter inet {TABLE} left\n");
        for (family, kind) in [('4', "ipv4_addr"), ('6', "ipv6_addr")] {
            let mut set = |name: &str, of: &str, flags: &str| {
                let _ = writeln!(text, "add set inet {TABLE} {name}{family} {{ type {of}; flags {flags}; }}");
            };
            let counting = format!("dynamic; size {PLACES}");
            set("cluster", kind, "interval; auto-merge");
            set("inside", kind, "interval; auto-merge");
            set("questions", kind, &counting);
            set("ports", &format!("{kind} . inet_proto . inet_service"), &counting);
            set("others", &format!("{kind} . inet_proto"), &counting);
            for (name, nets) in [("cluster", &self.cluster), ("inside", &inside)] {
                let of_family = nets.iter().filter(|net| net.addr().is_ipv4() == (family == '4'));
                let list: Vec<String> = of_family.map(|net| net.trunc().to_string()).collect();
                let _ = writeln!(text, "flush set inet {TABLE} {name}{family}");
                if !list.is_empty() {
                    let _ = writeln!(text, "add element inet {TABLE} {name}{family} {{ {} }}", list.join(", "));
                }
            }
        }
        text.push_str(&chain(mode));
        text
    }
}

/// After all translation of addresses, so that services are seen as the pods that they are.
pub(super) fn chain(mode: Mode) -> String {
    let mut text = format!(
        "add chain inet {TABLE} leaving {{ type filter hook postrouting priority 300; policy accept; }}\n\
         flush chain inet {TABLE} leaving\n"
    );
    let mut rule = |rule: &str| {
        let _ = writeln!(text, "add rule inet {TABLE} leaving {rule}");
    };
    rule("oifname \"lo\" accept");
    // Answers to who came from elsewhere are no attempt to get there.
    rule("ct direction reply accept");
    let families = [('4', "ip"), ('6', "ip6")];
    for (family, word) in families {
        for protocol in ["udp", "tcp"] {
            rule(&format!(
                "{word} daddr != @cluster{family} {protocol} dport 53 add @questions{family} {{ {word} daddr counter }}"
            ));
        }
        rule(&format!("{word} daddr @inside{family} accept"));
    }
    rule("counter name left");
    for (family, word) in families {
        rule(&format!(
            "meta l4proto {{ tcp, udp, sctp }} add @ports{family} {{ {word} daddr . meta l4proto . th dport counter }}"
        ));
        rule(&format!(
            "meta l4proto != {{ tcp, udp, sctp }} add @others{family} {{ {word} daddr . meta l4proto counter }}"
        ));
    }
    if mode == Mode::Drop {
        rule("drop");
    }
    text
}

/// The host of a registry as references have it.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|sign| sign.is_ascii_digit()) => name.trim_matches(['[', ']']),
        _ => host.trim_matches(['[', ']']),
    }
}

fn address(host: &Host) -> Option<IpAddr> {
    match host {
        Host::Address(address) => Some(*address),
        Host::Name(_) => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use manifests::yaml::SourceFile;

    use super::*;

    #[test]
    fn rules_keep_what_was_counted_and_know_where_the_site_ends() {
        let inside = Inside {
            cluster: vec!["10.42.0.0/16".parse().unwrap()],
            site: vec!["10.77.0.10/32".parse().unwrap(), "fd00::7/128".parse().unwrap()],
            names: BTreeSet::new(),
        };
        insta::assert_snapshot!(inside.rules(["10.77.0.100/24".parse().unwrap()].into_iter(), Mode::Drop));
    }

    #[test]
    fn whatever_a_site_names_is_inside_by_its_address_or_its_name() {
        let text = "apiVersion: airgap/v1\nkind: Site\nname: plant\nbundle: {name: platform, versions: '*'}\n\
                    jumpHost: {address: jump.example.org}\nssh: {user: ops}\nntp: [10.0.7.2, time.example.org]\n\
                    nodes:\n- {name: one, address: 10.0.7.11, role: server}\n\
                    cluster: {endpoint: {balancer: api.example.org}}\n\
                    registries:\n  'harbor.example.org:5001': {}\n  other.example.org: {endpoints: ['https://mirror.example.org:8443/v2']}\n";
        let site = Site::parse(&SourceFile::new("site.yaml", text)).map_err(|all| format!("{all:?}")).unwrap();
        let inside = Inside::of(&site);
        let names = ["api", "harbor", "jump", "mirror", "other", "time"].map(|name| format!("{name}.example.org"));
        assert_eq!(inside.names().collect::<Vec<_>>(), names);
        assert!(inside.site.contains(&"10.0.7.2/32".parse().unwrap()));
    }
}
