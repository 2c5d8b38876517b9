//! What the bundle says of how it is deployed.

use manifests::ImageReference;
use manifests::document::{Platform, Release};

use crate::resolve::stack::{ResolvedPlatform, ResolvedRelease};

/// Puts the charts that were found into the platform. `charts` are the references of the stack's charts, in its order.
pub(super) fn platform(resolved: &ResolvedPlatform, charts: &[ImageReference]) -> Platform {
    let release = |release: &ResolvedRelease| {
        let settings = &release.settings;
        Some(Release {
            name: release.name.clone(),
            namespace: release.namespace.clone(),
            chart: charts.get(release.chart)?.clone(),
            values: settings.values.clone(),
            variants: settings.variants.iter().map(|variant| (variant.name.clone(), variant.values.clone())).collect(),
            failure_policy: settings.failure_policy,
            timeout: settings.timeout,
            bootstrap: settings.bootstrap,
        })
    };
    let components = resolved.components.iter().map(|(component, releases)| {
        let mut component = component.clone();
        component.releases = releases.iter().filter_map(release).collect();
        component
    });
    Platform { distribution: resolved.distribution.clone(), components: components.collect() }
}
