//! k3s: one program, to which the units and scripts are ours to write: its release has none.

use manifests::Site;
use manifests::site::{Cni, Node, Role};
use serde_json::{Map, Value, json};

use super::{Distribution, Layout};

/// Rancher's k3s.
#[derive(Debug, Clone, Copy)]
pub struct K3s;

const PROGRAM: &str = "/usr/local/bin/k3s";
const UNINSTALL: &str = "/usr/local/bin/k3s-uninstall.sh";

impl Distribution for K3s {
    fn name(&self) -> &'static str {
        "k3s"
    }

    fn layout(&self, architecture: &str) -> Option<Layout> {
        let program = match architecture {
            "amd64" => "k3s",
            "arm64" => "k3s-arm64",
            _ => return None,
        };
        Some(Layout {
            archive: None,
            prefix: "/usr/local",
            program: Some((program.into(), PROGRAM)),
            sums: format!("sha256sum-{architecture}.txt"),
            images: (String::from("k3s-airgap-images"), format!("-{architecture}.tar")),
        })
    }

    fn configuration(&self) -> &'static str {
        "/etc/rancher/k3s"
    }

    fn data(&self) -> &'static str {
        "/var/lib/rancher/k3s"
    }

    fn program(&self) -> &'static str {
        PROGRAM
    }

    fn unit(&self, role: Role) -> &'static str {
        match role {
            Role::Server => "k3s.service",
            Role::Agent => "k3s-agent.service",
        }
    }

    fn join_port(&self) -> u16 {
        6443
    }

    fn own_cni(&self) -> Cni {
        Cni::Flannel
    }

    fn keeps_etcd(&self, site: &Site) -> bool {
        site.servers().count() > 1
    }

    fn tell(&self, site: &Site, node: &Node, config: &mut Map<String, Value>) {
        if node.role == Role::Agent {
            return;
        }
        // More than one server keep their state in etcd, which one of them begins.
        if self.keeps_etcd(site) && super::first_server(site).name == node.name {
            config.insert("cluster-init".into(), json!(true));
        }
        config.insert("secrets-encryption".into(), json!(true));
        if !matches!(site.network.cni, None | Some(Cni::Flannel)) {
            config.insert("flannel-backend".into(), "none".into());
            config.insert("disable-network-policy".into(), json!(true));
        }
        if matches!(site.network.cni, Some(Cni::Cilium(cilium)) if cilium.kube_proxy_replacement) {
            config.insert("disable-kube-proxy".into(), json!(true));
        }
    }

    fn own_files(&self, role: Role) -> Vec<(String, u32, String)> {
        let word = match role {
            Role::Server => "server",
            Role::Agent => "agent",
        };
        let unit = self.unit(role);
        vec![
            (format!("/etc/systemd/system/{unit}"), 0o644, include_str!("k3s.service").replace("@role@", word)),
            ("/usr/local/bin/k3s-killall.sh".into(), 0o755, include_str!("k3s-killall.sh").into()),
            (UNINSTALL.into(), 0o755, include_str!("k3s-uninstall.sh").replace("@unit@", unit)),
        ]
    }

    fn laid_out(&self, role: Role) -> Vec<String> {
        let own = self.own_files(role).into_iter().map(|(path, ..)| path);
        own.chain([PROGRAM.to_owned()]).collect()
    }

    fn cni_configuration(&self, _: &Site) -> Option<String> {
        None
    }

    fn kubectl(&self, _: &str) -> Vec<String> {
        let kubeconfig = format!("{}/k3s.yaml", self.configuration());
        vec![PROGRAM.into(), "kubectl".into(), "--kubeconfig".into(), kubeconfig]
    }

    fn uninstall(&self, _: Role) -> &'static str {
        UNINSTALL
    }
}
