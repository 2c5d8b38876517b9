//! Fields side by side that make an image together: `registry`, `repository`, `tag`, `digest`; `hub`, `image`, `tag`; two keys of
//! a ConfigMap; two variables of an environment.

use std::collections::BTreeMap;

use super::path::{Mark, Path};
use super::{Context, Walk, custom};
use crate::discovery::scan::words;
use crate::discovery::yaml::{Entry, Tree};
use crate::discovery::{Confidence, Reason};

/// What a field is of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Registry,
    Repository,
    Image,
    Tag,
    Version,
    Digest,
}

/// A reference that fields make, with the keys of these; the first is that of its name.
#[derive(Debug, PartialEq, Eq)]
struct Joined {
    text: String,
    keys: Vec<String>,
}

/// The texts of a mapping.
pub(super) fn pairs_of(entries: &[Entry]) -> Vec<(&str, &str)> {
    let counts = entries.iter().filter(|entry| !entry.shadowed);
    counts.filter_map(|entry| Some((entry.key.as_str(), entry.value.text()?))).collect()
}

/// An item of a list that gives a name a value.
pub(super) fn named_pair(item: &Tree) -> Option<(&str, &str)> {
    let name = item.text_of("name")?;
    Some((name, item.text_of("value").or_else(|| item.text_of("default"))?))
}

/// All such items of a list.
pub(super) fn named_pairs(items: &[Tree]) -> Vec<(&str, &str)> {
    items.iter().filter_map(named_pair).collect()
}

impl Walk<'_> {
    /// Sees what the fields make together. Gives the keys that are used up by it.
    /// `step` is how the path goes on to one of them.
    pub(super) fn joined(&mut self, pairs: &[(&str, &str)], step: fn(&mut Path, &str) -> Mark) -> Vec<String> {
        let mut used = Vec::new();
        let (confidence, reason) = match custom::is_known_split(&self.object, self.path.shape()) {
            true => (Confidence::Certain, Reason::KnownField),
            false => (Confidence::Likely, Reason::SplitFields),
        };
        for joined in join(pairs) {
            let Ok(reference) = joined.text.parse() else { continue };
            let Some(key) = joined.keys.first() else { continue };
            let mark = step(&mut self.path, key);
            self.see(reference, &joined.text, confidence, reason);
            self.path.back(mark);
            used.extend(joined.keys);
        }
        used
    }

    /// A registry and a tag that apply to all names below: those of the mapping, or of the `global` values in it.
    pub(super) fn with_hub(&self, tree: &Tree, context: &Context) -> Context {
        let own = |tree: &Tree| Some((tree.text_of("hub")?.to_owned(), tree.text_of("tag")?.to_owned()));
        let hub = own(tree).or_else(|| own(tree.get("global")?));
        match hub {
            Some((hub, tag)) if !hub.is_empty() && !tag.is_empty() => {
                Context { hub: Some((hub.trim_end_matches('/').to_owned(), tag)), ..context.clone() }
            }
            _ => context.clone(),
        }
    }
}

/// All references that fields make.
fn join(pairs: &[(&str, &str)]) -> Vec<Joined> {
    let mut groups: BTreeMap<Vec<String>, BTreeMap<Role, (&str, &str)>> = BTreeMap::new();
    for (key, text) in pairs.iter().filter(|(_, text)| !text.is_empty() && text.len() <= 512) {
        if let Some((stem, role)) = role(key) {
            groups.entry(stem).or_default().entry(role).or_insert((key, text));
        }
    }
    groups.into_values().filter_map(|group| whole(&group)).collect()
}

/// What a key is of which image.
fn role(key: &str) -> Option<(Vec<String>, Role)> {
    let mut stem = words(key);
    let role = match stem.pop()?.as_str() {
        "registry" | "hub" => Role::Registry,
        "repository" | "repo" => Role::Repository,
        "image" => Role::Image,
        "name" if stem.last().is_some_and(|word| word == "image") => Role::Image,
        "tag" => Role::Tag,
        "version" => Role::Version,
        "digest" | "sha" => Role::Digest,
        _ => return None,
    };
    if stem.last().is_some_and(|word| word == "image") {
        stem.pop();
    }
    Some((stem, role))
}

