//! Folders of git repositories that objects have a controller deploy.

use std::sync::Arc;

use super::application_set::{Parameters, templates};
use super::{Walk, custom};
use crate::discovery::repository::ImageChange;
use crate::discovery::yaml::Tree;

/// What stands around what is filled in later: by Argo CD or Helm, and by Flux.
const FILLED_IN: [(&str, &str); 2] = [("{{", "}}"), ("${", "}")];

/// A folder that is deployed.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::discovery) struct Deployed {
    /// The repository's URL; empty where another object says it.
    pub(in crate::discovery) url: String,
    /// The object of Flux that says it; empty where none does.
    pub(in crate::discovery) source: String,
    /// The branch, tag or commit; empty for any.
    pub(in crate::discovery) revision: String,
    /// The folder, without slashes around it; `*` stands for what is filled in later within one name, `**` for any names.
    pub(in crate::discovery) folder: String,
    /// Whether what lies in folders below is deployed with it, where no `kustomization.yaml` says what is.
    pub(in crate::discovery) is_deep: bool,
    /// What is done to its images there, as far as that is put together with it.
    pub(in crate::discovery) images: Vec<Arc<ImageChange>>,
}

impl Walk<'_> {
    /// Notes what folders an object has a controller deploy.
    pub(super) fn deployed(&mut self, tree: &Tree) {
        let Some(spec) = tree.get("spec") else { return };
        let mut found = Vec::new();
        match (custom::group(&self.object.api_version), self.object.kind.as_str()) {
            ("argoproj.io", "Application") => of_application(spec, &Parameters::default(), &mut found),
            ("argoproj.io", "ApplicationSet") => {
                let parameters = Parameters::of(spec);
                templates(spec).iter().for_each(|spec| of_application(spec, &parameters, &mut found));
            }
            ("kustomize.toolkit.fluxcd.io", "Kustomization") if is_of_git(spec) => {
                found.push(of_source(spec, spec.text_of("path").unwrap_or_default(), true));
            }
            ("helm.toolkit.fluxcd.io", "HelmRelease") => {
                let chart = spec.at(&["chart", "spec"]).filter(|chart| is_of_git(chart));
                found.extend(chart.and_then(|chart| Some(of_source(chart, chart.text_of("chart")?, false))));
            }
            ("fluxcd.controlplane.io", "FluxInstance") => {
                let sync = |sync: &Tree| {
                    deployed(sync.text_of("url"), sync.text_of("ref"), sync.text_of("path").unwrap_or_default(), true)
                };
                found.extend(spec.get("sync").map(sync));
            }
            ("helm.fluxcd.io", "HelmRelease") => {
                let chart = |chart: &Tree| {
                    Some(deployed(chart.text_of("git"), chart.text_of("ref"), chart.text_of("path")?, false))
                };
                found.extend(spec.get("chart").and_then(chart));
            }
            ("fleet.cattle.io", "GitRepo") => {
                let paths = spec.get("paths").map(Tree::items).unwrap_or_default();
                let revision = spec.text_of("revision").or_else(|| spec.text_of("branch"));
                let of = |path| deployed(spec.text_of("repo"), revision, path, true);
                found.extend(paths.iter().filter_map(Tree::text).map(of));
            }
            _ => {}
        }
        for one in found {
            let one = self.at(one);
            self.found.deployed.push(one);
        }
    }
}

/// Whether what an object of Flux takes comes from a repository of git.
pub(super) fn is_of_git(spec: &Tree) -> bool {
    spec.at(&["sourceRef", "kind"]).and_then(Tree::text) == Some("GitRepository")
}

fn of_application(spec: &Tree, parameters: &Parameters, found: &mut Vec<Deployed>) {
    for source in custom::sources(spec).filter(|source| source.get("chart").is_none()) {
        let is_deep = source.at(&["directory", "recurse"]).is_some_and(Tree::is_true);
        let (url, revision) = (source.text_of("repoURL"), source.text_of("targetRevision"));
        let paths = source.text_of("path").map(|path| parameters.filled_in(path)).unwrap_or_default();
        found.extend(paths.iter().map(|path| deployed(url, revision, path, is_deep)));
    }
}

/// What an object of Flux takes from where another one says.
fn of_source(spec: &Tree, path: &str, is_deep: bool) -> Deployed {
    let source = spec.at(&["sourceRef", "name"]).and_then(Tree::text).unwrap_or_default().to_owned();
    Deployed { source, ..deployed(None, None, path, is_deep) }
}

fn deployed(url: Option<&str>, revision: Option<&str>, path: &str, is_deep: bool) -> Deployed {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Deployed { url: text(url), revision: text(revision), folder: folder_path(path), is_deep, ..Deployed::default() }
}

/// A folder's path as the repository has it. What a template fills in may be anything within one name.
pub(super) fn folder_path(path: &str) -> String {
    let mut plain = path.to_owned();
    for (begin, end) in FILLED_IN {
        while let Some((before, after)) = plain.split_once(begin) {
            let after = after.split_once(end).map_or("", |(_, after)| after);
            plain = format!("{before}*{after}");
        }
    }
    let parts = plain.split('/').filter(|part| !part.is_empty() && *part != ".");
    match parts.collect::<Vec<_>>().join("/") {
        all if all == "*" && plain != path => "**".to_owned(),
        some => some,
    }
}

#[cfg(test)]
mod tests {
    use super::folder_path;

    #[test]
    fn folders_are_written_in_one_way() {
        for (path, folder) in [
            ("./clusters/prod/", "clusters/prod"),
            (".", ""),
            ("/", ""),
            ("apps/{{name}}/overlays/{{ .path.basename }}", "apps/*/overlays/*"),
            ("./clusters/${cluster}/apps", "clusters/*/apps"),
            ("*", "*"),
            ("./${folder}", "**"),
        ] {
            assert_eq!(folder_path(path), folder, "{path}");
        }
    }
}
