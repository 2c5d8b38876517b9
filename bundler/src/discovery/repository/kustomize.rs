//! What a `kustomization.yaml` says: what it takes, and how it changes the images of that.
//!
//! Source: <https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/>. What it does to other fields changes no image.

use std::sync::Arc;

use super::layers::Changes;
use crate::discovery::yaml::{self, Tree};

/// Lists of what is taken as objects: files, folders and what lies elsewhere.
const RESOURCES: [&str; 3] = ["resources", "bases", "crds"];
/// Lists of files with configurations of plugins.
const PLUGINS: [&str; 3] = ["generators", "transformers", "validators"];
/// Fields by which it makes more objects or changes those that it takes.
const CHANGES: [&str; 9] = [
    "components",
    "generators",
    "transformers",
    "patches",
    "patchesJson6902",
    "patchesStrategicMerge",
    "images",
    "replacements",
    "vars",
];
/// What kustomize has for plugins without a program.
const BUILTIN: &str = "builtin";

/// A `kustomization.yaml`.
#[derive(Debug, Clone, Default)]
pub(super) struct Kustomization {
    /// What it takes: files, folders, what lies elsewhere.
    pub(super) resources: Vec<String>,
    /// Folders that change what it takes.
    pub(super) components: Vec<String>,
    /// Files that are laid upon objects.
    pub(super) patches: Vec<String>,
    /// Files whose text becomes a ConfigMap or a Secret.
    pub(super) texts: Vec<String>,
    /// What it does to images.
    pub(super) images: Changes,
    /// Files that configure plugins.
    pub(super) plugins: Vec<String>,
    /// The document, for the texts in it.
    pub(super) tree: Option<Tree>,
}

impl Kustomization {
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let Some(tree) = yaml::read(text)?.into_iter().next() else { return Ok(Self::default()) };
        let list = |key: &str| tree.get(key).map(Tree::items).unwrap_or_default();
        let texts = |keys: &[&str]| {
            let items = keys.iter().flat_map(|key| list(key));
            items.filter_map(Tree::text).map(str::to_owned).collect::<Vec<_>>()
        };
        let paths = |keys: &[&str]| {
            let items = keys.iter().flat_map(|key| list(key));
            items.filter_map(|item| item.text_of("path")).map(str::to_owned).collect::<Vec<_>>()
        };
        let mut patches = paths(&["patches", "patchesJson6902"]);
        // Here a text may be the patch itself.
        patches.extend(texts(&["patchesStrategicMerge"]).into_iter().filter(|text| !text.contains('\n')));
        let charts = list("helmCharts").iter().filter_map(|chart| chart.text_of("valuesFile"));
        let mut made_of: Vec<String> = charts.map(str::to_owned).collect();
        made_of.extend(["configMapGenerator", "secretGenerator"].iter().flat_map(|key| list(key)).flat_map(generated));
        Ok(Self {
            resources: texts(&RESOURCES),
            components: texts(&["components"]),
            patches,
            texts: made_of,
            images: Arc::new(list("images").iter().filter_map(ImageChange::read).map(Arc::new).collect()),
            plugins: texts(&PLUGINS).into_iter().filter(|text| !text.contains('\n')).collect(),
            tree: Some(tree),
        })
    }
}

impl Kustomization {
    /// Whether it does more than to take objects.
    pub(super) fn changes_objects(&self) -> bool {
        let has = |key: &&str| self.tree.as_ref().is_some_and(|tree| tree.get(key).is_some());
        CHANGES.iter().any(has)
    }
}

/// The files that a generator takes: `file` or `key=file`.
fn generated(generator: &Tree) -> Vec<String> {
    let lists = ["files", "envs"].iter().filter_map(|key| generator.get(key)).flat_map(Tree::items);
    let files = lists.filter_map(Tree::text).chain(generator.text_of("env"));
    files.map(|file| file.split_once('=').map_or(file, |(_, file)| file).to_owned()).collect()
}

/// Whether a document configures what kustomize has itself.
pub(super) fn is_builtin(tree: &Tree) -> bool {
    tree.text_of("apiVersion") == Some(BUILTIN)
}

/// What is done to images of a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::discovery) struct ImageChange {
    name: String,
    new_name: Option<String>,
    new_tag: Option<String>,
    digest: Option<String>,
    suffix: Option<String>,
}

impl ImageChange {
    /// An item of `images`.
    pub(in crate::discovery) fn read(tree: &Tree) -> Option<Self> {
        let text = |key: &str| tree.text_of(key).filter(|text| !text.is_empty()).map(str::to_owned);
        Some(Self {
            name: text("name")?,
            new_name: text("newName"),
            new_tag: text("newTag"),
            digest: text("digest"),
            suffix: text("tagSuffix"),
        })
    }

