//! The cluster's networks.

use ipnet::IpNet;

use super::{options, words};
use crate::site::{Cilium, ClusterDns, Cni, Encryption, Endpoint, HostName, Network, Options, Subnet};
use crate::yaml::{Fields, Node as Tree, Problem, Sink, Value};

/// Where RKE2 and k3s have pods and services if nothing else is said.
const PODS: &str = "10.42.0.0/16";
const SERVICES: &str = "10.43.0.0/16";
/// The domain of names in a cluster if nothing else is said.
const DOMAIN: &str = "cluster.local";
/// The longest name that Linux gives to a network interface.
const LONGEST_INTERFACE: usize = 15;

/// How many name servers are asked: more than these `resolv.conf` does not have (glibc, `MAXNS`).
const NAME_SERVERS: usize = 3;

/// The field `cluster`.
pub(super) fn cluster(tree: Option<&Tree>, sink: &Sink) -> Option<(Network, Options)> {
    let (pods, services) = (usual(PODS), usual(SERVICES));
    let dns = ClusterDns { address: None, domain: DOMAIN.parse().ok()?, upstream: Vec::new() };
    let Some(tree) = tree else {
        let network = Network { endpoint: Endpoint::Server, sans: Vec::new(), pods, services, cni: None, dns };
        return Some((network, Options::default()));
    };
    let mut fields = Fields::of(tree, "the cluster", sink)?;
    let endpoint = fields.get("endpoint").map_or(Some(Endpoint::Server), |tree| endpoint(tree, sink));
    let sans = fields.list("sans", words::host);
    let mut subnets = |name, usual| if fields.get(name).is_some() { fields.list(name, subnet) } else { usual };
    let (pods, services) = (subnets("podCIDRs", pods), subnets("serviceCIDRs", services));
    let cni = fields.get("cni").and_then(|tree| cni(tree, sink));
    let dns = fields.get("dns").map_or(Some(dns.clone()), |tree| names(tree, dns, sink));
    let options = options::options(&mut fields, sink);
    fields.finish();
    Some((Network { endpoint: endpoint?, sans, pods, services, cni, dns: dns? }, options))
}

fn usual(net: &str) -> Vec<Subnet> {
    net.parse().map(|net| Subnet { net, location: None }).into_iter().collect()
}

fn subnet(tree: &Tree, sink: &Sink) -> Option<Subnet> {
    let text = tree.text(sink)?;
    let (message, help) = match text.parse::<IpNet>() {
        Ok(net) if net.trunc() == net => return Some(Subnet { net, location: Some(tree.location.clone()) }),
        Ok(net) => {
            (format!("`{text}` is an address in a network, not the network"), format!("write `{}`", net.trunc()))
        }
        Err(_) => (
            format!("`{}` is not a network of addresses", text.chars().take(80).collect::<String>()),
            "write it as `10.42.0.0/16` or `fd00:42::/56`".to_owned(),
        ),
    };
    sink.add(Problem::new(&tree.location, message, "this network").with_help(help));
    None
}

fn endpoint(tree: &Tree, sink: &Sink) -> Option<Endpoint> {
    let mut fields = Fields::of(tree, "the cluster's endpoint", sink)?;
    let (vip, balancer) = (fields.get("vip"), fields.get("balancer"));
    let interface = fields.get("interface").and_then(|tree| interface(tree, sink));
    if let (Some(place), None) = (fields.key("interface"), vip) {
        let problem = Problem::new(place, "`interface` needs `vip` beside it", "for which address?");
        sink.add(problem.with_help("an interface is only needed for an address that wanders between servers"));
    }
    let head = fields.location();
    fields.finish();
    match (vip, balancer) {
        (Some(vip), None) => Some(Endpoint::Vip { address: words::placed_address(vip, sink)?, interface }),
        (None, Some(balancer)) => words::host(balancer, sink).map(Endpoint::Balancer),
        (Some(vip), Some(balancer)) => {
            let message = "the API is reached at an address of the servers or through a load balancer";
            let problem = Problem::new(&balancer.location, message, "a load balancer");
            sink.add(problem.with_other(&vip.location, "an address of the servers").with_help("keep one of them"));
            None
        }
        (None, None) => {
            let problem = Problem::new(head, "the endpoint has no `vip` and no `balancer`", "where?");
            sink.add(problem.with_help(
                "write `vip:` with an unused address of the nodes' network, or `balancer:` with a load balancer's",
            ));
            None
        }
    }
}

