//! The network between pods: a bridge on each node, routes from node to node, and the node's own address for what
//! leaves the cluster.

use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::api::Api;
use crate::children::output;
use crate::join::Settings;
use crate::layout::{CNI, say, write};

/// Keeps it as the cluster's nodes are.
pub(crate) fn keep(api: Api, name: String, settings: Settings) {
    thread::spawn(move || {
        loop {
            if let Err(error) = once(&api, &name, &settings) {
                say(&format!("level=debug msg=\"the network of pods: {error:#}\""));
            }
            thread::sleep(Duration::from_secs(1));
        }
    });
}

fn once(api: &Api, name: &str, settings: &Settings) -> Result<()> {
    let nodes = api.get("/api/v1/nodes")?;
    for node in nodes["items"].as_array().context("no list of nodes")? {
        let Some(pods) = node["spec"]["podCIDR"].as_str() else { continue };
        if node["metadata"]["name"] == name {
            configure(pods, settings)?;
        } else if let Some(address) = internal_address(node) {
            output("ip", &["route", "replace", pods, "via", address])?;
        }
    }
    Ok(())
}

fn internal_address(node: &Value) -> Option<&str> {
    let addresses = node["status"]["addresses"].as_array()?;
    addresses.iter().find(|address| address["type"] == "InternalIP")?["address"].as_str()
}

/// Tells containerd of the network once services work: from then on the node is ready, and a first packet to a service
/// that nobody answers would make its sender wait for half a minute.
fn configure(pods: &str, settings: &Settings) -> Result<()> {
    let file = Path::new(CNI).join("10-stand-in.conflist");
    let services = output("iptables", &["-t", "nat", "-S", "KUBE-SERVICES"]);
    let first = format!("{}/32", settings.first_service()?);
    if file.exists() || (settings.kube_proxy && !services?.contains(&first)) {
        return Ok(());
    }
    let cluster = &settings.cluster_cidr;
    let masquerade = [
        "POSTROUTING",
        "-s",
        cluster,
        "!",
        "-d",
        cluster,
        "-m",
        "comment",
        "--comment",
        "CNI-stand-in",
        "-j",
        "MASQUERADE",
    ];
    if output("iptables", &[&["-t", "nat", "-C"], &masquerade[..]].concat()).is_err() {
        output("iptables", &[&["-t", "nat", "-A"], &masquerade[..]].concat())?;
    }
    let bridge = json!({
        "type": "bridge", "bridge": "cni0", "isGateway": true, "hairpinMode": true, "ipMasq": false,
        "ipam": {"type": "host-local", "ranges": [[{"subnet": pods}]], "routes": [{"dst": "0.0.0.0/0"}]}
    });
    let ports = json!({"type": "portmap", "capabilities": {"portMappings": true}});
    let text = json!({"cniVersion": "0.4.0", "name": "stand-in", "plugins": [bridge, ports]});
    write(&file, 0o644, text.to_string())
}
