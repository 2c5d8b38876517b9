//! Ports of other machines: which are needed, and whether they can be reached.

use std::fmt;

/// A protocol with ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        })
    }
}

/// A port of another machine that a node has to reach.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// TCP or UDP.
    pub protocol: Protocol,
    /// The machine's address or name.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.protocol, self.host, self.port)
    }
}

/// What a node met when it tried to reach a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// Something listens there.
    Open,
    /// The other machine says that nobody listens: so the way is free. A firewall that answers in the machine's place looks
    /// the same.
    Refused,
    /// No answer to a datagram: somebody listens, or something is in the way.
    Silent,
    /// No answer in time, or a network that leads nowhere.
    Blocked,
    /// The node has nothing to try it with.
    Unknown,
}

/// What a node met at a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// Where it tried.
    pub target: Target,
    /// What it met.
    pub reached: Reached,
}

/// Reads what the script says of `targets`. What it does not speak of is unknown.
pub(super) fn parse(text: &str, targets: Vec<Target>) -> Vec<Flow> {
    let said = |target: &Target| {
        let name = target.to_string();
        text.lines().find_map(|line| line.split_once('\t').filter(|(of, _)| *of == name)).map(|(_, state)| state)
    };
    let flow = |target: Target| {
        let reached = match said(&target) {
            Some("open") => Reached::Open,
            Some("refused") => Reached::Refused,
            Some("silent") => Reached::Silent,
            Some("blocked") => Reached::Blocked,
            _ => Reached::Unknown,
        };
        Flow { target, reached }
    };
    targets.into_iter().map(flow).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_spoken_of_is_unknown() {
        let target = |port| Target { protocol: Protocol::Tcp, host: "fd00::1".into(), port };
        let flows = parse(
            "tcp/fd00::1/1\tblocked\ntcp/fd00::1/2\tperhaps\nudp/fd00::1/3\topen\n",
            vec![target(1), target(2), target(3)],
        );
        let reached: Vec<_> = flows.iter().map(|flow| flow.reached).collect();
        assert_eq!(reached, [Reached::Blocked, Reached::Unknown, Reached::Unknown]);
    }
}
