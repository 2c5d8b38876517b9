//! What tries to leave a node while a cluster is made: counted by the node's own kernel, in a table of nftables that is there
//! for that time alone.
//!
//! A packet counts when its connection was begun from here and it goes neither to an address that the site names nor to a
//! network of pods, services or one that the node is part of. Questions for names count by the server that is asked, wherever
//! it is, unless the cluster itself answers. What a CNI carries past the kernel's filter (Cilium without kube-proxy) is not seen.

mod listing;
mod rules;

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

pub use rules::{Inside, Mode};

use crate::host::{Command, Host, HostError, Input};

/// The table's name.
const TABLE: &str = "airgap_egress";

/// Says whether there is `nft`, and the networks that the node is part of.
const PROBE: &str = r#"PATH=$PATH:/usr/sbin:/sbin
command -v nft >/dev/null || exit 3
ip -o addr show | while read -r _ _ _ address _; do echo "$address"; done"#;
/// Reads the rules of the table from the standard input.
const LOAD: &str = "PATH=$PATH:/usr/sbin:/sbin; exec nft -f -";
/// Writes what the table counted; nothing if there is no such table.
const READ: &str = r#"PATH=$PATH:/usr/sbin:/sbin
nft list table inet "$1" >/dev/null 2>&1 || exit 0
exec nft -j list table inet "$1""#;
/// Takes the table away.
const END: &str = r#"PATH=$PATH:/usr/sbin:/sbin
! nft list table inet "$1" >/dev/null 2>&1 || exec nft delete table inet "$1""#;

/// What tried to leave a node.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Egress {
    /// Why nothing was counted, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Packets that went elsewhere, or would have.
    pub packets: u64,
    /// Where to, as far as the kernel had room for it.
    pub destinations: Vec<Destination>,
    /// Who was asked for names that the cluster does not know.
    pub questions: Vec<Questions>,
}

/// Where something tried to go.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Destination {
    /// The address.
    pub address: IpAddr,
    /// `tcp`, `udp`, `icmp`, …
    pub protocol: String,
    /// The port, where the protocol has ports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// How many packets.
    pub packets: u64,
}

/// Questions for names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Questions {
    /// The server that was asked.
    pub server: IpAddr,
    /// How many packets.
    pub packets: u64,
}

/// Begins to count, or goes on with what a run that was killed has begun. Why it can't be counted, if so.
///
/// # Errors
/// [`HostError`].
pub async fn begin(host: &dyn Host, inside: &Inside, mode: Mode) -> Result<Result<(), String>, HostError> {
    let probe = Command::script("look whether it can count what leaves", PROBE, &[]);
    let output = host.run(&probe).await?;
    if !output.exit.succeeded() {
        return Ok(Err("it has no `nft`: the package nftables is missing".to_owned()));
    }
    let said = String::from_utf8_lossy(&output.stdout);
    let own = said.lines().filter_map(|line| line.parse::<IpNet>().ok());
    let rules = inside.rules(own, mode);
    let load = Command::script("count what leaves", LOAD, &[]).reading(Input::Bytes(Arc::from(rules.into_bytes())));
    let output = host.run(&load).await?;
    if output.exit.succeeded() {
        return Ok(Ok(()));
    }
    Ok(Err(HostError::failed(host.name(), &load, &output).to_string()))
}

/// What was counted up to now.
///
/// # Errors
/// [`HostError`].
pub async fn read(host: &dyn Host) -> Result<Egress, HostError> {
    let said = host.expect(&Command::script("say what tried to leave", READ, &[TABLE])).await?;
    if said.trim().is_empty() {
        return Ok(Egress::uncounted("its counters are not there: it was rebooted, or never had them"));
    }
    Ok(listing::parse(&said).unwrap_or_else(|| Egress::uncounted("what it counted can't be understood")))
}

/// Counts no more.
///
/// # Errors
/// [`HostError`].
pub async fn end(host: &dyn Host) -> Result<(), HostError> {
    host.expect(&Command::script("count no more what leaves", END, &[TABLE])).await.map(|_| ())
}

impl Egress {
    /// Nothing could be counted, and why.
    pub fn uncounted(problem: impl Into<String>) -> Self {
        Self { problem: Some(problem.into()), ..Self::default() }
    }

    /// Whether it was counted, and nothing tried to leave.
    pub fn is_nothing(&self) -> bool {
        self.problem.is_none() && self.packets == 0
    }

    /// In one line, for people; nothing if there is nothing to say.
    pub fn summary(&self) -> Option<String> {
        if let Some(problem) = &self.problem {
            return Some(problem.clone());
        }
        if self.packets == 0 {
            return None;
        }
        let to: Vec<String> = self.destinations.iter().map(ToString::to_string).collect();
        let to = if to.is_empty() { String::new() } else { format!(", to {}", to.join(", ")) };
        Some(format!("{} packets tried to leave{to}", self.packets))
    }
}

impl std::fmt::Display for Destination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.port, self.address) {
            (Some(port), IpAddr::V6(address)) => write!(f, "[{address}]:{port}/{}", self.protocol),
            (Some(port), address) => write!(f, "{address}:{port}/{}", self.protocol),
            (None, address) => write!(f, "{address} ({})", self.protocol),
        }
    }
}
