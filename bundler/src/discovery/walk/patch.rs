//! Patches: what is laid upon objects. They are looked through by themselves, without the object. Of one that has something deployed
//! that is not enough: what comes of its chart is another thing then.

use super::kustomize::kustomization;
use super::{Place, Walk};
use crate::discovery::yaml::{self, Entry, Tree};
use crate::discovery::{Found, Object, Trouble};

/// Kinds of Kubernetes' own that hold images, and that patches mostly name without their group.
const OF_KUBERNETES: [&str; 11] = [
    "Pod",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "ReplicaSet",
    "ReplicationController",
    "PodTemplate",
    "Job",
    "CronJob",
    "ConfigMap",
    "Secret",
];
/// How deep in an object a patch is laid at most.
const DEEPEST: usize = 60;
/// Lists of patches, or of the files that hold them.
const LISTS: [&str; 3] = ["patches", "patchesJson6902", "patchesStrategicMerge"];

/// Kinds of objects that have something deployed, and the fields below `spec` that say what.
const DEPLOYERS: [(&str, &[&str]); 10] = [
    ("HelmRelease", &["chart", "chartRef", "values", "valuesFrom", "postRenderers"]),
    ("HelmChart", &["chart", "version", "repo", "values", "valuesContent", "set", "valuesFiles", "chartContent"]),
    ("HelmChartConfig", &["valuesContent", "values"]),
    ("HelmRepository", &["url"]),
    ("OCIRepository", &["url", "ref"]),
    ("GitRepository", &["url", "ref"]),
    ("GitRepo", &["repo", "revision", "branch", "paths"]),
    ("Kustomization", &["path", "sourceRef", "images", "patches", "patchesStrategicMerge", "components", "postBuild"]),
    ("Application", &["source", "sources"]),
    ("ApplicationSet", &["generators", "templatePatch", "template/spec/source", "template/spec/sources"]),
];

impl Found {
    /// All patches that stand in something itself, as text or as they are.
    pub(super) fn patches(&mut self, holder: &Tree, place: &Place<'_>) {
        for item in LISTS.iter().filter_map(|key| holder.get(key)).flat_map(Tree::items) {
            let target = item.get("target");
            match (item.get("patch"), item) {
                (Some(Tree::Scalar(scalar)), _) => self.patch(&scalar.text, target, place),
                (Some(tree), _) => self.laid_on(tree, target, place),
                (None, Tree::Scalar(scalar)) if scalar.text.contains('\n') => self.patch(&scalar.text, None, place),
                // What has a path is a file.
                (None, Tree::Map(_)) if item.get("kind").is_some() => self.laid_on(item, None, place),
                _ => {}
            }
        }
    }

    /// A text that is laid upon objects: a part of one, or operations on it.
    pub(in crate::discovery) fn patch(&mut self, text: &str, target: Option<&Tree>, place: &Place<'_>) {
        for chunk in yaml::chunks(text) {
            match yaml::read(chunk.text) {
                Ok(trees) => trees.iter().for_each(|tree| self.laid_on(tree, target, place)),
                Err(why) => self.unreadable(&chunk, place, why),
            }
        }
    }

    fn laid_on(&mut self, tree: &Tree, target: Option<&Tree>, place: &Place<'_>) {
        if let Tree::List(operations) = tree {
            return operations.iter().for_each(|item| self.operation(item, target, place));
        }
        let kind = tree.text_of("kind").or_else(|| target?.text_of("kind"));
        self.redeploys(kind, "", tree.get("spec"), place);
        self.document(tree, place);
    }

