//! `profile`: what RKE2 looks for before it hardens itself and does not start without, and what pods may do then.

use std::fs;

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::config::Config;
use crate::contract::contract;
use crate::layout::write;

/// The kernel's settings that kubelet relies on, with `protect-kernel-defaults`.
const KERNEL: [(&str, &str); 4] =
    [("vm.panic_on_oom", "0"), ("vm.overcommit_memory", "1"), ("kernel.panic", "10"), ("kernel.panic_on_oops", "1")];
/// Where nothing is refused.
const EXEMPT: [&str; 3] = ["kube-system", "cis-operator-system", "tigera-operator"];

/// Whether the node hardens itself.
pub(crate) fn is_on(config: &Config) -> bool {
    config.one("profile").is_some()
}

/// Refuses to start where something is missing; `user` has etcd's data on servers.
pub(crate) fn refuse(config: &Config, user: Option<&str>) -> Result<()> {
    match config.one("profile") {
        None => return Ok(()),
        Some("cis") => {}
        Some(other) => bail!("invalid value provided for --profile flag: {other}"),
    }
    for (name, expected) in KERNEL {
        let file = format!("/proc/sys/{}", name.replace('.', "/"));
        let value = fs::read_to_string(&file).with_context(|| format!("cannot read {file}"))?;
        if value.trim() != expected {
            bail!("invalid kernel parameter value {name}={} - expected {expected}", value.trim());
        }
    }
    for (file, what) in [("/etc/passwd", "user"), ("/etc/group", "group")] {
        let known = fs::read_to_string(file).with_context(|| format!("cannot read {file}"))?;
        if let Some(user) = user
            && !known.lines().any(|line| line.split(':').next() == Some(user))
        {
            bail!("missing required: {what}: unknown {what} {user}");
        }
    }
    Ok(())
}

/// The file that says what pods may do where a namespace says nothing: the node's own, or with a profile almost nothing.
pub(crate) fn pod_security(config: &Config) -> Result<Option<String>> {
    let told = config.one("pod-security-admission-config-file").map(str::to_owned);
    if told.is_some() || !is_on(config) {
        return Ok(told);
    }
    let defaults = ["enforce", "audit", "warn"]
        .into_iter()
        .flat_map(|mode| [(mode.to_owned(), "restricted"), (format!("{mode}-version"), "latest")]);
    let defaults: serde_json::Map<_, _> = defaults.map(|(key, value)| (key, json!(value))).collect();
    let configuration = json!({
        "apiVersion": "pod-security.admission.config.k8s.io/v1beta1",
        "kind": "PodSecurityConfiguration",
        "defaults": defaults,
        "exemptions": {"usernames": [], "runtimeClasses": [], "namespaces": EXEMPT},
    });
    let file = format!("{}/rke2-pss.yaml", contract().etc);
    let text = json!({
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AdmissionConfiguration",
        "plugins": [{"name": "PodSecurity", "configuration": configuration}],
    });
    write(file.as_ref(), 0o600, text.to_string())?;
    Ok(Some(file))
}
