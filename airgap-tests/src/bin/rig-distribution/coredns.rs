//! The packaged chart: CoreDNS, as a `HelmChart` with the chart inside.

use anyhow::{Context, Result};
use base64::prelude::{BASE64_STANDARD, Engine};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use crate::contract::contract;
use crate::images::{COREDNS, reference};
use crate::join::Settings;

/// The name of the chart.
const CHART: &str = "rke2-coredns";

const FILES: [(&str, &str); 4] = [
    ("Chart.yaml", include_str!("coredns/Chart.yaml")),
    ("values.yaml", include_str!("coredns/values.yaml")),
    ("templates/access.yaml", include_str!("coredns/templates/access.yaml")),
    ("templates/dns.yaml", include_str!("coredns/templates/dns.yaml")),
];

/// The manifest for `server/manifests`.
pub(crate) fn manifest(settings: &Settings) -> Result<String> {
    let chart = json!({
        "apiVersion": "helm.cattle.io/v1",
        "kind": "HelmChart",
        "metadata": {"name": contract().coredns, "namespace": "kube-system"},
        "spec": {
            "bootstrap": true,
            "chartContent": BASE64_STANDARD.encode(archive()?),
            "set": {
                "image": reference(COREDNS),
                "clusterDomain": settings.cluster_domain,
                "service.clusterIP": settings.cluster_dns,
            },
        },
    });
    Ok(format!("{chart}\n"))
}

fn archive() -> Result<Vec<u8>> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    for (name, text) in FILES {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, format!("{CHART}/{name}"), text.as_bytes()).context("cannot pack a chart")?;
    }
    archive.into_inner().and_then(GzEncoder::finish).context("cannot pack a chart")
}
