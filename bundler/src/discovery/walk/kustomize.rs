//! What a `kustomization.yaml` makes by itself: texts, charts, and what it takes from elsewhere.

use std::sync::Arc;

use manifests::values::Values;

use super::deployed::folder_path;
use super::given::mapping_of;
use super::host::{host, is_public};
use super::{Area, Context, Deployed, Given, Place, Walk};
use crate::discovery::repository::{ImageChange, folder_of, join};
use crate::discovery::yaml::Tree;
use crate::discovery::{FetchedGit, Found, Object, Origin, PulledChart, Trouble};

/// What it may have that is not followed.
const UNFOLLOWED: [&str; 3] = ["vars", "configurations", "helmChartInflationGenerator"];
/// Words in the path of a field that something may come to be deployed by.
const DEPLOYS: [&str; 7] = ["image", "container", "values", "chart", "source", "helm", "tag"];
/// Fields whose texts become objects.
const GENERATORS: [&str; 4] = ["configMapGenerator", "secretGenerator", "replacements", "commonAnnotations"];
/// Fields in which plugins may be configured as text.
const PLUGINS: [&str; 3] = ["generators", "transformers", "validators"];
/// Hosts at which a repository is two words of the path.
const TWO_WORDS: [&str; 3] = ["github.com", "gitlab.com", "bitbucket.org"];
/// Ends of files that kustomize fetches by themselves.
const FILES: [&str; 3] = [".yaml", ".yml", ".json"];

impl Found {
    /// The texts in a `kustomization.yaml`, and the charts that it has rendered; `has` says whether there is a file in the repository.
    pub(in crate::discovery) fn kustomization(&mut self, tree: &Tree, has: impl Fn(&str) -> bool, place: &Place<'_>) {
        self.patches(tree, place);
        self.unfollowed(tree, place);
        let mut walk = Walk::new(self, place, kustomization(""));
        for (key, value) in GENERATORS.iter().filter_map(|key| Some((key, tree.get(key)?))) {
            let mark = walk.path.key(key);
            walk.value(value, &Context::new(Area::ConfigMap));
            walk.path.back(mark);
        }
        let home = tree.at(&["helmGlobals", "chartHome"]).and_then(Tree::text).unwrap_or("charts");
        for chart in tree.get("helmCharts").map(Tree::items).unwrap_or_default() {
            walk.inflated(chart, home, &has);
        }
        for text in PLUGINS.iter().filter_map(|key| tree.get(key)).flat_map(Tree::items).filter_map(Tree::text) {
            if text.contains('\n') {
                self.fail(
                    place,
                    Trouble::NotFollowed { why: "it configures a plugin of kustomize as text".to_owned() },
                );
            }
        }
    }

    /// What else may change images. A replacement is told by the field that it fills in.
    fn unfollowed(&mut self, tree: &Tree, place: &Place<'_>) {
        let fills_in = |item: &Tree| {
            let targets = item.get("targets").map(Tree::items).unwrap_or_default();
            let fields = targets.iter().filter_map(|target| target.get("fieldPaths")).flat_map(Tree::items);
            let mut fields = fields.filter_map(Tree::text).map(str::to_ascii_lowercase);
            item.get("path").is_some() || fields.any(|field| DEPLOYS.iter().any(|word| field.contains(word)))
        };
        let replaces = tree.get("replacements").is_some_and(|list| list.items().iter().any(fills_in));
        let keys = UNFOLLOWED.iter().filter(|key| tree.get(key).is_some()).copied();
        for key in keys.chain(replaces.then_some("replacements")) {
            self.fail(place, Trouble::NotFollowed { why: format!("what its `{key}` make of objects is not followed") });
        }
    }

    /// A text that becomes a ConfigMap.
    pub(in crate::discovery) fn config(&mut self, text: &str, place: &Place<'_>) {
        Walk::new(self, place, kustomization("")).text(text, &Context::new(Area::ConfigMap));
    }

    /// What a `kustomization.yaml` takes from elsewhere, and the images that it makes of it.
    pub(in crate::discovery) fn remote(&mut self, path: &str, changes: &[Arc<ImageChange>], place: &Place<'_>) {
        let mut walk = Walk::new(self, place, kustomization(path));
        let is_file = host(path).is_some_and(|host| is_public(&host)) && FILES.iter().any(|end| path.ends_with(end));
        if is_file {
            let url = walk.at(path.to_owned());
            walk.found.inventory.downloads.push(url);
        } else {
            let (fetched, folder) = of_remote(path);
            // It may lie in a repository that is carried.
            let (url, revision) = (fetched.url.clone(), fetched.revision.clone());
            let deployed = walk.at(Deployed { url, revision, folder, images: changes.to_vec(), ..Deployed::default() });
            walk.found.deployed.push(deployed);
            let fetched = walk.at(fetched);
            walk.found.inventory.repositories.push(fetched);
        }
        for change in changes {
            if !walk.named_image(change) {
                let why = format!("it renames images of `{path}`, which is not put together with it");
                walk.found.fail(place, Trouble::NotFollowed { why });
            }
        }
    }
}

