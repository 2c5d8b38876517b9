//! Taking back what a site no longer says to the distribution's own parts. The distribution applies the manifests on its servers'
//! disks, and leaves what it has applied when a manifest goes (k3s and RKE2 alike), so the objects are removed here.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::api::{Api, ApiError};
use super::wait::{configuration_of, job_of};
use crate::distribution::first::{FirstManifest, KINDS, MANIFEST};

/// Where all of them are.
const NAMESPACE: &str = "kube-system";
/// The kind of what charts of the distribution are told.
const CONFIG: &str = "HelmChartConfig";
/// How long the controller may take to notice that a chart is told something else. The chart may be gone itself.
const NOTICING: Duration = Duration::from_secs(60);
const INTERVAL: Duration = Duration::from_millis(500);
/// How the distribution itself writes down that it has applied a manifest.
const ADDON: (&str, &str) = ("k3s.cattle.io/v1", "Addon");

/// An object that is not wanted any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawn {
    api_version: &'static str,
    kind: &'static str,
    name: String,
}

impl std::fmt::Display for Withdrawn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.kind, self.name)
    }
}

/// What the manifests of earlier runs have brought and these lack. It changes nothing.
///
/// # Errors
/// [`ApiError`] when the cluster can't be asked.
pub async fn left_over(api: &Api, wanted: &[FirstManifest]) -> Result<Vec<Withdrawn>, ApiError> {
    let is_wanted = |kind: &str, name: &str| {
        let mut objects = wanted.iter().flat_map(|manifest| &manifest.objects);
        objects.any(|object| object["kind"] == kind && object["metadata"]["name"] == name)
    };
    let mut left = Vec::new();
    for (api_version, kind) in KINDS {
        let Some(place) = api.place(api_version, kind, Some(NAMESPACE)).await? else { continue };
        for object in api.list(&place, &format!("labelSelector={MANIFEST}")).await? {
            let name = name_of(&object);
            if !is_wanted(kind, &name) {
                left.push(Withdrawn { api_version, kind, name });
            }
        }
    }
    Ok(left)
}

/// Removes it, and waits until the controller installs the charts anew that it was said to. What was removed.
///
/// # Errors
/// [`ApiError`].
pub async fn withdraw(api: &Api, wanted: &[FirstManifest]) -> Result<Vec<Withdrawn>, ApiError> {
    let left = left_over(api, wanted).await?;
    let mut before = Vec::new();
    for object in left.iter().filter(|object| object.kind == CONFIG) {
        before.extend(configuration(api, &object.name).await?.map(|hash| (object.name.as_str(), hash)));
    }
    for object in &left {
        if let Some(place) = api.place(object.api_version, object.kind, Some(NAMESPACE)).await? {
            api.delete(&place, &object.name).await?;
        }
    }
    // Its own record of a manifest that is gone says nothing any more.
    let (api_version, kind) = ADDON;
    if let Some(place) = api.place(api_version, kind, Some(NAMESPACE)).await? {
        for manifest in wanted.iter().filter(|manifest| manifest.objects.is_empty()) {
            api.delete(&place, manifest.name).await?;
        }
    }
    let begun = Instant::now();
    for (chart, hash) in before {
        while configuration(api, chart).await?.as_ref() == Some(&hash) && begun.elapsed() < NOTICING {
            sleep(INTERVAL).await;
        }
    }
    Ok(left)
}

/// The hash of the configuration with which a chart was installed last.
async fn configuration(api: &Api, chart: &str) -> Result<Option<String>, ApiError> {
    Ok(job_of(api, chart).await?.as_ref().and_then(configuration_of).map(str::to_owned))
}

fn name_of(object: &Value) -> String {
    object["metadata"]["name"].as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::deploy::fixture;

    #[tokio::test]
    async fn what_no_manifest_has_any_more_is_left_over() {
        let configs = ["rke2-coredns", "rke2-cilium"].map(|name| json!({"metadata": {"name": name}}));
        let api = fixture::api([
            (
                "/apis/helm.cattle.io/v1",
                json!({"resources": [{"kind": "HelmChartConfig", "name": "helmchartconfigs", "namespaced": true}]}),
            ),
            ("/apis/helm.cattle.io/v1/namespaces/kube-system/helmchartconfigs", json!({"items": configs})),
        ]);
        let wanted = json!({"kind": "HelmChartConfig", "metadata": {"name": "rke2-cilium"}});
        let wanted = [FirstManifest { name: "airgap-charts", objects: vec![wanted] }];
        let left: Vec<String> = left_over(&api, &wanted).await.unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(left, ["HelmChartConfig rke2-coredns"]);
    }
}
