//! What is looked through, as discovery asks for it.

use std::path::{Path, PathBuf};

use manifests::component::FileSource;
use manifests::{BundleName, Digest};

use super::{KnownCharts, find};
use crate::discovery::{ChartRequest, ManifestRequest};
use crate::resolve::stack::ResolvedStack;

/// The charts, each with its archive.
pub(super) fn charts(stack: &ResolvedStack, known: &KnownCharts, archives: &[(Digest, PathBuf)]) -> Vec<ChartRequest> {
    let looked_through = stack.renderings.iter().filter(|rendering| rendering.without.is_none());
    let request = |rendering: &crate::resolve::stack::ResolvedRendering| {
        let chart = stack.charts.get(rendering.chart)?;
        let digest = find(known, &chart.name, &chart.source)?.item.as_chart()?.archive;
        let (_, archive) = archives.iter().find(|(known, _)| *known == digest)?;
        let release = rendering.rendered_as();
        let named = release.and_then(|release| release.name.clone());
        Some(ChartRequest {
            component: rendering.component.clone(),
            chart: chart.name.clone(),
            release: named.or_else(|| chart.name.parse().ok()).or_else(|| "release".parse().ok())?,
            namespace: rendering.namespace.clone(),
            archive: archive.clone(),
            digest,
            values: release.map(|release| release.values.clone()).unwrap_or_default(),
            variants: release.map(|release| release.variants.clone()).unwrap_or_default(),
            site_values: release.map(|release| release.site_values.clone()).unwrap_or_default(),
            folder: None,
        })
    };
    looked_through.filter_map(request).collect()
}

/// The manifests of components.
pub(super) fn manifests(stack: &ResolvedStack) -> Vec<ManifestRequest> {
    let request = |file: &crate::resolve::stack::ResolvedManifest| {
        let path = manifest_path(stack, &file.component, &file.path)?;
        Some(ManifestRequest { component: file.component.clone(), file: file.path.clone(), path: path.to_owned() })
    };
    stack.manifests.iter().filter_map(request).collect()
}

/// Where a component's manifest lies on disk.
pub(super) fn manifest_path<'a>(stack: &'a ResolvedStack, component: &BundleName, path: &str) -> Option<&'a Path> {
    let file = stack.files.iter().find(|file| file.component == *component && file.path == path)?;
    if let FileSource::Local { path, .. } = &file.source { Some(path) } else { None }
}