    fn operation(&mut self, item: &Tree, target: Option<&Tree>, place: &Place<'_>) {
        let Some(path) = item.text_of("path") else { return };
        let value = item.get("value").filter(|_| item.text_of("op") != Some("test"));
        if let Some(below) = path.strip_prefix("/spec") {
            self.redeploys(target.and_then(|target| target.text_of("kind")), below.trim_matches('/'), value, place);
        }
        if matches!(item.text_of("op"), Some("copy" | "move")) && path.to_ascii_lowercase().contains("image") {
            let why = format!("a patch has `{path}` come from another field, which is not put together");
            self.fail(place, Trouble::NotFollowed { why });
        }
        let Some(value) = value else { return };
        match whole(path, value) {
            Some(tree) => Walk::new(self, place, object_of(target)).fields(&tree),
            None => self.fail(place, Trouble::NotFollowed { why: "a patch is laid too deep in an object".to_owned() }),
        }
    }

    /// Tells a patch by which something else is deployed than the object says by itself.
    fn redeploys(&mut self, kind: Option<&str>, below: &str, value: Option<&Tree>, place: &Place<'_>) {
        // A target may be a pattern, or be chosen by other things than its kind: then it may be any.
        let plain = kind.filter(|kind| is_plain(kind));
        let meant = DEPLOYERS.iter().filter(|(own, _)| plain.is_none_or(|kind| kind == *own));
        let mut fields = meant.flat_map(|(kind, fields)| fields.iter().map(move |field| (kind, field)));
        if let Some((kind, field)) = fields.find(|(_, field)| touches(field, below, value)) {
            let why = format!("a patch lays `{field}` upon a {kind}, which is not put together with it");
            self.fail(place, Trouble::NotFollowed { why });
        }
    }
}

/// The object that operations are done to, as far as their target says what it is.
fn object_of(target: Option<&Tree>) -> Object {
    // What is chosen by a pattern, or by something else than its kind, may be any.
    let text = |key: &str| target?.text_of(key).filter(|text| is_plain(text)).map(str::to_owned);
    let named = kustomization("a patch");
    match (text("kind"), target.and_then(|target| target.text_of("group"))) {
        (Some(kind), Some(group)) if !group.is_empty() => Object { api_version: format!("{group}/v1"), kind, ..named },
        (Some(kind), _) if OF_KUBERNETES.contains(&kind.as_str()) => {
            Object { api_version: "v1".to_owned(), kind, ..named }
        }
        (Some(kind), _) => Object { kind, ..named },
        (None, _) => named,
    }
}

fn is_plain(kind: &str) -> bool {
    kind.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// An object that has nothing but a value at a path (RFC 6901): it is seen there as it is in any object. None for a path without end.
fn whole(path: &str, value: &Tree) -> Option<Tree> {
    let steps: Vec<&str> = path.split('/').skip(1).collect();
    let around = |below: Tree, step: &&str| match *step {
        "-" => Tree::List(vec![below]),
        number if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => Tree::List(vec![below]),
        key => Tree::Map(vec![Entry { key: key.replace("~1", "/").replace("~0", "~"), value: below, shadowed: false }]),
    };
    (steps.len() <= DEEPEST).then(|| steps.iter().rev().fold(value.clone(), around))
}

/// Whether a value that comes to be at a path is a field, a part of it, or has it.
fn touches(field: &str, path: &str, value: Option<&Tree>) -> bool {
    let below = |path: &str, above: &str| path.strip_prefix(above).is_some_and(|rest| rest.starts_with('/'));
    let has = |rest: &str| {
        let keys: Vec<&str> = rest.split('/').filter(|key| !key.is_empty()).collect();
        value.is_some_and(|value| value.at(&keys).is_some())
    };
    path == field
        || below(path, field)
        || path.is_empty() && has(field)
        || below(field, path) && has(&field[path.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_touched_from_above_and_from_below() {
        let value = &yaml::read("spec: {source: {path: x}}\nvalues: {}\n").unwrap()[0];
        for (field, path, is) in [
            ("values", "values/tag", true),
            ("values", "valuesFrom", false),
            ("values", "", true),
            ("chart", "", false),
            ("template/spec/source", "template", true),
            ("template/spec/sources", "template", false),
            ("template/spec/source", "template/spec/containers/0/image", false),
        ] {
            assert_eq!(touches(field, path, Some(value)), is, "{field} {path}");
        }
    }
}
