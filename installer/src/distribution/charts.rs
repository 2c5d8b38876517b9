//! What the distribution's own charts are told: `HelmChartConfig`s that lie beside their charts before the first start.

use manifests::Site;
use manifests::values::merge;
use serde_json::json;

use super::Distribution;

/// The text of the manifest; none where nothing is said.
pub(super) fn text(distribution: &dyn Distribution, site: &Site) -> Result<Option<String>, serde_yaml::ser::Error> {
    let mut told = distribution.chart_values(site);
    for (name, chart) in &site.options.charts {
        let base = told.remove(name.as_str()).unwrap_or_default();
        told.insert(name.to_string(), merge(base, &chart.values));
    }
    let mut documents = Vec::new();
    for (name, values) in told {
        // JSON is YAML, and needs no indentation to be right within another text.
        let values = format!("{:#}", serde_json::Value::Object(values));
        documents.push(serde_yaml::to_string(&json!({
            "apiVersion": "helm.cattle.io/v1",
            "kind": "HelmChartConfig",
            "metadata": {"name": name, "namespace": "kube-system"},
            "spec": {"valuesContent": values},
        }))?);
    }
    Ok((!documents.is_empty()).then(|| documents.join("---\n")))
}
