//! Charts, as the cluster's helm controller takes them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use manifests::bundle::VerifiedBundle;
use manifests::document::{Item, Release};
use manifests::values::{self, Values};
use serde_json::{Value, json};

use super::ObjectError;

/// Where the controller looks.
pub(in crate::deploy) const NAMESPACE: &str = "kube-system";
/// The bytes of a chart as base64: the controller copies it so into a ConfigMap of its own, which takes 1 MiB. Helm's own record of
/// a release has about the same limit.
const LIMIT: usize = 1000 << 10;
/// How often a job is begun again.
const BACK_OFF_LIMIT: u32 = 3;

/// The chart's archive, out of the bundle.
pub(super) fn archive(bundle: &VerifiedBundle, component: &str, release: &Release) -> Result<Vec<u8>, ObjectError> {
    let mut charts = bundle.document().items.iter().filter_map(Item::as_chart);
    // A validated document has it.
    let Some(chart) = charts.find(|chart| chart.reference == release.chart) else { return Ok(Vec::new()) };
    let read = bundle.read_to_vec(&chart.archive, u64::from(u32::MAX));
    read.map_err(|source| ObjectError::Bundle { component: component.to_owned(), source: Box::new(source) })
}

/// The object by which a chart is installed.
pub(super) fn object(release: &Release, archive: &[u8], values: &Values) -> Result<Value, ObjectError> {
    let name = release.name.to_string();
    values::check(values).map_err(|source| ObjectError::Values { release: name.clone(), source })?;
    let chart = STANDARD.encode(archive);
    if chart.len() > LIMIT {
        return Err(ObjectError::ChartTooLarge { release: name, size: chart.len(), limit: LIMIT });
    }
    let mut spec = json!({
        "targetNamespace": release.namespace,
        "chartContent": chart,
        "failurePolicy": release.failure_policy,
        "backOffLimit": BACK_OFF_LIMIT,
        "timeout": format!("{}s", release.timeout),
        "bootstrap": release.bootstrap,
    });
    if !values.is_empty() {
        // JSON is YAML.
        spec["valuesContent"] = json!(Value::Object(values.clone()).to_string());
    }
    Ok(json!({
        "apiVersion": "helm.cattle.io/v1",
        "kind": "HelmChart",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": spec,
    }))
}
