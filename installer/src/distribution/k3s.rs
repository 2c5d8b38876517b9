//! k3s: one program, to which the units and scripts are ours to write: its release has none.

use std::collections::BTreeMap;

use manifests::Site;
use manifests::site::{Cni, Node, Placed, Role, Snapshots};
use manifests::values::Values;
use manifests::yaml::Problem;
use serde_json::{Map, Value, json};

use super::options::OptionFile;
use super::{Distribution, Interfaces, Layout, Preparation, data_folder, unknown_charts};

/// The charts that it brings: all else is plain manifests.
const CHARTS: [&str; 2] = ["traefik", "traefik-crd"];
/// How much the log of audits may take, as RKE2 has it: days, files, and MiB of each.
const AUDIT_LOG: [(&str, u32); 3] = [("maxage", 30), ("maxbackup", 10), ("maxsize", 100)];

/// Rancher's k3s.
#[derive(Debug, Clone, Copy)]
pub struct K3s;

const PROGRAM: &str = "/usr/local/bin/k3s";
const UNINSTALL: &str = "/usr/local/bin/k3s-uninstall.sh";

impl K3s {
    /// What its API server is told: k3s has no keys of its own for it.
    fn api_server(self, site: &Site, node: &Node) -> Vec<String> {
        let mut arguments = Vec::new();
        if OptionFile::PodSecurity.is_on(site, node) {
            arguments.push(format!("admission-control-config-file={}", OptionFile::PodSecurity.path(&self)));
        }
        if OptionFile::AuditPolicy.is_on(site, node) {
            arguments.push(format!("audit-policy-file={}", OptionFile::AuditPolicy.path(&self)));
            arguments.push(format!("audit-log-path={}/server/logs/audit.log", data_folder(&self, node)));
            arguments.extend(AUDIT_LOG.map(|(what, most)| format!("audit-log-{what}={most}")));
        }
        arguments
    }
}

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

    fn tell(&self, site: &Site, node: &Node, interfaces: &Interfaces, config: &mut Map<String, Value>) {
        let flannel = matches!(site.network.cni, None | Some(Cni::Flannel));
        if let Some(interface) = interfaces.told(node.name.as_str()).filter(|_| flannel) {
            config.insert("flannel-iface".into(), interface.into());
        }
        if node.role == Role::Agent {
            return;
        }
        // More than one server keep their state in etcd, which one of them begins.
        if self.keeps_etcd(site) && super::first_server(site).name == node.name {
            config.insert("cluster-init".into(), json!(true));
        }
        if site.options.secrets_encryption.as_ref().is_none_or(|encrypted| encrypted.value) {
            config.insert("secrets-encryption".into(), json!(true));
        }
        let arguments = self.api_server(site, node);
        if !arguments.is_empty() {
            config.insert("kube-apiserver-arg".into(), json!(arguments));
        }
        if !flannel {
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

    fn refuses(&self, site: &Site) -> Vec<Problem> {
        let mut problems = unknown_charts(self, site, &CHARTS);
        if let Some(Placed { value: Snapshots::Planned { .. }, location }) = &site.options.snapshots
            && site.servers().count() == 1
        {
            let message = "k3s on one server keeps its state in SQLite, of which it makes no snapshots";
            let problem = Problem::new(location, message, "snapshots of etcd");
            problems.push(problem.with_help(
                "remove it, and have the folder `server/db` of k3s saved by other means; or use three servers",
            ));
        }
        if let Some(Placed { location, .. }) = &site.options.profile {
            let message = "k3s has no profiles: its guide for hardening is a list of settings";
            let problem = Problem::new(location, message, "not for k3s");
            problems.push(problem.with_help("use RKE2, or remove it and say `podSecurity` and `auditPolicy` instead"));
        }
        problems
    }

    fn preparation(&self, _: &Site, _: Role) -> Option<Preparation> {
        None
    }

    fn charts(&self) -> &'static [&'static str] {
        &CHARTS
    }

    fn chart_values(&self, _: &Site, _: &Interfaces) -> BTreeMap<String, Values> {
        BTreeMap::new()
    }

    fn kubectl(&self, _: &str) -> Vec<String> {
        let kubeconfig = format!("{}/k3s.yaml", self.configuration());
        vec![PROGRAM.into(), "kubectl".into(), "--kubeconfig".into(), kubeconfig]
    }

    fn uninstall(&self, _: Role) -> &'static str {
        UNINSTALL
    }
}
