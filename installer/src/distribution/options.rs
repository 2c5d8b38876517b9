//! What a site asks of its cluster beyond networks, as nodes get it: keys of `config.yaml`, and the files that these name.

use manifests::Site;
use manifests::site::{AuditPolicy, Cni, Node, PodSecurity, Role, Snapshots};
use serde_json::{Map, Value, json};

use super::Distribution;

/// What is written down where a site asks for no policy of its own.
const AUDIT: &str = include_str!("audit.yaml");
/// The namespace of the distribution's own parts.
const SYSTEM: &str = "kube-system";
/// Where Calico's operator runs, which RKE2 exempts as well.
const CALICO: &str = "tigera-operator";

/// A file beside `config.yaml`, which that names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OptionFile {
    /// What the API server writes down.
    AuditPolicy,
    /// What pods may do where their namespace says nothing of it.
    PodSecurity,
    /// The name servers that other names than the cluster's are asked of.
    NameServers,
}

impl OptionFile {
    /// Its path on nodes.
    pub(super) fn path(self, distribution: &dyn Distribution) -> String {
        let name = match self {
            Self::AuditPolicy => "airgap-audit-policy.yaml",
            Self::PodSecurity => "airgap-pod-security.yaml",
            Self::NameServers => "airgap-resolv.conf",
        };
        format!("{}/{name}", distribution.configuration())
    }

    /// Whether a node has it.
    pub(super) fn is_on(self, site: &Site, node: &Node) -> bool {
        let server = node.role == Role::Server;
        match self {
            Self::AuditPolicy => server && site.options.audit_policy.is_some(),
            Self::PodSecurity => server && site.options.pod_security.is_some(),
            Self::NameServers => !site.network.dns.upstream.is_empty(),
        }
    }
}

/// The keys that both distributions understand alike.
pub(super) fn tell(distribution: &dyn Distribution, site: &Site, node: &Node, config: &mut Map<String, Value>) {
    let mut say = |key: &str, value: Value| config.insert(key.to_owned(), value);
    if OptionFile::NameServers.is_on(site, node) {
        // CoreDNS forwards what it does not know to the servers of the file that the kubelet gives it.
        say("resolv-conf", OptionFile::NameServers.path(distribution).into());
    }
    if node.role == Role::Agent {
        return;
    }
    match site.options.snapshots.as_ref().map(|snapshots| &snapshots.value) {
        None => {}
        Some(Snapshots::Off) => drop(say("etcd-disable-snapshots", true.into())),
        Some(Snapshots::Planned { schedule, retention, compress }) => {
            if let Some(schedule) = schedule {
                say("etcd-snapshot-schedule-cron", schedule.to_string().into());
            }
            if let Some(retention) = retention {
                say("etcd-snapshot-retention", (*retention).into());
            }
            if *compress {
                say("etcd-snapshot-compress", true.into());
            }
        }
    }
    if site.options.embedded_registry.is_some() {
        say("embedded-registry", true.into());
    }
}

/// The files of a node: their paths and texts. `own` is the audit policy of the site, where it has one.
pub(super) fn files(
    distribution: &dyn Distribution,
    site: &Site,
    node: &Node,
    own: Option<&str>,
) -> Result<Vec<(String, String)>, serde_yaml::ser::Error> {
    let mut files = Vec::new();
    for file in [OptionFile::AuditPolicy, OptionFile::PodSecurity, OptionFile::NameServers] {
        if !file.is_on(site, node) {
            continue;
        }
        let text = match (file, &site.options.audit_policy, &site.options.pod_security) {
            (OptionFile::AuditPolicy, Some(AuditPolicy::File(_)), _) => own.unwrap_or(AUDIT).to_owned(),
            (OptionFile::AuditPolicy, ..) => AUDIT.to_owned(),
            (OptionFile::PodSecurity, _, Some(security)) => pod_security(site, security)?,
            (OptionFile::PodSecurity, ..) => continue,
            (OptionFile::NameServers, ..) => {
                site.network.dns.upstream.iter().map(|server| format!("nameserver {server}\n")).collect()
            }
        };
        files.push((file.path(distribution), text));
    }
    Ok(files)
}

/// What the admission of pods is told. A pod that stays within the level is not warned of either.
fn pod_security(site: &Site, security: &PodSecurity) -> Result<String, serde_yaml::ser::Error> {
    let level = security.level.as_str();
    let mut exempt = vec![SYSTEM.to_owned()];
    if matches!(site.network.cni, Some(Cni::Calico)) {
        exempt.push(CALICO.to_owned());
    }
    let own = security.exempt.iter().map(ToString::to_string).filter(|name| !exempt.contains(name));
    let own: Vec<String> = own.collect();
    exempt.extend(own);
    let text = serde_yaml::to_string(&json!({
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AdmissionConfiguration",
        "plugins": [{
            "name": "PodSecurity",
            "configuration": {
                "apiVersion": "pod-security.admission.config.k8s.io/v1",
                "kind": "PodSecurityConfiguration",
                "defaults": {
                    "enforce": level, "enforce-version": "latest",
                    "audit": level, "audit-version": "latest",
                    "warn": level, "warn-version": "latest",
                },
                "exemptions": {"usernames": [], "runtimeClasses": [], "namespaces": exempt},
            },
        }],
    }))?;
    Ok(format!("{}{text}", super::config::HEAD))
}