fn whole(group: &BTreeMap<Role, (&str, &str)>) -> Option<Joined> {
    let text = |role: Role| group.get(&role).map(|(_, text)| *text);
    let mut used = Vec::new();
    let name = match (text(Role::Repository), text(Role::Image)) {
        // A repository of many, and the image in it.
        (Some(repository), Some(image)) => {
            used.extend([Role::Image, Role::Repository]);
            format!("{}/{image}", repository.trim_end_matches('/'))
        }
        (Some(name), None) => {
            used.push(Role::Repository);
            name.to_owned()
        }
        (None, Some(name)) => {
            used.push(Role::Image);
            name.to_owned()
        }
        (None, None) => return None,
    };
    let has_tag = name.rsplit('/').next().is_some_and(|last| last.contains([':', '@']));
    let mut whole = match text(Role::Registry).map(|registry| registry.trim_end_matches('/')) {
        Some(registry) if !has_host(&name) && !name.starts_with(&format!("{registry}/")) => {
            used.push(Role::Registry);
            format!("{registry}/{name}")
        }
        _ => name,
    };
    // A version counts as a tag only where the rest leaves no doubt that it is an image.
    let version = text(Role::Version).filter(|_| used.len() > 1).map(|tag| (Role::Version, tag));
    let tag = text(Role::Tag).map(|tag| (Role::Tag, tag)).or(version);
    let digest = text(Role::Digest).map(|digest| (Role::Digest, digest));
    match (has_tag, tag, digest) {
        (true, ..) if used.contains(&Role::Registry) => {}
        (true, ..) | (false, None, None) => return None,
        (false, tag, digest) => {
            for (role, end) in tag.into_iter().chain(digest) {
                used.push(role);
                let end = end.trim_start_matches(['@', ':']);
                let is_digest = end.starts_with("sha256:");
                match (role, is_digest) {
                    (Role::Digest, false) => whole.push_str(&format!("@sha256:{end}")),
                    (_, true) => whole.push_str(&format!("@{end}")),
                    _ => whole.push_str(&format!(":{end}")),
                }
            }
        }
    }
    let keys = used.iter().filter_map(|role| Some(group.get(role)?.0.to_owned())).collect();
    Some(Joined { text: whole, keys })
}

fn has_host(name: &str) -> bool {
    name.split_once('/').is_some_and(|(first, _)| first.contains(['.', ':']) || first == "localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(pairs: &[(&str, &str)]) -> Vec<String> {
        join(pairs).into_iter().map(|joined| joined.text).collect()
    }

    #[test]
    fn fields_of_one_image_are_put_together() {
        let sha = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let digest = format!("sha256:{sha}");
        for (pairs, whole) in [
            (&[("registry", "quay.io"), ("repository", "a/b"), ("tag", "1")][..], "quay.io/a/b:1"),
            (&[("repository", "quay.io/a/b"), ("tag", "1.10")], "quay.io/a/b:1.10"),
            (&[("registry", "x.io"), ("repository", "quay.io/a/b"), ("tag", "1")], "quay.io/a/b:1"),
            (&[("hub", "docker.io/istio"), ("image", "proxyv2"), ("tag", "1.24")], "docker.io/istio/proxyv2:1.24"),
            (&[("repository", "nvcr.io/nvidia"), ("image", "driver"), ("version", "5")], "nvcr.io/nvidia/driver:5"),
            (&[("trivy.repository", "a/trivy"), ("trivy.tag", "0.5")], "a/trivy:0.5"),
            (&[("image", "a/b"), ("imageTag", "1")], "a/b:1"),
            (&[("FOO_IMAGE_REPOSITORY", "a/b"), ("FOO_IMAGE_TAG", "1")], "a/b:1"),
            (&[("repository", "a/b"), ("tag", "1"), ("digest", &digest)], &format!("a/b:1@{digest}")),
            (&[("repository", "a/b"), ("sha", sha)], &format!("a/b@{digest}")),
            (&[("repository", "a/b"), ("tag", &digest)], &format!("a/b@{digest}")),
            (&[("registry", "quay.io"), ("image", "a/b:1")], "quay.io/a/b:1"),
        ] {
            assert_eq!(joined(pairs), [whole], "{pairs:?}");
        }
    }

    #[test]
    fn fields_of_other_things_are_left_alone() {
        for pairs in [
            &[("repository", "a/b"), ("version", "1")][..],
            &[("repository", "a/b")],
            &[("registry", "quay.io"), ("tag", "1")],
            &[("image", "a/b:1"), ("tag", "2")],
            &[("trivy.repository", "a/b"), ("other.tag", "1")],
            &[("name", "a"), ("tag", "1")],
        ] {
            assert_eq!(joined(pairs), [""; 0], "{pairs:?}");
        }
    }
}
