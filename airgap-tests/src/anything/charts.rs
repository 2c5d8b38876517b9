//! Charts of the names and versions that stacks ask for, in the repositories where they ask for them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use bundler::resolve::ResolvedStack;
use bundler::resolve::stack::ResolvedChart;
use manifests::Digest;
use manifests::component::ChartSource;
use serde_json::json;

use super::server::Reply;

/// A definition of resources: the kind, its name, and the version that is served.
type Definition = (&'static str, &'static str, &'static str);

/// Definitions that the real charts install and that others, which are written here, have objects of.
const DEFINITIONS: &[(&str, &[Definition])] = &[
    (
        "cert-manager",
        &[
            ("Certificate", "certificates.cert-manager.io", "v1"),
            ("Issuer", "issuers.cert-manager.io", "v1"),
            ("ClusterIssuer", "clusterissuers.cert-manager.io", "v1"),
        ],
    ),
    ("trust-manager", &[("Bundle", "bundles.trust.cert-manager.io", "v1alpha1")]),
    (
        "metallb",
        &[
            ("IPAddressPool", "ipaddresspools.metallb.io", "v1beta1"),
            ("L2Advertisement", "l2advertisements.metallb.io", "v1beta1"),
        ],
    ),
    ("cloudnative-pg", &[("Cluster", "clusters.postgresql.cnpg.io", "v1")]),
    ("external-secrets", &[("ClusterSecretStore", "clustersecretstores.external-secrets.io", "v1")]),
    ("kube-prometheus-stack", &[("AlertmanagerConfig", "alertmanagerconfigs.monitoring.coreos.com", "v1alpha1")]),
    (
        "eck-operator",
        &[
            ("Elasticsearch", "elasticsearches.elasticsearch.k8s.elastic.co", "v1"),
            ("Kibana", "kibanas.kibana.k8s.elastic.co", "v1"),
            ("Beat", "beats.beat.k8s.elastic.co", "v1beta1"),
            ("Logstash", "logstashes.logstash.k8s.elastic.co", "v1alpha1"),
        ],
    ),
    ("kyverno", &[("ClusterPolicy", "clusterpolicies.kyverno.io", "v1")]),
];

/// Charts whose default class of storage others rely on, and the class.
const DEFAULT_CLASSES: &[(&str, &str)] = &[("rook-ceph-cluster", "ceph-block")];

/// Charts that install a class of ingresses that others name, and the class.
const INGRESS_CLASSES: &[(&str, &str)] = &[("ingress-nginx", "nginx")];

/// A Deployment of the chart's own image.
const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}-{{ .Chart.Name }}}
spec:
  selector: {matchLabels: {app: {{ .Chart.Name }}}}
  template:
    metadata: {labels: {app: {{ .Chart.Name }}}}
    spec:
      containers:
        - name: main
          image: IMAGE
";

/// Repositories of charts.
#[derive(Debug)]
pub(super) struct Charts {
    /// The archives and indexes, by host and path.
    content: BTreeMap<String, Vec<u8>>,
}

/// The image of a made-up chart.
pub fn image_of(chart: &str, version: &str) -> String {
    format!("docker.io/anything/{chart}:{}", version.trim_start_matches('v').replace('+', "_"))
}

