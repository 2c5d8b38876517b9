//! `config.yaml`, and the files of `config.yaml.d` that go over it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::children::output;
use crate::contract::contract;
use crate::layout::Data;

/// What both take at v1.30; anything else keeps them from starting, here as well.
const KNOWN: &[&str] = &[
    "advertise-address",
    "agent-token",
    "bind-address",
    "cluster-cidr",
    "cluster-dns",
    "cluster-domain",
    "container-runtime-endpoint",
    "data-dir",
    "debug",
    "disable",
    "disable-apiserver",
    "disable-cloud-controller",
    "disable-controller-manager",
    "disable-default-registry-endpoint",
    "disable-etcd",
    "disable-kube-proxy",
    "disable-scheduler",
    "egress-selector-mode",
    "embedded-registry",
    "enable-servicelb",
    "etcd-arg",
    "etcd-disable-snapshots",
    "etcd-expose-metrics",
    "etcd-snapshot-compress",
    "etcd-snapshot-dir",
    "etcd-snapshot-name",
    "etcd-snapshot-retention",
    "etcd-snapshot-schedule-cron",
    "helm-job-image",
    "kube-apiserver-arg",
    "kube-controller-manager-arg",
    "kube-proxy-arg",
    "kube-scheduler-arg",
    "kubelet-arg",
    "node-external-ip",
    "node-ip",
    "node-label",
    "node-name",
    "node-taint",
    "private-registry",
    "protect-kernel-defaults",
    "resolv-conf",
    "secrets-encryption",
    "selinux",
    "server",
    "service-cidr",
    "service-node-port-range",
    "snapshotter",
    "supervisor-metrics",
    "tls-san",
    "tls-san-security",
    "token",
    "token-file",
    "write-kubeconfig",
    "write-kubeconfig-group",
    "write-kubeconfig-mode",
];

/// What a node was told.
#[derive(Debug)]
pub(crate) struct Config {
    values: BTreeMap<String, Vec<String>>,
    /// The folder of state.
    pub(crate) data: Data,
    /// The name of this node.
    pub(crate) name: String,
    /// Its address.
    pub(crate) address: String,
}

impl Config {
    /// Reads what is there.
    pub(crate) fn load() -> Result<Self> {
        let mut values = BTreeMap::new();
        for file in files()? {
            merge(&mut values, &file)?;
        }
        let first = |key: &str| values.get(key).and_then(|list: &Vec<String>| list.first()).cloned();
        let own_name = || fs::read_to_string("/proc/sys/kernel/hostname").context("cannot read the host's name");
        let name = first("node-name").map_or_else(own_name, Ok)?.trim().to_lowercase();
        let route = default_address()?;
        let address = first("node-ip").unwrap_or(route);
        let data = Data::new(first("data-dir").as_deref().unwrap_or(contract().data));
        Ok(Self { values, data, name, address })
    }

    /// The values of a key.
    pub(crate) fn list(&self, key: &str) -> &[String] {
        self.values.get(key).map_or(&[], Vec::as_slice)
    }

    /// The first value of a key.
    pub(crate) fn one(&self, key: &str) -> Option<&str> {
        self.list(key).first().map(String::as_str)
    }

    /// The first value of a key, or what is taken without it.
    pub(crate) fn or(&self, key: &str, default: &str) -> String {
        self.one(key).unwrap_or(default).to_owned()
    }

    /// Whether a switch is on.
    pub(crate) fn is_on(&self, key: &str) -> bool {
        self.one(key) == Some("true")
    }

    /// More arguments for a program, from a key such as `kubelet-arg`.
    pub(crate) fn arguments(&self, key: &str) -> Vec<String> {
        self.list(key).iter().map(|word| format!("--{}", word.trim_start_matches('-'))).collect()
    }

    /// The token that it has, if any.
    pub(crate) fn token(&self) -> Result<Option<String>> {
        match (self.one("token"), self.one("token-file")) {
            (Some(token), _) => Ok(Some(token.to_owned())),
            (None, Some(file)) => {
                let text = fs::read_to_string(file).with_context(|| format!("cannot read {file}"))?;
                Ok(Some(text.trim().to_owned()))
            }
            (None, None) => Ok(None),
        }
    }
}

fn files() -> Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = Vec::new();
    if let Ok(entries) = fs::read_dir(Path::new(contract().etc).join("config.yaml.d")) {
        for entry in entries {
            files.push(entry.context("cannot read config.yaml.d")?.path());
        }
    }
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml"));
    files.sort();
    let main = Path::new(contract().etc).join("config.yaml");
    if main.exists() {
        files.insert(0, main);
    }
    Ok(files)
}

/// Later files replace what earlier ones say of a key, or add to it when the key ends in `+`.
fn merge(values: &mut BTreeMap<String, Vec<String>>, file: &Path) -> Result<()> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let read: Option<BTreeMap<String, Value>> =
        serde_yaml::from_str(&text).with_context(|| format!("{} is broken", file.display()))?;
    for (key, value) in read.unwrap_or_default() {
        let (name, adds) = key.strip_suffix('+').map_or((key.as_str(), false), |name| (name, true));
        if !KNOWN.contains(&name) && !contract().keys.contains(&name) {
            bail!("flag provided but not defined: -{name}");
        }
        let list = match value {
            Value::Array(list) => list.iter().map(text_of).collect(),
            other => vec![text_of(&other)],
        };
        let place = values.entry(name.to_owned()).or_default();
        if !adds {
            place.clear();
        }
        place.extend(list);
    }
    Ok(())
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The address by which this node would leave. Without a default route the real one does not start either.
fn default_address() -> Result<String> {
    let routes = output("ip", &["-json", "-4", "route", "get", "192.0.2.1"])
        .context("no default routes found: unable to select an IP from default routes")?;
    let routes: Value = serde_json::from_str(&routes).context("ip's answer is no JSON")?;
    let address = routes[0]["prefsrc"].as_str().context("unable to select an IP from default routes")?;
    Ok(address.to_owned())
}
