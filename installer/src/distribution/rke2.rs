//! RKE2, laid out as its own `install.sh` does by the method `tar`.

use manifests::Site;
use manifests::site::{Cni, Encryption, Node, Role};
use serde_json::{Map, Value, json};

use super::{Distribution, Layout};

/// Rancher's RKE2.
#[derive(Debug, Clone, Copy)]
pub struct Rke2;

impl Distribution for Rke2 {
    fn name(&self) -> &'static str {
        "rke2"
    }

    fn layout(&self, architecture: &str) -> Option<Layout> {
        matches!(architecture, "amd64" | "arm64").then(|| Layout {
            archive: Some(format!("rke2.linux-{architecture}.tar.gz")),
            prefix: "/usr/local",
            program: None,
            sums: format!("sha256sum-{architecture}.txt"),
            // One archive for each part (`rke2-images-core`, `-cilium`, …), or the older one for all.
            images: (String::from("rke2-images"), format!(".linux-{architecture}.tar")),
        })
    }

    fn configuration(&self) -> &'static str {
        "/etc/rancher/rke2"
    }

    fn data(&self) -> &'static str {
        "/var/lib/rancher/rke2"
    }

    fn program(&self) -> &'static str {
        "/usr/local/bin/rke2"
    }

    fn unit(&self, role: Role) -> &'static str {
        match role {
            Role::Server => "rke2-server.service",
            Role::Agent => "rke2-agent.service",
        }
    }

    fn join_port(&self) -> u16 {
        9345
    }

    fn own_cni(&self) -> Cni {
        Cni::Canal
    }

    fn keeps_etcd(&self, _: &Site) -> bool {
        true
    }

    fn tell(&self, site: &Site, node: &Node, config: &mut Map<String, Value>) {
        let (Role::Server, Some(cni)) = (node.role, site.network.cni) else { return };
        let name = match cni {
            Cni::Canal => "canal",
            Cni::Calico => "calico",
            Cni::Flannel => "flannel",
            Cni::Cilium(_) => "cilium",
            Cni::None => "none",
        };
        config.insert("cni".into(), name.into());
        if matches!(cni, Cni::Cilium(cilium) if cilium.kube_proxy_replacement) {
            config.insert("disable-kube-proxy".into(), json!(true));
        }
    }

    fn own_files(&self, _: Role) -> Vec<(String, u32, String)> {
        Vec::new()
    }

    fn laid_out(&self, _: Role) -> Vec<String> {
        let files = ["bin/rke2", "bin/rke2-killall.sh", "bin/rke2-uninstall.sh", "share/rke2"].map(str::to_owned);
        let units = ["server.service", "server.env", "agent.service", "agent.env"];
        let units = units.map(|unit| format!("lib/systemd/system/rke2-{unit}"));
        files.into_iter().chain(units).map(|path| format!("/usr/local/{path}")).collect()
    }

    fn cni_configuration(&self, site: &Site) -> Option<String> {
        let Some(Cni::Cilium(cilium)) = site.network.cni else { return None };
        let mut values = Map::new();
        if cilium.kube_proxy_replacement {
            // Without kube-proxy the agents can't find the API by its service: the supervisor's own balancer is on every node.
            values.insert("kubeProxyReplacement".into(), json!(true));
            values.insert("k8sServiceHost".into(), json!("localhost"));
            values.insert("k8sServicePort".into(), json!("6443"));
            values.insert("bpf".into(), json!({"masquerade": true}));
        }
        if cilium.egress_gateway {
            values.insert("egressGateway".into(), json!({"enabled": true}));
        }
        if let Some(encryption) = cilium.encryption {
            let kind = match encryption {
                Encryption::WireGuard => "wireguard",
                Encryption::IpSec => "ipsec",
            };
            values.insert("encryption".into(), json!({"enabled": true, "type": kind}));
        }
        if values.is_empty() {
            return None;
        }
        // JSON is YAML, and needs no indentation to be right within another text.
        let values = serde_json::to_string_pretty(&values).ok()?;
        serde_yaml::to_string(&json!({
            "apiVersion": "helm.cattle.io/v1",
            "kind": "HelmChartConfig",
            "metadata": {"name": "rke2-cilium", "namespace": "kube-system"},
            "spec": {"valuesContent": values},
        }))
        .ok()
    }

    fn kubectl(&self, data: &str) -> Vec<String> {
        let kubeconfig = format!("{}/rke2.yaml", self.configuration());
        vec![format!("{data}/bin/kubectl"), "--kubeconfig".into(), kubeconfig]
    }

    fn uninstall(&self, _: Role) -> &'static str {
        "/usr/local/bin/rke2-uninstall.sh"
    }
}
