//! The gap: a jump host and a client, joined by a switch that forwards nothing. Both have a default route and a name
//! server, so that a program which tries to reach the outside really sends packets; the switch counts and drops them.

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use anyhow::{Context, Result};

use crate::machine::Machine;
use crate::network::Network;
use crate::node::{Node, Profile, Surroundings};

/// The address of the jump host.
pub const JUMP: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 77, 0, 10));
const CLIENT: &str = "10.77.0.20";
const SWITCH: &str = "10.77.0.1";
/// The name by which the client knows the jump host.
pub const JUMP_NAME: &str = "jump.site.internal";

/// Two machines behind the gap.
#[derive(Debug)]
pub struct Gap {
    switch: Network,
    jump: Arc<Network>,
    client: Arc<Network>,
    nodes: AtomicU8,
}

impl Gap {
    /// Makes the networks.
    ///
    /// # Errors
    /// Without root, or where a tool is missing.
    pub fn new() -> Result<Self> {
        let jump = JUMP.to_string();
        let hosts: &[(&str, &[&str])] = &[(&jump, &[JUMP_NAME]), (CLIENT, &["client.site.internal"])];
        let gap = Self {
            switch: Network::new(&[])?,
            jump: Arc::new(Network::new(hosts)?),
            client: Arc::new(Network::new(hosts)?),
            nodes: AtomicU8::new(0),
        };
        gap.switch.run("sh", &["-c", &format!(
            "ip link add br0 type bridge && ip addr add {SWITCH}/24 dev br0 && ip link set br0 up && echo 0 > /proc/sys/net/ipv4/ip_forward"
        )])?;
        // What machines send to each other is none of its business: pods have addresses of their own. A node would load the
        // module later, and all that is switched would be filtered from then on.
        let switched =
            "modprobe br_netfilter; f=/proc/sys/net/bridge/bridge-nf-call-iptables; [ ! -e $f ] || echo 0 >$f";
        gap.switch.run("sh", &["-c", switched])?;
        gap.join(&gap.jump, "jump", &jump)?;
        gap.join(&gap.client, "client", CLIENT)?;
        // What a server has yet to say to a pod that was just taken off its node, or a pod to a service of a node that does not know
        // its services yet, or no more, is said to nobody, and counts for nothing.
        gap.switch.run(
            "nft",
            &["add table inet gap; \
             add chain inet gap watch { type filter hook prerouting priority -300; policy accept; }; \
             add counter inet gap outside; add counter inet gap names; \
             add set inet gap seen { type ipv4_addr . inet_proto . inet_service; size 1024; flags dynamic; }; \
             add rule inet gap watch iifname br0 ip daddr { 10.42.0.0/16, 10.43.0.0/16 } drop; \
             add rule inet gap watch iifname br0 ip daddr != 10.77.0.0/24 meta l4proto { tcp, udp } \
                 update @seen { ip daddr . meta l4proto . th dport }; \
             add rule inet gap watch iifname br0 ip daddr != 10.77.0.0/24 counter name outside drop; \
             add rule inet gap watch iifname br0 udp dport 53 counter name names drop; \
             add rule inet gap watch iifname br0 tcp dport 53 counter name names drop; \
             add rule inet gap watch iifname br0 ip daddr 10.77.0.1 counter name outside drop"],
        )?;
        Ok(gap)
    }

    fn join(&self, network: &Network, name: &str, address: &str) -> Result<()> {
        let holder = network.holder().to_string();
        let end = format!("to-{name}");
        self.switch.run("ip", &["link", "add", &end, "type", "veth", "peer", "name", "eth0", "netns", &holder])?;
        self.switch.run("ip", &["link", "set", &end, "master", "br0", "up"])?;
        let script =
            format!("ip addr add {address}/24 dev eth0 && ip link set eth0 up && ip route add default via {SWITCH}");
        network.run("sh", &["-c", &script])?;
        network.ask_names_at(SWITCH)
    }

    /// A jump host: a new machine in the place of the jump host.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn jump(&self) -> Result<Machine> {
        Machine::on(Arc::clone(&self.jump))
    }

    /// A client: a new machine in the place of the client.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn client(&self) -> Result<Machine> {
        Machine::on(Arc::clone(&self.client))
    }

    /// A node, booted, with a system of this profile.
    ///
    /// # Errors
    /// When it does not boot.
    pub fn node(&self, profile: Profile) -> Result<Node> {
        self.node_with(profile, &[])
    }

    /// The same, with folders of this machine at places of the node.
    ///
    /// # Errors
    /// When it does not boot.
    pub fn node_with(&self, profile: Profile, folders: &[(&Path, &str)]) -> Result<Node> {
        let number = self.nodes.fetch_add(1, Ordering::Relaxed);
        anyhow::ensure!(number < 100, "the gap has room for a hundred nodes");
        let (name, address) = (format!("node-{number}"), format!("10.77.0.{}", 100 + number));
        let jump = JUMP.to_string();
        let hosts: &[(&str, &[&str])] = &[(&jump, &[JUMP_NAME])];
        let network = Arc::new(Network::new(hosts)?);
        self.join(&network, &name, &address)?;
        Node::boot((&name, &address), profile, network, &Surroundings { hosts, resolver: SWITCH, folders })
    }

    /// Packets that tried to leave, questions for names included.
    ///
    /// # Errors
    /// When the counters can't be read.
    pub fn escaped(&self) -> Result<u64> {
        let listing = self.switch.run("nft", &["-j", "list", "counters"])?;
        let listing: serde_json::Value = serde_json::from_str(&listing).context("nft's answer is no JSON")?;
        let objects = listing["nftables"].as_array().context("nft lists nothing")?;
        let counters = objects.iter().filter_map(|object| object["counter"]["packets"].as_u64());
        let counters: Vec<_> = counters.collect();
        anyhow::ensure!(counters.len() == 2, "the counters are gone: {listing}");
        let escaped = counters.iter().sum();
        if escaped > 0 {
            // Whoever does not expect it wants to know where to.
            let seen = self.switch.run("nft", &["list", "set", "inet", "gap", "seen"])?;
            writeln!(std::io::stderr(), "tried to leave: {seen}").context("cannot tell what tried to leave")?;
        }
        Ok(escaped)
    }

    /// Whether something listens on a port of the jump host, as the client sees it.
    pub fn answers(&self, port: u16) -> bool {
        self.client.connect(SocketAddr::new(JUMP, port)).is_ok()
    }
}
