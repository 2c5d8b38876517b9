//! Figures of discovery: what it adds to the runs of Helm that it can't do without.

use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use airgap_tests::{Machine, run, tool};
use anyhow::{Context, Result};
use bundler::charts::package::package;
use bundler::discovery::{ChartRequest, Cluster, Helm, Request, discover};
use manifests::Digest;

use crate::figure::Bound::AtMost;
use crate::figure::Figure;

const CHARTS: usize = 50;
/// Every so manieth chart asks what the API has, and brings a definition: it is rendered twice.
const ASKING: usize = 5;
const KUBERNETES: &str = "v1.30.6+rke2r1";

/// Looks at 50 charts, against `helm template` of each, one after the other, with all output thrown away.
pub(crate) fn measure() -> Result<Vec<Figure>> {
    let machine = Machine::new()?;
    let archives = (0..CHARTS).map(|number| chart(&machine, number)).collect::<Result<Vec<_>>>()?;
    let helm = tool("helm")?;
    let begin = Instant::now();
    for (name, archive) in &archives {
        let mut command = Command::new(&helm);
        command.args(["template", name.as_str()]).arg(archive).args(["--include-crds", "--kube-version", KUBERNETES]);
        command.env("HOME", machine.path("home")).stdout(Stdio::null());
        run(&mut command)?.success()?;
    }
    let alone = begin.elapsed().as_secs_f64();
    let request = Request {
        cluster: Cluster::of(&KUBERNETES.parse()?),
        charts: archives.iter().map(|(name, archive)| requested(name, archive)).collect::<Result<_>>()?,
        manifests: Vec::new(),
        lists: Vec::new(),
        repositories: Vec::new(),
    };
    let jobs = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let begin = Instant::now();
    let found = runtime.block_on(async {
        let helm = Helm::find(Some(&helm), None).await?;
        anyhow::Ok(discover(&helm, request, jobs).await?)
    })?;
    let ours = begin.elapsed().as_secs_f64();
    anyhow::ensure!(found.failures.is_empty(), "not all could be looked at: {:?}", found.failures);
    anyhow::ensure!(found.sightings.len() >= CHARTS * 40, "only {} images were found", found.sightings.len());
    Ok(vec![Figure::new(
        "discovery over 50 charts / the sum of helm template alone",
        ours / alone,
        "",
        AtMost(1.2),
        format!("{ours:.2} s / {alone:.2} s, {} sightings, {jobs} at a time", found.sightings.len()),
    )])
}

fn requested(name: &str, archive: &Path) -> Result<ChartRequest> {
    let bytes = std::fs::read(archive).context("cannot read a chart")?;
    Ok(ChartRequest {
        component: name.parse()?,
        chart: name.to_owned(),
        release: name.parse()?,
        namespace: name.parse()?,
        archive: archive.to_owned(),
        digest: Digest::of(&bytes),
        values: serde_json::Map::new(),
        variants: Vec::new(),
        site_values: Vec::new(),
        folder: None,
    })
}

/// A chart of a usual size: workloads, a dashboard, a definition.
fn chart(machine: &Machine, number: usize) -> Result<(String, PathBuf)> {
    let name = format!("chart-{number}");
    let folder = machine.path(&name);
    let templates = folder.join("templates");
    std::fs::create_dir_all(&templates).context("cannot make a chart")?;
    let write = |file: &str, text: &str| std::fs::write(folder.join(file), text).context("cannot write a chart");
    write("Chart.yaml", &format!("apiVersion: v2\nname: {name}\nversion: 1.0.0\n"))?;
    write("values.yaml", "registry: registry.example.org\ntag: v1.2.3\n")?;
    for workload in 0..20 {
        write(
            &format!("templates/workload-{workload}.yaml"),
            &WORKLOAD.replace("NAME", &format!("w{number}-{workload}")),
        )?;
    }
    write("templates/dashboards.yaml", &dashboards(&name)?)?;
    if number.is_multiple_of(ASKING) {
        write(
            "templates/asking.yaml",
            "{{- if .Capabilities.APIVersions.Has \"bench.example.org/v1\" }}\n{{- end }}\n",
        )?;
        write("templates/definition.yaml", &definition(&name)?)?;
    }
    let packed = package(&folder, "2026-01-01T00:00:00Z".parse()?)?;
    let archive = machine.path(format!("{name}.tgz"));
    std::fs::write(&archive, packed.archive).context("cannot write a chart")?;
    Ok((name, archive))
}

const WORKLOAD: &str = r#"apiVersion: apps/v1
kind: Deployment
metadata:
  name: NAME
  labels: {app.kubernetes.io/name: NAME, app.kubernetes.io/instance: {{ .Release.Name }}}
spec:
  replicas: 2
  selector: {matchLabels: {app.kubernetes.io/name: NAME}}
  template:
    metadata:
      labels: {app.kubernetes.io/name: NAME}
      annotations: {checksum/config: {{ .Values | toYaml | sha256sum }}}
    spec:
      serviceAccountName: NAME
      containers:
        - name: main
          image: "{{ .Values.registry }}/bench/NAME:{{ .Values.tag }}"
          args: ["--config=/etc/config.yaml", "--sidecar-image={{ .Values.registry }}/bench/NAME-sidecar:{{ .Values.tag }}"]
          env:
            - {name: LOG_LEVEL, value: info}
            - {name: ENDPOINT, value: "http://collector.monitoring.svc:4317"}
          ports: [{name: http, containerPort: 8080}]
          resources: {requests: {cpu: 10m, memory: 64Mi}, limits: {memory: 128Mi}}
          livenessProbe: {httpGet: {path: /healthz, port: http}}
          volumeMounts: [{name: config, mountPath: /etc/config}]
      volumes: [{name: config, configMap: {name: NAME}}]
---
apiVersion: v1
kind: Service
metadata: {name: NAME}
spec: {selector: {app.kubernetes.io/name: NAME}, ports: [{name: http, port: 80, targetPort: http}]}
"#;

/// A ConfigMap with a dashboard of some 100 KB.
fn dashboards(name: &str) -> Result<String> {
    let mut panels = String::new();
    for panel in 0..400 {
        write!(
            panels,
            r#"{{"id": {panel}, "type": "timeseries", "title": "Requests of {panel}", "targets": [{{"expr": "sum by (pod) (rate(http_requests_total{{{{job=\"a/b\"}}}}[5m])) / {panel}", "legendFormat": "pod"}}]}},"#
        )?;
    }
    let panels = panels.replace("{{", "{").replace("}}", "}");
    let json = format!("{{\"panels\": [{}]}}", panels.trim_end_matches(','));
    Ok(format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata:\n  dashboard.json: |\n    {json}\n"))
}

/// A definition with many properties.
fn definition(name: &str) -> Result<String> {
    let mut properties = String::new();
    for property in 0..500 {
        write!(
            properties,
            "              p{property}:\n                type: string\n                description: >-\n                  What property {property} is for, in a sentence or two of text.\n"
        )?;
    }
    Ok(format!(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {{name: {name}s.bench.example.org}}\n\
         spec:\n  group: bench.example.org\n  names: {{kind: Bench{}, plural: {name}s}}\n  scope: Namespaced\n  versions:\n    - name: v1\n      \
         served: true\n      storage: true\n      schema:\n        openAPIV3Schema:\n          type: object\n          properties:\n            spec:\n              \
         type: object\n              properties:\n{}",
        name.replace('-', ""),
        properties.replace("              ", "                "),
    ))
}
