//! What kustomize makes of objects: images that it changes, patches, and what it takes from elsewhere.

use super::given::mapping_of;
use super::host::{host, is_public};
use super::{Area, Context, Given, Place, Walk, custom};
use crate::discovery::repository::ImageChange;
use crate::discovery::yaml::{self, Tree};
use crate::discovery::{Confidence, FetchedGit, Found, Object, PulledChart, Reason, Trouble};

/// Lists in which a patch may stand as text.
const PATCHES: [&str; 3] = ["patches", "patchesJson6902", "patchesStrategicMerge"];
/// Fields whose texts become objects.
const GENERATORS: [&str; 4] = ["configMapGenerator", "secretGenerator", "replacements", "commonAnnotations"];
/// Fields in which plugins may be configured as text.
const PLUGINS: [&str; 3] = ["generators", "transformers", "validators"];
/// Hosts at which a repository is two words of the path.
const TWO_WORDS: [&str; 3] = ["github.com", "gitlab.com", "bitbucket.org"];
/// Ends of files that kustomize fetches by themselves.
const FILES: [&str; 3] = [".yaml", ".yml", ".json"];

impl Found {
    /// A text that is laid upon objects: a part of one, or operations on it.
    pub(in crate::discovery) fn patch(&mut self, text: &str, place: &Place<'_>) {
        for chunk in yaml::chunks(text) {
            match yaml::read(chunk.text) {
                Ok(trees) => trees.iter().for_each(|tree| match tree {
                    Tree::List(operations) => operations.iter().for_each(|item| self.operation(item, place)),
                    _ => self.document(tree, place),
                }),
                Err(why) => self.unreadable(&chunk, place, why),
            }
        }
    }

    fn operation(&mut self, item: &Tree, place: &Place<'_>) {
        let (Some(path), Some(value)) = (item.text_of("path"), item.get("value")) else { return };
        let mut walk = Walk::new(self, place, kustomization("a patch"));
        let context = Context { is_typed: true, ..Context::new(Area::Field) };
        let mark = walk.path.key(path.trim_start_matches('/'));
        match value.text() {
            Some(image) if path.ends_with("/image") => {
                let image = walk.changed(image);
                walk.pulled(&image, Reason::ContainerOfCustomResource);
            }
            // One container, or all of them.
            _ if path.to_ascii_lowercase().contains("containers") && value.text().is_none() => {
                let one = [value.clone()];
                let list = if value.items().is_empty() { Tree::List(one.to_vec()) } else { value.clone() };
                walk.containers(&list, &context);
            }
            _ => walk.value(value, &context),
        }
        walk.path.back(mark);
    }

