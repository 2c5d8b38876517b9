//! Git repositories that controllers in the cluster fetch by themselves.

use super::application_set::{generators, templates};
use super::{Walk, custom, host};
use crate::discovery::yaml::Tree;
use crate::discovery::{FetchedGit, Trouble};

/// How deep tasks and artifacts are nested at most.
const DEPTH: usize = 24;

impl Walk<'_> {
    /// Notes what repositories an object has a controller fetch. What only the site knows, and what is inside, is none.
    pub(super) fn repositories(&mut self, tree: &Tree) {
        let Some(spec) = tree.get("spec") else { return };
        let group = custom::group(&self.object.api_version);
        let mut found = Vec::new();
        match (group, self.object.kind.as_str()) {
            ("argoproj.io", "Application") => of_application(spec, &mut found),
            ("argoproj.io", "ApplicationSet") => {
                templates(spec).iter().for_each(|spec| of_application(spec, &mut found));
                let git = generators(spec).into_iter().filter_map(|generator| generator.get("git"));
                found.extend(git.filter_map(|git| repository(git.text_of("repoURL"), git.text_of("revision"))));
            }
            ("source.toolkit.fluxcd.io", "GitRepository") => {
                // The first of them counts.
                let names = ["commit", "name", "semver", "tag", "branch"];
                let revision = names.iter().find_map(|name| spec.get("ref")?.text_of(name));
                found.extend(repository(spec.text_of("url"), revision));
            }
            ("fluxcd.controlplane.io", "FluxInstance") => {
                let sync =
                    spec.get("sync").filter(|sync| sync.text_of("kind").is_none_or(|kind| kind == "GitRepository"));
                found.extend(sync.and_then(|sync| repository(sync.text_of("url"), sync.text_of("ref"))));
            }
            // Of the first version of Flux.
            ("helm.fluxcd.io", "HelmRelease") => {
                let chart = spec.get("chart");
                found.extend(chart.and_then(|chart| repository(chart.text_of("git"), chart.text_of("ref"))));
            }
            ("fleet.cattle.io", "GitRepo") => {
                let revision = spec.text_of("revision").or_else(|| spec.text_of("branch"));
                // Fleet takes this branch where none is named.
                found.extend(repository(spec.text_of("repo"), revision.or(Some("master"))));
            }
            ("catalog.cattle.io", "ClusterRepo") => {
                found.extend(repository(spec.text_of("gitRepo"), spec.text_of("gitBranch")));
            }
            ("argoproj.io", "Workflow" | "WorkflowTemplate" | "ClusterWorkflowTemplate" | "CronWorkflow") => {
                of_artifacts(spec, DEPTH, &mut found);
            }
            ("tekton.dev", _) => of_resolvers(spec, DEPTH, &mut found),
            _ => {}
        }
        for fetched in found {
            let url = &fetched.url;
            if self.is_of_site(url) {
                continue;
            }
            if is_outside(url) {
                let fetched = self.at(fetched);
                self.found.inventory.repositories.push(fetched);
            } else if self.is_filled_in(url) {
                let why =
                    format!("{} has a git repository fetched whose URL is filled in inside: `{url}`", self.object);
                self.found.fail(self.place, Trouble::NotFollowed { why });
            }
        }
    }

    /// Whether a controller puts something into a URL before it is asked: by the template of an ApplicationSet or a ResourceSet, or Flux.
    fn is_filled_in(&self, url: &str) -> bool {
        url.contains("{{") && self.object.kind == "ApplicationSet" || url.contains("<<") || self.is_substituted(url)
    }
}

fn repository(url: Option<&str>, revision: Option<&str>) -> Option<FetchedGit> {
    let url = url.filter(|url| !url.is_empty())?.to_owned();
    Some(FetchedGit { url, revision: revision.unwrap_or_default().to_owned() })
}

fn of_application(spec: &Tree, found: &mut Vec<FetchedGit>) {
    // One with a chart is no repository of git.
    let sources = custom::sources(spec).filter(|source| source.get("chart").is_none());
    found.extend(sources.filter_map(|source| repository(source.text_of("repoURL"), source.text_of("targetRevision"))));
}

/// Artifacts of workflows that come from git, wherever they stand.
fn of_artifacts(tree: &Tree, depth: usize, found: &mut Vec<FetchedGit>) {
    if depth == 0 {
        return;
    }
    let artifacts = tree.get("artifacts").map(Tree::items).unwrap_or_default();
    let git = artifacts.iter().filter_map(|artifact| artifact.get("git"));
    found.extend(git.filter_map(|git| repository(git.text_of("repo"), git.text_of("revision"))));
    let below = tree.entries().iter().map(|entry| &entry.value).chain(tree.items());
    below.for_each(|tree| of_artifacts(tree, depth - 1, found));
}

/// References of Tekton that its resolver for git follows, wherever they stand.
fn of_resolvers(tree: &Tree, depth: usize, found: &mut Vec<FetchedGit>) {
    if depth == 0 {
        return;
    }
    if tree.text_of("resolver") == Some("git") {
        let params = tree.get("params").map(Tree::items).unwrap_or_default();
        let value = |name: &str| params.iter().find(|param| param.text_of("name") == Some(name))?.text_of("value");
        found.extend(repository(value("url"), value("revision")));
    }
    let below = tree.entries().iter().map(|entry| &entry.value).chain(tree.items());
    below.for_each(|tree| of_resolvers(tree, depth - 1, found));
}

/// Whether a URL leads out of the cluster. What is put together at run time leads nobody knows where.
fn is_outside(url: &str) -> bool {
    if url.contains("{{") || url.contains("<<") || url.contains("$(") || url.starts_with("oci://") {
        return false;
    }
    host::host(url).is_some_and(|host| !host::is_of_cluster(&host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_inside_is_nobodys_to_carry() {
        for url in ["https://git.example.org/a", "git@git.example.org:a/b.git", "ssh://git@git.example.org:22/a"] {
            assert!(is_outside(url), "{url}");
        }
        for url in [
            "http://gitea.gitea.svc:3000/a",
            "http://gitea/a",
            "{{ .repo }}",
            "$(params.url)",
            "http://g.a.svc.cluster.local/x",
        ] {
            assert!(!is_outside(url), "{url}");
        }
    }
}
