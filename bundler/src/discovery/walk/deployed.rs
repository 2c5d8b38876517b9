//! Folders of git repositories that objects have a controller deploy.

use super::{Walk, custom};
use crate::discovery::yaml::Tree;

/// A folder that is deployed.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::discovery) struct Deployed {
    /// The repository's URL; empty where another object says it.
    pub(in crate::discovery) url: String,
    /// The branch, tag or commit; empty for any.
    pub(in crate::discovery) revision: String,
    /// The folder, without slashes around it; `*` stands for what is filled in later.
    pub(in crate::discovery) folder: String,
}

impl Walk<'_> {
    /// Notes what folders an object has a controller deploy.
    pub(super) fn deployed(&mut self, tree: &Tree) {
        let Some(spec) = tree.get("spec") else { return };
        let mut found = Vec::new();
        match (custom::group(&self.object.api_version), self.object.kind.as_str()) {
            ("argoproj.io", "Application") => of_application(spec, &mut found),
            ("argoproj.io", "ApplicationSet") => {
                spec.at(&["template", "spec"]).into_iter().for_each(|spec| of_application(spec, &mut found));
                of_generators(spec, 4, &mut found);
            }
            ("kustomize.toolkit.fluxcd.io", "Kustomization") if is_of_git(spec) => {
                found.push(deployed(None, None, spec.text_of("path").unwrap_or_default()));
            }
            ("helm.toolkit.fluxcd.io", "HelmRelease") => {
                let chart = spec.at(&["chart", "spec"]).filter(|chart| is_of_git(chart));
                found.extend(chart.and_then(|chart| Some(deployed(None, None, chart.text_of("chart")?))));
            }
            ("fleet.cattle.io", "GitRepo") => {
                let paths = spec.get("paths").map(Tree::items).unwrap_or_default();
                let revision = spec.text_of("revision").or_else(|| spec.text_of("branch"));
                let of = |path| deployed(spec.text_of("repo"), revision, path);
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

fn of_application(spec: &Tree, found: &mut Vec<Deployed>) {
    let folders = custom::sources(spec).filter(|source| source.get("chart").is_none());
    found.extend(folders.filter_map(|source| {
        Some(deployed(source.text_of("repoURL"), source.text_of("targetRevision"), source.text_of("path")?))
    }));
}

/// Folders that generators of an ApplicationSet find, each of which is deployed mostly.
fn of_generators(spec: &Tree, depth: usize, found: &mut Vec<Deployed>) {
    let generators = spec.get("generators").map(Tree::items).unwrap_or_default();
    for generator in generators.iter().filter(|_| depth > 0) {
        if let Some(git) = generator.get("git") {
            let folders = git.get("directories").map(Tree::items).unwrap_or_default();
            let paths = folders.iter().filter_map(|folder| folder.text_of("path"));
            found.extend(paths.map(|path| deployed(git.text_of("repoURL"), git.text_of("revision"), path)));
        }
        for several in ["matrix", "merge"].iter().filter_map(|name| generator.get(name)) {
            of_generators(several, depth - 1, found);
        }
    }
}

fn deployed(url: Option<&str>, revision: Option<&str>, path: &str) -> Deployed {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Deployed { url: text(url), revision: text(revision), folder: folder_path(path) }
}

/// A folder's path as the repository has it. What a template fills in may be anything within one name.
pub(super) fn folder_path(path: &str) -> String {
    let mut plain = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once("{{") {
        plain.push_str(before);
        plain.push('*');
        rest = after.split_once("}}").map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    let parts = plain.split('/').filter(|part| !part.is_empty() && *part != ".");
    parts.collect::<Vec<_>>().join("/")
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
        ] {
            assert_eq!(folder_path(path), folder, "{path}");
        }
    }
}
