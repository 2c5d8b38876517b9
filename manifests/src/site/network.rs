//! The cluster's networks and how its API is reached.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use super::{Host, HostName, Placed};
use crate::yaml::Location;

/// The cluster's networks and how its API is reached.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    /// How nodes and people reach the API.
    pub endpoint: Endpoint,
    /// More names and addresses that the API's certificate is valid for.
    pub sans: Vec<Host>,
    /// Where pods have their addresses: one network, of the family of the nodes' addresses.
    pub pods: Vec<Subnet>,
    /// Where services have their addresses, of the same family.
    pub services: Vec<Subnet>,
    /// What connects pods; without it, the distribution's own choice.
    pub cni: Option<Cni>,
    /// Names within the cluster.
    pub dns: ClusterDns,
}

/// How the API of a cluster is reached.
#[derive(Debug, Clone, PartialEq)]
pub enum Endpoint {
    /// At the one server.
    Server,
    /// At an address that wanders between servers.
    Vip {
        /// The address; no node's own.
        address: Placed<IpAddr>,
        /// The network interface that it is on; without it the one that has the server's own address.
        interface: Option<String>,
    },
    /// Through a load balancer that the site has.
    Balancer(Host),
}

/// A network of addresses.
#[derive(Debug, Clone, PartialEq)]
pub struct Subnet {
    /// The network.
    pub net: IpNet,
    /// Where it is written; none for the usual one.
    pub location: Option<Location>,
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.net.fmt(f)
    }
}

/// What connects pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cni {
    /// Flannel's network with Calico's policies.
    Canal,
    /// Calico.
    Calico,
    /// Flannel alone: no network policies.
    Flannel,
    /// Cilium.
    Cilium(Cilium),
    /// Nothing that the distribution brings: a component does.
    None,
}

/// The choices of Cilium.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cilium {
    /// Whether it takes the place of kube-proxy.
    pub kube_proxy_replacement: bool,
    /// How traffic between nodes is encrypted, if it is.
    pub encryption: Option<Encryption>,
    /// Whether pods may leave through chosen nodes; only with [`Self::kube_proxy_replacement`].
    pub egress_gateway: bool,
}

/// How traffic between nodes is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// By WireGuard.
    WireGuard,
    /// By IPsec.
    IpSec,
}

/// Names within the cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct ClusterDns {
    /// The address of the cluster's DNS; without it the tenth of the services' network.
    pub address: Option<Placed<IpAddr>>,
    /// The domain of the cluster's names.
    pub domain: HostName,
    /// The site's own name servers, which other names are asked of; empty: those of the nodes.
    pub upstream: Vec<IpAddr>,
}
