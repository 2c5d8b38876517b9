//! What tries to leave a node while a cluster is made: counted by the node's own kernel, in a table of nftables that is there
//! for that time alone.
//!
//! A packet counts when its connection was begun from here and it goes neither to an address that the site names nor to a
//! network of pods, services or one that the node is part of. Questions for names count by the server that is asked, wherever
//! it is, unless the cluster itself answers. What eBPF carries past the kernel's filter (Cilium without kube-proxy) is not seen, and
//! that is said.

mod listing;
mod probe;
mod rules;

use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use rules::{Inside, Mode};

use self::probe::Probed;
use crate::host::{Command, Host, HostError, Input};

/// The table's name.
const TABLE: &str = "airgap_egress";

/// Asks a node what its rules have to be made of: $1 is the table, then names of machines of the site.
const PROBE: &str = include_str!("egress/probe.sh");
/// Reads rules of the table from the standard input.
const LOAD: &str = "PATH=$PATH:/usr/sbin:/sbin; exec nft -f -";
/// The same where there is such a table.
const RELENT: &str = r#"PATH=$PATH:/usr/sbin:/sbin
nft list table inet "$1" >/dev/null 2>&1 || exit 0
exec nft -f -"#;
/// Says what may carry packets past the counters and which boot this is, then writes what the table counted, if there is one.
const READ: &str = include_str!("egress/read.sh");
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
    /// When nothing was counted, for the counters of that time are lost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Gap>,
    /// What carries the packets of pods past the counters, if anything does: these are not among the packets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pods_past: Option<String>,
    /// Whether the counters are gone.
    #[serde(skip)]
    pub is_gone: bool,
    /// Packets that went elsewhere, or would have.
    pub packets: u64,
    /// Where to, as far as the kernel had room for it.
    pub destinations: Vec<Destination>,
    /// Who was asked for names that the cluster does not know.
    pub questions: Vec<Questions>,
}

/// A time in which nothing was counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Its begin, by the jump host's clock.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
    /// Whether the node was rebooted in it; else somebody took the counters away.
    pub rebooted: bool,
}

/// How a node began to count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// The id of its boot.
    pub boot: String,
    /// Whether it goes on with what it has counted before.
    pub goes_on: bool,
    /// The names of the site that it can't find.
    pub unknown: Vec<String>,
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
pub async fn begin(host: &dyn Host, inside: &Inside, mode: Mode) -> Result<Result<Begun, String>, HostError> {
    let words: Vec<&str> = [TABLE].into_iter().chain(inside.names()).collect();
    let probe = Command::script("look whether it can count what leaves", PROBE, &words);
    let output = host.run(&probe).await?;
    if !output.exit.succeeded() {
        return Ok(Err("it has no `nft`: the package nftables is missing".to_owned()));
    }
    let Some(Probed { begun, inside: own }) = probe::parse(&String::from_utf8_lossy(&output.stdout), inside) else {
        return Ok(Err("what it says of its networks can't be understood".to_owned()));
    };
    let rules = inside.rules(own.into_iter(), mode);
    let load = Command::script("count what leaves", LOAD, &[]).reading(Input::Bytes(Arc::from(rules.into_bytes())));
    let output = host.run(&load).await?;
    if output.exit.succeeded() {
        return Ok(Ok(begun));
    }
    Ok(Err(HostError::failed(host.name(), &load, &output).to_string()))
}

/// Drops nothing any more; what is counted goes on being counted. A node that does not count is left alone.
///
/// # Errors
/// [`HostError`].
pub async fn relent(host: &dyn Host) -> Result<(), HostError> {
    let rules = Arc::from(rules::chain(Mode::Count).into_bytes());
    let command = Command::script("drop nothing any more", RELENT, &[TABLE]).reading(Input::Bytes(rules));
    host.expect(&command).await.map(|_| ())
}

/// What was counted up to now, and the id of the node's boot.
///
/// # Errors
/// [`HostError`].
pub async fn read(host: &dyn Host) -> Result<(Egress, String), HostError> {
    let said = host.expect(&Command::script("say what tried to leave", READ, &[TABLE])).await?;
    let mut lines = said.splitn(3, '\n');
    let mut word =
        |key: &str| lines.next().and_then(|line| line.strip_prefix(key)).unwrap_or_default().trim().to_owned();
    let (boot, past) = (word("boot "), word("past "));
    let listing = lines.next().unwrap_or_default().trim();
    let mut egress = if listing.is_empty() {
        Egress { is_gone: true, ..Egress::default() }
    } else {
        listing::parse(listing).unwrap_or_else(|| Egress::uncounted("what it counted can't be understood"))
    };
    egress.pods_past = probe::past(&past).map(str::to_owned);
    Ok((egress, boot))
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

    /// Whether all of it was counted, and nothing tried to leave.
    pub fn is_nothing(&self) -> bool {
        self.summary().is_none()
    }

    /// In one line, for people; nothing if there is nothing to say.
    pub fn summary(&self) -> Option<String> {
        if let Some(problem) = &self.problem {
            return Some(problem.clone());
        }
        let mut told = Vec::new();
        if self.packets > 0 {
            let to: Vec<String> = self.destinations.iter().map(ToString::to_string).collect();
            let to = if to.is_empty() { String::new() } else { format!(", to {}", to.join(", ")) };
            told.push(format!("{} packets tried to leave{to}", self.packets));
        }
        told.extend(self.gaps.iter().map(ToString::to_string));
        if let Some(past) = &self.pods_past {
            told.push(format!("packets of pods were not counted: {past} carries them past the kernel's filter"));
        }
        (!told.is_empty()).then(|| told.join("; "))
    }
}

impl std::fmt::Display for Gap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let minute = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M:%S").to_string();
        let why = if self.rebooted { "it was rebooted" } else { "its counters were taken away" };
        write!(f, "not counted from {} to {}, for {why}", minute(self.from), minute(self.to))
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
