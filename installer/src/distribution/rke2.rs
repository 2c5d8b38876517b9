//! RKE2, laid out as its own `install.sh` does by the method `tar`.

use std::collections::BTreeMap;

use manifests::Site;
use manifests::site::{Cilium, Cni, Encryption, Node, Placed, Profile, Role};
use manifests::values::Values;
use manifests::yaml::Problem;
use serde_json::{Map, Value, json};

use super::options::OptionFile;
use super::{Distribution, Interfaces, Layout, Preparation, unknown_charts};

/// The charts that it brings.
const CHARTS: [&str; 19] = [
    "harvester-cloud-provider",
    "harvester-csi-driver",
    "rancher-vsphere-cpi",
    "rancher-vsphere-csi",
    "rke2-calico",
    "rke2-calico-crd",
    "rke2-canal",
    "rke2-cilium",
    "rke2-coredns",
    "rke2-flannel",
    "rke2-ingress-nginx",
    "rke2-metrics-server",
    "rke2-multus",
    "rke2-runtimeclasses",
    "rke2-snapshot-controller",
    "rke2-snapshot-controller-crd",
    "rke2-snapshot-validation-webhook",
    "rke2-traefik",
    "rke2-traefik-crd",
];

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

    fn tell(&self, site: &Site, node: &Node, _: &Interfaces, config: &mut Map<String, Value>) {
        if site.options.profile.is_some() {
            config.insert("profile".into(), "cis".into());
        }
        if node.role == Role::Agent {
            return;
        }
        for (file, key) in [
            (OptionFile::AuditPolicy, "audit-policy-file"),
            (OptionFile::PodSecurity, "pod-security-admission-config-file"),
        ] {
            if file.is_on(site, node) {
                config.insert(key.into(), file.path(self).into());
            }
        }
        let Some(cni) = site.network.cni else { return };
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

    fn refuses(&self, site: &Site) -> Vec<Problem> {
        let mut problems = unknown_charts(self, site, &CHARTS);
        if let Some(Placed { value: false, location }) = &site.options.secrets_encryption {
            let problem = Problem::new(location, "RKE2 encrypts secrets whatever it is told", "can't be turned off");
            problems.push(problem.with_help("remove the line"));
        }
        problems
    }

    fn preparation(&self, site: &Site, role: Role) -> Option<Preparation> {
        match site.options.profile.as_ref()?.value {
            Profile::Cis => Some(Preparation {
                settings: ("/usr/local/share/rke2/rke2-cis-sysctl.conf", "/etc/sysctl.d/60-rke2-cis.conf"),
                user: (role == Role::Server).then_some("etcd"),
            }),
        }
    }

    fn charts(&self) -> &'static [&'static str] {
        &CHARTS
    }

    fn chart_values(&self, site: &Site, interfaces: &Interfaces) -> BTreeMap<String, Values> {
        let of_flannel = |told: Option<Value>| told.map(|told| Values::from_iter([("flannel".to_owned(), told)]));
        let (chart, values) = match site.network.cni.unwrap_or(self.own_cni()) {
            Cni::Canal => ("rke2-canal", of_flannel(interfaces.of_canal(site))),
            Cni::Flannel => ("rke2-flannel", of_flannel(interfaces.as_arguments(site))),
            Cni::Cilium(cilium) => ("rke2-cilium", Some(of_cilium(cilium))),
            Cni::Calico | Cni::None => return BTreeMap::new(),
        };
        let values = values.filter(|values| !values.is_empty());
        values.into_iter().map(|values| (chart.to_owned(), values)).collect()
    }

    fn kubectl(&self, data: &str) -> Vec<String> {
        let kubeconfig = format!("{}/rke2.yaml", self.configuration());
        vec![format!("{data}/bin/kubectl"), "--kubeconfig".into(), kubeconfig]
    }

    fn uninstall(&self, _: Role) -> &'static str {
        "/usr/local/bin/rke2-uninstall.sh"
    }
}

fn of_cilium(cilium: Cilium) -> Values {
    let mut values = Values::new();
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
    values
}