impl Walk<'_> {
    /// A chart that kustomize renders: one that it fetches, or one that lies at home. Files with values are beside the `kustomization.yaml`.
    fn inflated(&mut self, chart: &Tree, home: &str, has: impl Fn(&str) -> bool) {
        let own = match &self.place.origin {
            Origin::Repository { file, .. } => folder_of(file).to_owned(),
            _ => String::new(),
        };
        let more = chart.get("additionalValuesFiles").map(Tree::items).unwrap_or_default();
        let files = chart.get("valuesFile").into_iter().chain(more).filter_map(Tree::text);
        // From the top of the repository.
        let files = files.filter_map(|file| Some(format!("/{}", join(&own, file)?))).collect();
        let name = chart.text_of("name").unwrap_or_default();
        // One of a version has a folder for that. What is there is not fetched.
        let version = chart.text_of("version").filter(|_| chart.get("repo").is_some());
        let version = version.map(|version| format!("{name}-{version}/")).unwrap_or_default();
        let is_there = |folder: &String| has(&format!("{folder}/Chart.yaml"));
        let folder = join(&own, &format!("{home}/{version}{name}"));
        let folder = folder.filter(|folder| chart.get("repo").is_none() || is_there(folder));
        match &folder {
            Some(folder) => {
                let deployed = Deployed { folder: folder.clone(), ..Deployed::default() };
                let deployed = self.at(deployed);
                self.found.deployed.push(deployed);
            }
            None => self.pulls(chart, ["name", "repo", "version"]),
        }
        self.gives(name, folder, files, chart.get("valuesInline"));
        for change in self.place.images {
            if !self.named_image(change) {
                let why = format!("it renames images of the chart `{name}`, which is not put together with it");
                self.found.fail(self.place, Trouble::NotFollowed { why });
            }
        }
    }

    /// A chart that is fetched, with the values that stand beside it.
    pub(super) fn rendered(&mut self, chart: &Tree, [name, from, version, values]: [&str; 4]) {
        self.pulls(chart, [name, from, version]);
        self.gives(chart.text_of(name).unwrap_or_default(), None, Vec::new(), chart.get(values));
    }

    fn pulls(&mut self, chart: &Tree, [name, from, version]: [&str; 3]) {
        let text = |key: &str| chart.text_of(key).unwrap_or_default().to_owned();
        let pulled = self.at(PulledChart { name: text(name), from: text(from), version: text(version) });
        self.found.pulled.push(pulled);
    }

    fn gives(&mut self, chart: &str, folder: Option<String>, files: Vec<String>, values: Option<&Tree>) {
        let values = values.map(mapping_of).unwrap_or_else(|| Ok(Values::new()));
        match values {
            Ok(values) if values.is_empty() && files.is_empty() => {}
            Ok(values) => self.found.given.push(Given {
                chart: chart.to_owned(),
                url: String::new(),
                folder,
                files,
                may_lack: false,
                runs_tests: false,
                by: self.place.origin.to_string(),
                values,
                placeholders: Vec::new(),
            }),
            Err(why) => {
                let (object, chart) = (self.object.clone(), chart.to_owned());
                self.found.fail(self.place, Trouble::Values { object, chart, why });
            }
        }
    }
}

pub(super) fn kustomization(name: &str) -> Object {
    let api_version = "kustomize.config.k8s.io/v1beta1".to_owned();
    Object { api_version, kind: "Kustomization".to_owned(), namespace: None, name: name.to_owned() }
}

/// The repository and the revision of `https://host/team/repo//folder?ref=v1` and its like, and the folder in it.
fn of_remote(path: &str) -> (FetchedGit, String) {
    let path = path.strip_prefix("git::").unwrap_or(path);
    let (place, query) = path.split_once('?').unwrap_or((path, ""));
    let revision = query.split('&').find_map(|pair| pair.strip_prefix("ref=").or(pair.strip_prefix("version=")));
    let (scheme, rest) = place.split_once("://").map_or(("", place), |(scheme, rest)| (scheme, rest));
    let (rest, mut folder) = rest.split_once("//").unwrap_or((rest, ""));
    let end = rest.find(".git/").map_or(rest.len(), |at| at + ".git".len());
    if folder.is_empty() {
        folder = &rest[end..];
    }
    let mut rest = rest[..end].trim_end_matches('/');
    if host(rest).is_some_and(|host| TWO_WORDS.contains(&host.as_str())) && !rest.contains('@') {
        let third = rest.match_indices('/').nth(2).map_or(rest.len(), |(at, _)| at);
        if folder.is_empty() {
            folder = &rest[third..];
        }
        rest = &rest[..third];
    }
    let url = match scheme {
        "" if rest.contains('@') => rest.to_owned(),
        "" => format!("https://{rest}"),
        scheme => format!("{scheme}://{rest}"),
    };
    (FetchedGit { url, revision: revision.unwrap_or_default().to_owned() }, folder_path(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_told_from_a_folder_in_it() {
        for (path, url, revision, folder) in [
            ("https://github.com/team/repo//deploy/base?ref=v1", "https://github.com/team/repo", "v1", "deploy/base"),
            ("github.com/team/repo/deploy?ref=v1.2", "https://github.com/team/repo", "v1.2", "deploy"),
            ("https://git.example.org/a/b.git/deploy", "https://git.example.org/a/b.git", "", "deploy"),
            ("git@github.com:team/repo.git//x?timeout=9&ref=main", "git@github.com:team/repo.git", "main", "x"),
            ("ssh://git@git.example.org/a/b.git?ref=main", "ssh://git@git.example.org/a/b.git", "main", ""),
        ] {
            let fetched = FetchedGit { url: url.to_owned(), revision: revision.to_owned() };
            assert_eq!(of_remote(path), (fetched, folder.to_owned()), "{path}");
        }
    }
}
