//! Charts and artifacts that controllers in the cluster pull by themselves.

use super::application_set::templates;
use super::deployed::is_of_git;
use super::{Walk, custom};
use crate::discovery::yaml::Tree;
use crate::discovery::{CHART_CONTENT, PulledChart};

impl Walk<'_> {
    /// Notes what an object has a controller pull.
    pub(super) fn pulled_charts(&mut self, tree: &Tree) {
        let Some(spec) = tree.get("spec") else { return };
        let group = custom::group(&self.object.api_version);
        let found = match (group, self.object.kind.as_str()) {
            ("helm.cattle.io", "HelmChart") => vec![of_helm_controller(spec)],
            ("helm.toolkit.fluxcd.io", "HelmRelease") => vec![of_release(spec)],
            ("helm.fluxcd.io", "HelmRelease") => {
                let inner = spec.get("chart").filter(|inner| inner.get("git").is_none());
                inner.map(|inner| chart(inner, &["name"], &["repository"], &["version"])).into_iter().collect()
            }
            ("source.toolkit.fluxcd.io", "HelmChart") => vec![chart(spec, &["chart"], &["url"], &["version"])],
            ("source.toolkit.fluxcd.io", "OCIRepository") => vec![chart(spec, &[], &["url"], &["ref", "tag"])],
            ("argoproj.io", "Application") => of_application(spec),
            ("argoproj.io", "ApplicationSet") => templates(spec).iter().flat_map(of_application).collect(),
            ("helm.crossplane.io", "Release") => {
                let at = |key| ["forProvider", "chart", key];
                vec![chart(spec, &at("name"), &at("repository"), &at("version"))]
            }
            ("fleet.cattle.io", "HelmOp") => {
                vec![chart(spec, &["helm", "chart"], &["helm", "repo"], &["helm", "version"])]
            }
            ("addons.cluster.x-k8s.io", "HelmChartProxy") => {
                vec![chart(spec, &["chartName"], &["repoURL"], &["version"])]
            }
            _ => Vec::new(),
        };
        for pulled in found.into_iter().flatten() {
            self.pulled_from.insert(pulled.from.clone());
            let pulled = self.at(pulled);
            self.found.pulled.push(pulled);
        }
    }
}

fn chart(spec: &Tree, name: &[&str], from: &[&str], version: &[&str]) -> Option<PulledChart> {
    let text = |path: &[&str]| spec.at(path).and_then(Tree::text).unwrap_or_default().to_owned();
    let from = text(from);
    let name = if name.is_empty() { from.rsplit('/').next().unwrap_or_default().to_owned() } else { text(name) };
    // The URL of an archive says name and version by itself.
    let archive = name.rsplit_once('/').filter(|_| name.contains("://"));
    if let Some((place, (own, number))) = archive.and_then(|(place, file)| Some((place, of_archive(file)?))) {
        return Some(PulledChart { name: own.to_owned(), from: place.to_owned(), version: number.to_owned() });
    }
    let is_there = !(name.is_empty() && from.is_empty());
    is_there.then(|| PulledChart { name, from, version: text(version) })
}

/// The name and the version in the name of a chart's archive: `redis-1.2.3.tgz`.
pub(super) fn of_archive(file: &str) -> Option<(&str, &str)> {
    let name = file.strip_suffix(".tgz")?;
    let mut parts = name.match_indices('-').map(|(at, _)| (&name[..at], &name[at + 1..]));
    parts.find(|(_, version)| version.trim_start_matches('v').parse::<semver::Version>().is_ok())
}

/// A chart that is given with its content is pulled from nowhere, and nobody has looked into it: it counts as one that is not there.
fn of_helm_controller(spec: &Tree) -> Option<PulledChart> {
    let has_content = spec.text_of(CHART_CONTENT).is_some_and(|content| !content.is_empty());
    match has_content {
        true => Some(PulledChart { name: CHART_CONTENT.to_owned(), from: "spec".to_owned(), version: String::new() }),
        false => chart(spec, &["chart"], &["repo"], &["version"]),
    }
}

fn of_release(spec: &Tree) -> Option<PulledChart> {
    match spec.at(&["chart", "spec"]) {
        // A folder of a repository, which is fetched as one.
        Some(inner) if is_of_git(inner) => None,
        Some(inner) => chart(inner, &["chart"], &["sourceRef", "name"], &["version"]),
        None => chart(spec, &["chartRef", "name"], &[], &[]),
    }
}

fn of_application(spec: &Tree) -> Vec<Option<PulledChart>> {
    // One with a path is a folder of a repository of git, and no chart.
    let sources = custom::sources(spec).filter(|source| source.get("chart").is_some());
    sources.map(|source| chart(source, &["chart"], &["repoURL"], &["targetRevision"])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_s_name_has_name_and_version() {
        for (file, parts) in [
            ("redis-1.2.3.tgz", Some(("redis", "1.2.3"))),
            ("cert-manager-v1.16.1.tgz", Some(("cert-manager", "v1.16.1"))),
            ("web-1.0.0-rc.1.tgz", Some(("web", "1.0.0-rc.1"))),
            ("redis.tgz", None),
            ("redis-1.2.3", None),
        ] {
            assert_eq!(of_archive(file), parts, "{file}");
        }
    }
}