fn interface(tree: &Tree, sink: &Sink) -> Option<String> {
    let text = tree.text(sink)?;
    let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    if (1..=LONGEST_INTERFACE).contains(&text.len()) && text.bytes().all(good) && !matches!(text, "." | "..") {
        return Some(text.to_owned());
    }
    let problem = Problem::new(&tree.location, "this can't be the name of a network interface", "this interface");
    sink.add(problem.with_help("write it as `ip link` does, such as `eth0` or `bond0.12`"));
    None
}

/// A CNI: its name, or Cilium with its choices.
fn cni(tree: &Tree, sink: &Sink) -> Option<Cni> {
    let known = [
        ("canal", Cni::Canal),
        ("calico", Cni::Calico),
        ("cilium", Cni::Cilium(Cilium::default())),
        ("flannel", Cni::Flannel),
        ("none", Cni::None),
    ];
    if let Value::Scalar { .. } = tree.value {
        return words::choice(tree, "a CNI that can be chosen", &known, sink);
    }
    let mut fields = Fields::of(tree, "the CNI", sink)?;
    let name = fields.required("name", "write `name: cilium`; the others have no choices");
    let chosen = name.and_then(|tree| words::choice(tree, "a CNI that can be chosen", &known, sink));
    let kube_proxy_replacement = fields.boolean("kubeProxyReplacement").unwrap_or(false);
    let kinds = [("wireguard", Encryption::WireGuard), ("ipsec", Encryption::IpSec)];
    let encryption = fields.get("encryption").and_then(|tree| words::choice(tree, "a way to encrypt", &kinds, sink));
    let egress_gateway = fields.boolean("egressGateway").unwrap_or(false);
    if let (true, false, Some(place)) = (egress_gateway, kube_proxy_replacement, fields.key("egressGateway")) {
        let problem = Problem::new(place, "`egressGateway` needs `kubeProxyReplacement: true`", "does not work alone");
        sink.add(problem.with_help("add `kubeProxyReplacement: true` beside it"));
    }
    let choices = ["kubeProxyReplacement", "encryption", "egressGateway"].into_iter().find_map(|name| fields.key(name));
    fields.finish();
    match (chosen?, choices) {
        (Cni::Cilium(_), _) => Some(Cni::Cilium(Cilium { kube_proxy_replacement, encryption, egress_gateway })),
        (other, None) => Some(other),
        (_, Some(place)) => {
            sink.add(
                Problem::new(place, "only Cilium has this choice", "not for this CNI").with_help("remove the line"),
            );
            None
        }
    }
}

fn names(tree: &Tree, usual: ClusterDns, sink: &Sink) -> Option<ClusterDns> {
    let mut fields = Fields::of(tree, "the cluster's DNS", sink)?;
    let address = fields.get("address").and_then(|tree| words::placed_address(tree, sink));
    let domain = fields.get("domain").map_or(Some(usual.domain), |tree| domain(tree, sink));
    let upstream = fields.list("upstream", words::placed_address);
    fields.finish();
    if let Some(beyond) = upstream.get(NAME_SERVERS) {
        let message = format!("no more than {NAME_SERVERS} name servers are ever asked");
        sink.add(Problem::new(&beyond.location, message, "one too many").with_help("keep the nearest ones"));
    }
    Some(ClusterDns { address, domain: domain?, upstream: upstream.into_iter().map(|placed| placed.value).collect() })
}

fn domain(tree: &Tree, sink: &Sink) -> Option<HostName> {
    if let Ok(name) = tree.text(sink)?.parse() {
        return Some(name);
    }
    let problem = Problem::new(&tree.location, "this can't be the domain of a cluster's names", "this domain");
    sink.add(problem.with_help("write it in lower case without a dot at its ends, such as `cluster.local`"));
    None
}
