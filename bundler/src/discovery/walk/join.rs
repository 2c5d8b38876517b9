//! Fields side by side that make an image together: `registry`, `repository`, `tag`, `digest`; `hub`, `image`, `tag`; two keys of
//! a ConfigMap; two variables of an environment.

use std::collections::{BTreeMap, HashSet};

use super::path::{Mark, Path};
use super::{Context, Walk, custom};
use crate::discovery::scan::{Naming, words};
use crate::discovery::yaml::{Entry, Tree};
use crate::discovery::{Confidence, Reason};

/// What a field is of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Registry,
    Repository,
    Image,
    /// Where the place says that it is that of an image.
    Name,
    Tag,
    Version,
    Digest,
}

/// What the place of the fields says of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Around {
    /// Nothing.
    Nothing,
    /// They are one image: `image: {…}`.
    Image,
    /// They are one of several images: `images: [{…}]`. A name may be only what they are called there.
    OneOfSeveral,
}

impl Around {
    /// What the name of a place says, and the way to it.
    pub(super) fn of(naming: Naming, path: &Path) -> Self {
        match naming {
            Naming::Exactly if path.is_item() => Self::OneOfSeveral,
            Naming::Exactly => Self::Image,
            _ => Self::Nothing,
        }
    }
}

/// What is known of one image, by what its fields are.
#[derive(Debug, Default)]
struct Group<'a> {
    fields: BTreeMap<Role, (&'a str, &'a str)>,
    /// Whether a key says itself that it is of an image: `imageRepository`.
    says_image: bool,
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
    pub(super) fn joined(
        &mut self,
        pairs: &[(&str, &str)],
        around: Around,
        step: fn(&mut Path, &str) -> Mark,
    ) -> HashSet<String> {
        let mut used = HashSet::new();
        let (confidence, reason) = match custom::is_known_split(&self.object, self.path.shape()) {
            true => (Confidence::Certain, Reason::KnownField),
            false => (Confidence::Likely, Reason::SplitFields),
        };
        for joined in join(pairs, around) {
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
fn join(pairs: &[(&str, &str)], around: Around) -> Vec<Joined> {
    let mut groups: BTreeMap<Vec<String>, Group<'_>> = BTreeMap::new();
    for (key, text) in pairs.iter().filter(|(_, text)| !text.is_empty() && text.len() <= 512) {
        if let Some((stem, role, says_image)) = role(key, around) {
            let group = groups.entry(stem).or_default();
            group.fields.entry(role).or_insert((key, text));
            group.says_image |= says_image;
        }
    }
    groups.into_values().filter_map(|group| whole(&group, around)).collect()
}

/// What a key is of which image, and whether it says itself that it is of one.
fn role(key: &str, around: Around) -> Option<(Vec<String>, Role, bool)> {
    let mut stem = words(key);
    let is_image = |stem: &[String]| stem.last().is_some_and(|word| word == "image");
    let last = stem.pop()?;
    let role = match last.as_str() {
        "registry" | "hub" => Role::Registry,
        "repository" | "repo" => Role::Repository,
        "image" => Role::Image,
        "name" if is_image(&stem) => Role::Image,
        "tag" => Role::Tag,
        "version" => Role::Version,
        "digest" | "sha" | "sha256" => Role::Digest,
        "host" if around == Around::Image && stem.is_empty() => Role::Registry,
        "name" | "path" | "uri" if around != Around::Nothing && stem.is_empty() => Role::Name,
        _ => return None,
    };
    // `newTag`, as Kustomize has it.
    if around == Around::OneOfSeveral && role == Role::Tag && stem == ["new"] {
        stem.clear();
    }
    let says_image = is_image(&stem);
    if says_image {
        stem.pop();
    }
    Some((stem, role, says_image))
}

fn whole(group: &Group<'_>, around: Around) -> Option<Joined> {
    let fields = &group.fields;
    let text = |role: Role| fields.get(&role).map(|(_, text)| *text);
    let (name, mut used) = name(fields, around)?;
    let has_tag = name.rsplit('/').next().is_some_and(|last| last.contains([':', '@']));
    let mut whole = match text(Role::Registry).map(|registry| registry.trim_end_matches('/')) {
        Some(registry) if !has_host(&name) && !name.starts_with(&format!("{registry}/")) => {
            used.push(Role::Registry);
            format!("{registry}/{}", name.trim_start_matches('/'))
        }
        _ => name,
    };
    // A version counts as a tag only where the rest leaves no doubt that it is an image.
    let repository = used.iter().any(|role| matches!(role, Role::Repository | Role::Name));
    let no_doubt = used.len() > 1 || (repository && (group.says_image || around == Around::Image));
    let version = text(Role::Version).filter(|_| no_doubt).map(|tag| (Role::Version, tag));
    let tag = text(Role::Tag).map(|tag| (Role::Tag, tag)).or(version);
    let digest = text(Role::Digest).map(|digest| (Role::Digest, digest));
    match (has_tag, tag, digest) {
        (true, ..) if used.contains(&Role::Registry) => {}
        (false, None, None) if around == Around::Image && is_repository(&used, &whole) => {}
        (true, ..) | (false, None, None) => return None,
        (false, tag, digest) => {
            for (role, end) in tag.into_iter().chain(digest) {
                used.push(role);
                whole.push_str(&as_end(role, end));
            }
        }
    }
    // A name beside it is what it is called there, and no image by itself.
    if fields.contains_key(&Role::Name) && !used.contains(&Role::Name) {
        used.push(Role::Name);
    }
    let keys = used.iter().filter_map(|role| Some(fields.get(role)?.0.to_owned())).collect();
    Some(Joined { text: whole, keys })
}

/// The name of the image, and the fields that it is made of.
fn name(fields: &BTreeMap<Role, (&str, &str)>, around: Around) -> Option<(String, Vec<Role>)> {
    let text = |role: Role| fields.get(&role).map(|(_, text)| *text);
    match (text(Role::Repository), text(Role::Image), text(Role::Name)) {
        // A repository of many, and the image in it.
        (Some(repository), Some(image), _) => {
            Some((format!("{}/{image}", repository.trim_end_matches('/')), vec![Role::Image, Role::Repository]))
        }
        // Of a list's items a name may be any word, and so it may beside a repository that says all.
        (Some(repository), None, Some(name)) if around == Around::Image && is_one_word(repository) => {
            Some((format!("{}/{name}", repository.trim_end_matches('/')), vec![Role::Name, Role::Repository]))
        }
        (Some(name), None, _) => Some((name.to_owned(), vec![Role::Repository])),
        (None, Some(name), _) => Some((name.to_owned(), vec![Role::Image])),
        (None, None, Some(name)) => Some((name.to_owned(), vec![Role::Name])),
        (None, None, None) => None,
    }
}

/// Whether what stands below `image:` is one without a tag: a repository says so, if it has more than a word or a registry.
fn is_repository(used: &[Role], whole: &str) -> bool {
    used.contains(&Role::Registry) || (used == [Role::Repository] && whole.contains('/'))
}

/// Whether a repository has a single part below its registry, if it has one: that of a team.
fn is_one_word(repository: &str) -> bool {
    let parts = repository.trim_matches('/').split('/').count();
    parts == 1 || (parts == 2 && has_host(repository))
}

/// A tag or a digest as it ends a reference.
fn as_end(role: Role, end: &str) -> String {
    let end = end.trim_start_matches(['@', ':']);
    match (role, end.starts_with("sha256:")) {
        (Role::Digest, false) => format!("@sha256:{end}"),
        (_, true) => format!("@{end}"),
        _ => format!(":{end}"),
    }
}

fn has_host(name: &str) -> bool {
    name.split_once('/').is_some_and(|(first, _)| first.contains(['.', ':']) || first == "localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(pairs: &[(&str, &str)]) -> Vec<String> {
        within(Around::Nothing, pairs)
    }

    fn within(around: Around, pairs: &[(&str, &str)]) -> Vec<String> {
        join(pairs, around).into_iter().map(|joined| joined.text).collect()
    }

    #[test]
    fn below_image_more_fields_say_what_it_is() {
        for (pairs, whole) in [
            (&[("registry", "r.io"), ("name", "thing"), ("tag", "3")][..], "r.io/thing:3"),
            (&[("name", "team/proxy"), ("tag", "3")], "team/proxy:3"),
            (&[("registry", "r.io"), ("repository", "team"), ("name", "z"), ("tag", "3")], "r.io/team/z:3"),
            (&[("repository", "r.io/team"), ("name", "z"), ("tag", "3")], "r.io/team/z:3"),
            (&[("repository", "team/z"), ("name", "label"), ("tag", "3")], "team/z:3"),
            (&[("repository", "team/side")], "team/side"),
            (&[("registry", "r.io"), ("repository", "side")], "r.io/side"),
            (&[("repository", "team/side"), ("version", "4")], "team/side:4"),
            (&[("path", "r.io/a"), ("tag", "4")], "r.io/a:4"),
            (&[("host", "r.io"), ("name", "a"), ("tag", "4")], "r.io/a:4"),
        ] {
            assert_eq!(within(Around::Image, pairs), [whole], "{pairs:?}");
        }
        for pairs in [
            &[("repository", "side")][..],
            &[("repository", "word"), ("name", "word")],
            &[("name", "team/side")],
            &[("path", "/a"), ("pullPolicy", "x")],
        ] {
            assert_eq!(within(Around::Image, pairs), [""; 0], "{pairs:?}");
        }
    }

    #[test]
    fn in_a_list_of_images_a_name_is_the_image_if_nothing_else_is() {
        for (pairs, whole) in [
            (&[("name", "team/web"), ("newTag", "1")][..], "team/web:1"),
            (&[("name", "cache"), ("repository", "redis"), ("tag", "7")], "redis:7"),
            (&[("name", "cache"), ("image", "redis"), ("tag", "7")], "redis:7"),
        ] {
            assert_eq!(within(Around::OneOfSeveral, pairs), [whole], "{pairs:?}");
        }
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
            (&[("imageRepository", "a/b"), ("imageVersion", "1")], "a/b:1"),
            (&[("repo", "a/b"), ("sha256", sha)], &format!("a/b@{digest}")),
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
