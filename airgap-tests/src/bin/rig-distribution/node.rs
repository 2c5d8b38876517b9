//! What every node runs: kubelet and kube-proxy.

use std::fs;

use anyhow::{Context, Result};
use serde_json::json;

use crate::api::Api;
use crate::children::Service;
use crate::config::Config;
use crate::join::Settings;
use crate::layout::{CONTAINERD, VOLUME_PLUGINS, program, write};
use crate::server::random;
use crate::{hardening, network};

/// Keeps them running, against the API server at `server`.
pub(crate) fn start(config: &Config, settings: &Settings, server: &str) -> Result<Api> {
    let data = &config.data;
    let password = "/etc/rancher/node/password";
    if !fs::exists(password).context("cannot look for the password of this node")? {
        write(password.as_ref(), 0o600, format!("{}\n", random()?))?;
    }
    // The handout's kubeconfigs name the server as the one that made them knows it.
    for name in ["kubelet", "kubeproxy"] {
        let place = format!("agent/{name}.kubeconfig");
        let text = data.read(&place).with_context(|| format!("{place} is missing"))?;
        let lines = text.lines().map(|line| match line.split_once("server: ") {
            Some((indent, _)) => format!("{indent}server: {server}\n"),
            None => format!("{line}\n"),
        });
        data.write(&place, lines.collect::<String>())?;
    }
    fs::create_dir_all(data.at("agent/pod-manifests")).context("cannot make the folder of static pods")?;
    data.write("agent/etc/kubelet.conf", kubelet_configuration(config, settings).to_string())?;
    let log = data.at("agent/logs/kubelet.log");
    Service { program: data.text("bin/kubelet"), arguments: kubelet(config), log }.keep()?;
    if settings.kube_proxy {
        let log = data.at("agent/logs/kube-proxy.log");
        Service { program: program("kube-proxy"), arguments: proxy(config, settings), log }.keep()?;
    }
    let files =
        ["server-ca.crt", "client-kubelet.crt", "client-kubelet.key"].map(|name| data.text(&format!("agent/{name}")));
    let api = Api { server: server.to_owned(), files };
    if settings.cni != "none" {
        network::keep(api.clone(), config.name.clone(), settings.clone());
    }
    Ok(api)
}

fn kubelet_configuration(config: &Config, settings: &Settings) -> serde_json::Value {
    let data = &config.data;
    json!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": false},
            "webhook": {"enabled": true},
            "x509": {"clientCAFile": data.text("agent/client-ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "cgroupDriver": "cgroupfs",
        "clusterDNS": [settings.cluster_dns],
        "clusterDomain": settings.cluster_domain,
        "containerRuntimeEndpoint": format!("unix://{CONTAINERD}"),
        // The disk is that of the machine that runs the tests, however full.
        "evictionHard": {"imagefs.available": "100Mi", "nodefs.available": "100Mi"},
        "imageGCHighThresholdPercent": 100,
        "failSwapOn": false,
        "protectKernelDefaults": config.is_on("protect-kernel-defaults") || hardening::is_on(config),
        "resolvConf": config.or("resolv-conf", "/etc/resolv.conf"),
        "staticPodPath": data.text("agent/pod-manifests"),
        "tlsCertFile": data.text("agent/serving-kubelet.crt"),
        "tlsPrivateKeyFile": data.text("agent/serving-kubelet.key"),
        "volumePluginDir": VOLUME_PLUGINS,
    })
}

fn kubelet(config: &Config) -> Vec<String> {
    let data = &config.data;
    let mut words = vec![
        format!("--config={}", data.text("agent/etc/kubelet.conf")),
        format!("--kubeconfig={}", data.text("agent/kubelet.kubeconfig")),
        format!("--hostname-override={}", config.name),
        format!("--node-ip={}", config.address),
    ];
    for (flag, key) in [("node-labels", "node-label"), ("register-with-taints", "node-taint")] {
        if !config.list(key).is_empty() {
            words.push(format!("--{flag}={}", config.list(key).join(",")));
        }
    }
    words.extend(config.arguments("kubelet-arg"));
    words
}

fn proxy(config: &Config, settings: &Settings) -> Vec<String> {
    let mut words = vec![
        "--proxy-mode=iptables".to_owned(),
        // The table of connections is the machine's.
        "--conntrack-max-per-core=0".to_owned(),
        format!("--kubeconfig={}", config.data.text("agent/kubeproxy.kubeconfig")),
        format!("--hostname-override={}", config.name),
        format!("--bind-address={}", config.address),
        format!("--cluster-cidr={}", settings.cluster_cidr),
    ];
    words.extend(config.arguments("kube-proxy-arg"));
    words
}