impl Charts {
    /// Those that stacks ask for.
    pub(super) fn of(stacks: &[ResolvedStack]) -> Result<Self> {
        // Two stacks may have one chart in one version, for two components.
        let mut wanted: BTreeMap<(String, String, String), BTreeSet<String>> = BTreeMap::new();
        for (stack, chart) in stacks.iter().flat_map(|stack| stack.charts.iter().map(move |chart| (stack, chart))) {
            let ChartSource::Repository { url, version } = &chart.source else { continue };
            let place = url.as_str().split_once("://").map_or("", |(_, place)| place).trim_end_matches('/').to_owned();
            let said = wanted.entry((place, chart.name.clone(), version.to_string())).or_default();
            said.extend(to_be_decided(stack, chart));
        }
        let mut content = BTreeMap::new();
        let mut entries: BTreeMap<String, BTreeMap<String, Vec<_>>> = BTreeMap::new();
        for ((place, name, version), texts) in wanted {
            let archive = archive(&name, &version, &texts).with_context(|| format!("can't make the chart {name}"))?;
            let file = format!("{name}-{version}.tgz");
            let digest = Digest::of(&archive).hex();
            let entry = json!({"apiVersion": "v2", "name": name, "version": version, "digest": digest, "urls": [file]});
            entries.entry(place.clone()).or_default().entry(name).or_default().push(entry);
            content.insert(format!("{place}/{file}"), archive);
        }
        for (place, entries) in entries {
            let index = json!({"apiVersion": "v1", "entries": entries}).to_string();
            content.insert(format!("{place}/index.yaml"), index.into_bytes());
        }
        Ok(Self { content })
    }

    pub(super) fn answer(&self, place: &str) -> Option<Reply> {
        Some(Reply::new("application/octet-stream", self.content.get(place)?.as_slice()))
    }
}

/// What the component of a chart has decided about: where the chart did not say it, nothing would show that it is carried. What is
/// pinned by digest can't be made.
fn to_be_decided<'a>(stack: &'a ResolvedStack, chart: &'a ResolvedChart) -> impl Iterator<Item = String> + 'a {
    let own = stack.decisions.iter().filter(|own| own.owner.as_ref() == Some(&chart.component));
    let decisions = own.map(|own| &own.decision);
    let about = decisions.filter(|decision| decision.chart.as_ref().is_none_or(|name| *name == chart.name));
    about.map(|decision| decision.text.clone()).filter(|text| !text.contains("@sha256:"))
}

fn archive(name: &str, version: &str, texts: &BTreeSet<String>) -> Result<Vec<u8>> {
    let folder = tempfile::tempdir().context("cannot make a folder")?;
    let write = |path: &str, text: &str| -> Result<()> {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).context("cannot make a folder")?;
        fs::write(path, text).context("cannot write a chart")
    };
    write("Chart.yaml", &json!({"apiVersion": "v2", "name": name, "version": version}).to_string())?;
    write("templates/deployment.yaml", &DEPLOYMENT.replace("IMAGE", &image_of(name, version)))?;
    if !texts.is_empty() {
        let data: BTreeMap<_, _> = texts.iter().enumerate().map(|(at, text)| (format!("image{at}"), text)).collect();
        let config = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data});
        write("templates/config.yaml", &config.to_string())?;
    }
    let own = DEFINITIONS.iter().filter(|(chart, _)| *chart == name).flat_map(|(_, definitions)| *definitions);
    for (kind, definition, served) in own {
        write(&format!("crds/{definition}.yaml"), &self::definition(kind, definition, served))?;
    }
    for (_, class) in DEFAULT_CLASSES.iter().filter(|(chart, _)| *chart == name) {
        let is_default = json!({"storageclass.kubernetes.io/is-default-class": "true"});
        let class = json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "provisioner": "anything.example.org",
            "metadata": {"name": class, "annotations": is_default}});
        write("templates/class.yaml", &class.to_string())?;
    }
    for (_, class) in INGRESS_CLASSES.iter().filter(|(chart, _)| *chart == name) {
        let class = json!({"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": class},
            "spec": {"controller": "example.org/anything"}});
        write("templates/ingress-class.yaml", &class.to_string())?;
    }
    let created = "2026-01-01T00:00:00Z".parse().context("no date")?;
    Ok(bundler::charts::package::package(folder.path(), created).context("cannot pack a chart")?.archive)
}

fn definition(kind: &str, name: &str, served: &str) -> String {
    let (plural, group) = name.split_once('.').unwrap_or_default();
    let schema = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
    let version = json!({"name": served, "served": true, "storage": true, "schema": schema});
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": name},
        "spec": {"group": group, "scope": "Namespaced", "names": {"kind": kind, "plural": plural}, "versions": [version]},
    })
    .to_string()
}
