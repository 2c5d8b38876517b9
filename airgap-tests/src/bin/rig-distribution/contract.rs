//! What the outside sees of a distribution, where RKE2 and k3s differ.

use std::sync::OnceLock;

use airgap_tests::distribution::{Edition, Flavour};
use anyhow::{Context, Result};

/// The places, ports and words of a distribution.
#[derive(Debug)]
pub(crate) struct Contract {
    pub(crate) edition: Edition,
    /// Its name, which is also that of its program.
    pub(crate) name: &'static str,
    /// The folder of its configuration.
    pub(crate) etc: &'static str,
    /// The folder of its state, unless it is told another.
    pub(crate) data: &'static str,
    /// How its API is reached, for whoever is root.
    pub(crate) kubeconfig: &'static str,
    /// Where those that join are answered.
    pub(crate) supervisor: u16,
    /// The packaged name server.
    pub(crate) coredns: &'static str,
    /// The keys of `config.yaml` that the other does not know.
    pub(crate) keys: &'static [&'static str],
}

/// Of RKE2 alone.
const RKE2_KEYS: &[&str] = &[
    "audit-policy-file",
    "cloud-provider-name",
    "cni",
    "control-plane-resource-requests",
    "ingress-controller",
    "pod-security-admission-config-file",
    "profile",
];
/// Of k3s alone.
const K3S_KEYS: &[&str] =
    &["cluster-init", "disable-network-policy", "flannel-backend", "flannel-iface", "local-storage-path"];

static CONTRACT: OnceLock<Contract> = OnceLock::new();

/// Finds out what this program stands in for. Before anything else.
pub(crate) fn begin() -> Result<()> {
    let edition = Edition::of_this_program()?;
    let contract = match edition.flavour {
        Flavour::Rke2 => Contract {
            edition,
            name: "rke2",
            etc: "/etc/rancher/rke2",
            data: "/var/lib/rancher/rke2",
            kubeconfig: "/etc/rancher/rke2/rke2.yaml",
            supervisor: 9345,
            coredns: "rke2-coredns",
            keys: RKE2_KEYS,
        },
        Flavour::K3s => Contract {
            edition,
            name: "k3s",
            etc: "/etc/rancher/k3s",
            data: "/var/lib/rancher/k3s",
            kubeconfig: "/etc/rancher/k3s/k3s.yaml",
            // Nodes are told 6443, where the API server answers here: the real one answers both there.
            supervisor: 6445,
            coredns: "coredns",
            keys: K3S_KEYS,
        },
    };
    CONTRACT.set(contract).ok().context("the program has begun already")
}

/// What this program stands in for.
pub(crate) fn contract() -> &'static Contract {
    CONTRACT.get().expect("the program begins by finding out what it stands in for")
}

impl Contract {
    /// Whether it is k3s.
    pub(crate) fn is_k3s(&self) -> bool {
        self.edition.flavour == Flavour::K3s
    }
}