    /// Whether its name is a pattern: kustomize takes it for a regular expression.
    pub(super) fn is_pattern(&self) -> bool {
        self.name.contains(['*', '+', '?', '(', '[', '|', '^', '$', '\\', '{'])
    }

    /// An image after it; none where it is not meant: what the name says of a tag has to be there too.
    pub(in crate::discovery) fn apply(&self, image: &str) -> Option<String> {
        let rest = image.strip_prefix(&self.name)?;
        let (name, tag, digest) = parts(image);
        let is_end = rest.is_empty() || rest.starts_with('@') || rest.starts_with(':') && !rest.contains('/');
        is_end.then(|| self.image(name, tag, digest))
    }

    /// The image that comes of it whatever was there before, where it says enough for that.
    pub(in crate::discovery) fn whole(&self) -> Option<String> {
        (self.new_tag.is_some() || self.digest.is_some()).then(|| self.image(parts(&self.name).0, None, None))
    }

    fn image(&self, name: &str, tag: Option<&str>, digest: Option<&str>) -> String {
        let name = self.new_name.as_deref().unwrap_or(name);
        let (tag, digest) = match (&self.new_tag, &self.digest) {
            (None, None) => (tag.map(|tag| format!("{tag}{}", self.suffix.as_deref().unwrap_or_default())), digest),
            (tag, digest) => (tag.clone(), digest.as_deref()),
        };
        let tag = tag.map(|tag| format!(":{tag}")).unwrap_or_default();
        let digest = digest.map(|digest| format!("@{digest}")).unwrap_or_default();
        format!("{name}{tag}{digest}")
    }
}

/// The name of an image, its tag and its digest.
fn parts(image: &str) -> (&str, Option<&str>, Option<&str>) {
    let (rest, digest) = image.split_once('@').map_or((image, None), |(rest, digest)| (rest, Some(digest)));
    let tagged = rest.rsplit_once(':').filter(|(_, tag)| !tag.contains('/'));
    tagged.map_or((rest, None, digest), |(name, tag)| (name, Some(tag), digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(change: &str, image: &str) -> Option<String> {
        ImageChange::read(&yaml::read(change).unwrap()[0]).unwrap().apply(image)
    }

    #[test]
    fn an_image_is_changed_as_kustomize_does() {
        let sha = format!("sha256:{}", "a".repeat(64));
        for (change, image, after) in [
            ("{name: app, newName: e.org/app, newTag: v1}", "app", Some("e.org/app:v1")),
            ("{name: app, newTag: '2'}", "app:1", Some("app:2")),
            ("{name: app, newName: e.org/app}", "app:1", Some("e.org/app:1")),
            ("{name: 'e.org:5000/app', newTag: '2'}", "e.org:5000/app", Some("e.org:5000/app:2")),
            ("{name: app, newTag: '2'}", "app@sha256:0", Some("app:2")),
            ("{name: app, tagSuffix: -x}", "app:1", Some("app:1-x")),
            ("{name: app, newTag: '2'}", "e.org/app:1", None),
            ("{name: app, newTag: '2'}", "apps:1", None),
            ("{name: 'app:1', newTag: '2'}", "app:1", Some("app:2")),
            ("{name: 'app:1', newName: e.org/app}", "app:1@sha256:0", Some("e.org/app:1@sha256:0")),
            ("{name: 'app:1', newTag: '2'}", "app:10", None),
            ("{name: app, newTag: '2'}", "app:5000/x", None),
        ] {
            assert_eq!(changed(change, image).as_deref(), after, "{change} of {image}");
        }
        let digest = changed(&format!("{{name: app, digest: '{sha}'}}"), "app:1");
        assert_eq!(digest, Some(format!("app@{sha}")));
    }

    #[test]
    fn all_forms_of_what_it_takes_are_known() {
        let text = "resources: [a.yaml, ../base]\nbases: [../old]\ncomponents: [../c]\npatches:\n- path: p.yaml\n- patch: |\n    a: 1\n\
                    patchesStrategicMerge:\n- s.yaml\n- |\n  a: 1\nconfigMapGenerator:\n- files: [a.conf, key=b.conf]\n  envs: [c.env]\n\
                    transformers: [t.yaml]\n";
        let read = Kustomization::read(text).unwrap();
        assert_eq!(read.resources, ["a.yaml", "../base", "../old"]);
        assert_eq!(
            (read.patches, read.texts),
            (vec!["p.yaml".into(), "s.yaml".into()], vec!["a.conf".into(), "b.conf".into(), "c.env".into()])
        );
        assert_eq!((read.components, read.plugins), (vec!["../c".to_owned()], vec!["t.yaml".to_owned()]));
    }
}
