//! What the distribution's own charts are told: `HelmChartConfig`s that lie beside their charts before the first start.

use manifests::Site;
use manifests::values::merge;
use serde_json::{Value, json};

use super::{Distribution, Interfaces};

/// The objects; none where nothing is said.
pub(super) fn objects(distribution: &dyn Distribution, site: &Site, interfaces: &Interfaces) -> Vec<Value> {
    let mut told = distribution.chart_values(site, interfaces);
    for (name, chart) in &site.options.charts {
        let base = told.remove(name.as_str()).unwrap_or_default();
        told.insert(name.to_string(), merge(base, &chart.values));
    }
    let object = |(name, values)| {
        // JSON is YAML, and needs no indentation to be right within another text.
        let values = format!("{:#}", Value::Object(values));
        json!({
            "apiVersion": "helm.cattle.io/v1",
            "kind": "HelmChartConfig",
            "metadata": {"name": name, "namespace": "kube-system"},
            "spec": {"valuesContent": values},
        })
    };
    told.into_iter().map(object).collect()
}