    /// The texts in a `kustomization.yaml`, and the charts that it has rendered.
    pub(in crate::discovery) fn kustomization(&mut self, tree: &Tree, place: &Place<'_>) {
        for item in PATCHES.iter().filter_map(|key| tree.get(key)).flat_map(Tree::items) {
            if let Some(text) = item.text_of("patch").or_else(|| item.text().filter(|text| text.contains('\n'))) {
                self.patch(text, place);
            }
        }
        let mut walk = Walk::new(self, place, kustomization(""));
        for (key, value) in GENERATORS.iter().filter_map(|key| Some((key, tree.get(key)?))) {
            let mark = walk.path.key(key);
            walk.value(value, &Context::new(Area::ConfigMap));
            walk.path.back(mark);
        }
        for chart in tree.get("helmCharts").map(Tree::items).unwrap_or_default() {
            walk.rendered(chart, ["name", "repo", "version", "valuesInline"]);
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

    /// A text that becomes a ConfigMap.
    pub(in crate::discovery) fn config(&mut self, text: &str, place: &Place<'_>) {
        Walk::new(self, place, kustomization("")).text(text, &Context::new(Area::ConfigMap));
    }

    /// What a `kustomization.yaml` takes from elsewhere, and the images that it makes of it.
    pub(in crate::discovery) fn remote(&mut self, path: &str, changes: &[ImageChange], place: &Place<'_>) {
        let mut walk = Walk::new(self, place, kustomization(path));
        let is_file = host(path).is_some_and(|host| is_public(&host)) && FILES.iter().any(|end| path.ends_with(end));
        if is_file {
            let url = walk.at(path.to_owned());
            walk.found.inventory.downloads.push(url);
        } else {
            let fetched = walk.at(of_remote(path));
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
    /// An image of a container after all that is done to it.
    pub(super) fn changed(&self, image: &str) -> String {
        let apply = |image: String, change: &ImageChange| change.apply(&image).unwrap_or(image);
        self.place.images.iter().fold(image.to_owned(), apply)
    }

    /// Images that an Application of Argo CD or a Kustomization of Flux has put in.
    pub(super) fn put_in(&mut self, tree: &Tree) {
        let Some(spec) = tree.get("spec") else { return };
        let spec = match (custom::group(&self.object.api_version), self.object.kind.as_str()) {
            ("kustomize.toolkit.fluxcd.io", "Kustomization") => {
                for item in spec.get("images").map(Tree::items).unwrap_or_default() {
                    if !ImageChange::read(item).is_some_and(|change| self.named_image(&change)) {
                        self.renames(item.text_of("name").unwrap_or_default());
                    }
                }
                return;
            }
            ("argoproj.io", "Application") => spec,
            ("argoproj.io", "ApplicationSet") => match spec.at(&["template", "spec"]) {
                Some(spec) => spec,
                None => return,
            },
            _ => return,
        };
        for source in custom::sources(spec) {
            let images = source.at(&["kustomize", "images"]).map(Tree::items).unwrap_or_default();
            for text in images.iter().filter_map(Tree::text) {
                let image = text.split_once('=').map_or(text, |(_, image)| image);
                match image.rsplit('/').next().is_some_and(|last| last.contains([':', '@'])) {
                    true => self.pulled(image, Reason::KnownField),
                    false => self.renames(text),
                }
            }
            if source.get("plugin").is_some() {
                let why = format!("{} has a plugin of Argo CD make objects", self.object);
                self.found.fail(self.place, Trouble::NotFollowed { why });
            }
        }
    }

    /// Whether a field lists changes of images, which are no images.
    pub(super) fn is_of_changes(&self, key: &str) -> bool {
        let group = custom::group(&self.object.api_version);
        key == "images" && group == "kustomize.toolkit.fluxcd.io" && self.path.shape() == "spec"
    }

    fn renames(&mut self, image: &str) {
        let why = format!("{} gives the image `{image}` another name, and not its tag", self.object);
        self.found.fail(self.place, Trouble::NotFollowed { why });
    }

    /// The image that comes of a change. Whether it says enough for that.
    fn named_image(&mut self, change: &ImageChange) -> bool {
        let Some(image) = change.whole() else { return false };
        if let Ok(reference) = image.parse() {
            self.see(reference, &image, Confidence::Certain, Reason::KnownField);
        }
        true
    }

    /// A chart that kustomize renders.
    pub(super) fn rendered(&mut self, chart: &Tree, [name, from, version, values]: [&str; 4]) {
        let text = |key: &str| chart.text_of(key).unwrap_or_default().to_owned();
        let pulled = PulledChart { name: text(name), from: text(from), version: text(version) };
        let pulled = self.at(pulled);
        if let Some(Ok(values)) = chart.get(values).map(mapping_of) {
            let by = self.place.origin.to_string();
            let placeholders = Vec::new();
            self.found.given.push(Given {
                chart: text("name"),
                folder: None,
                files: Vec::new(),
                by,
                values,
                placeholders,
            });
        }
        self.found.pulled.push(pulled);
    }
}

fn kustomization(name: &str) -> Object {
    let api_version = "kustomize.config.k8s.io/v1beta1".to_owned();
    Object { api_version, kind: "Kustomization".to_owned(), namespace: None, name: name.to_owned() }
}

/// The repository and the revision of `https://host/team/repo//folder?ref=v1` and its like.
fn of_remote(path: &str) -> FetchedGit {
    let path = path.strip_prefix("git::").unwrap_or(path);
    let (place, query) = path.split_once('?').unwrap_or((path, ""));
    let revision = query.split('&').find_map(|pair| pair.strip_prefix("ref=").or(pair.strip_prefix("version=")));
    let (scheme, rest) = place.split_once("://").map_or(("", place), |(scheme, rest)| (scheme, rest));
    let rest = rest.split_once("//").map_or(rest, |(rest, _)| rest);
    let end = rest.find(".git/").map_or(rest.len(), |at| at + ".git".len());
    let mut rest = rest[..end].trim_end_matches('/').to_owned();
    if host(&rest).is_some_and(|host| TWO_WORDS.contains(&host.as_str())) && !rest.contains('@') {
        rest = rest.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    }
    let url = match scheme {
        "" if rest.contains('@') => rest,
        "" => format!("https://{rest}"),
        scheme => format!("{scheme}://{rest}"),
    };
    FetchedGit { url, revision: revision.unwrap_or_default().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_told_from_a_folder_in_it() {
        for (path, url, revision) in [
            ("https://github.com/team/repo//deploy/base?ref=v1", "https://github.com/team/repo", "v1"),
            ("github.com/team/repo/deploy?ref=v1.2", "https://github.com/team/repo", "v1.2"),
            ("https://git.example.org/a/b.git/deploy", "https://git.example.org/a/b.git", ""),
            ("git@github.com:team/repo.git//x?timeout=9&ref=main", "git@github.com:team/repo.git", "main"),
            ("ssh://git@git.example.org/a/b.git?ref=main", "ssh://git@git.example.org/a/b.git", "main"),
        ] {
            assert_eq!(of_remote(path), FetchedGit { url: url.to_owned(), revision: revision.to_owned() }, "{path}");
        }
    }
}
