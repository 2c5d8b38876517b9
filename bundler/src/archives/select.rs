//! Finds an image among those of a layout's `index.json`.
//!
//! Tools name entries in different ways: `org.opencontainers.image.ref.name` holds a tag (skopeo, containerd) or a whole
//! reference (buildah, podman); containerd and Docker put the whole one into `io.containerd.image.name`.

use manifests::ImageReference;
use manifests::component::LocalImage;
use manifests::oci::{Descriptor, Index, annotation};

use super::LocalImageError;

/// containerd's annotation for the whole name of an image.
const CONTAINERD_NAME: &str = "io.containerd.image.name";

/// The entry for a reference, or for the name that was given instead.
///
/// An entry with the whole name goes before one with the tag; without either, a single entry that has no name is it.
pub(super) fn root<'a>(
    index: &'a Index,
    reference: &ImageReference,
    local: &LocalImage,
) -> Result<&'a Descriptor, LocalImageError> {
    let wanted = local.name.clone();
    let pinned = |entry: &&Descriptor| wanted.is_none() && reference.digest() == Some(entry.digest);
    let whole = |entry: &&Descriptor| match &wanted {
        Some(name) => names(entry).any(|own| own == name || same(own, name)),
        None => names(entry).any(|own| same(own, &reference.to_string())),
    };
    let by_tag = |entry: &&Descriptor| {
        let tag = entry.annotations.get(annotation::REF_NAME).map(String::as_str);
        // An entry that says its whole name means that one only.
        wanted.is_none() && tag.is_some() && tag == reference.tag() && !entry.annotations.contains_key(CONTAINERD_NAME)
    };
    let only = |entry: &&Descriptor| wanted.is_none() && index.manifests.len() == 1 && names(entry).next().is_none();
    let name = || wanted.clone().unwrap_or_else(|| reference.to_string());
    let matching: [&dyn Fn(&&Descriptor) -> bool; 4] = [&pinned, &whole, &by_tag, &only];
    for matches in matching {
        let mut found = index.manifests.iter().filter(matches);
        if let Some(first) = found.next() {
            if found.any(|other| other.digest != first.digest) {
                return Err(LocalImageError::Ambiguous { path: local.path.clone(), name: name() });
            }
            return Ok(first);
        }
    }
    let mut available: Vec<String> =
        index.manifests.iter().filter_map(|entry| names(entry).next().map(str::to_owned)).take(10).collect();
    available.dedup();
    Err(LocalImageError::NoImage { path: local.path.clone(), name: name(), available })
}

/// The names of an entry, the whole one first.
fn names(entry: &Descriptor) -> impl Iterator<Item = &str> {
    [CONTAINERD_NAME, annotation::REF_NAME].into_iter().filter_map(|key| entry.annotations.get(key)).map(String::as_str)
}

/// Whether two texts are references of the same image. A mere tag is none.
pub(super) fn same(one: &str, other: &str) -> bool {
    let parse = |text: &str| text.parse::<ImageReference>().ok().filter(|_| text.contains([':', '/', '@']));
    match (parse(one), parse(other)) {
        (Some(one), Some(other)) => one.repository() == other.repository() && one.tag() == other.tag(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use manifests::Digest;

    use super::*;

    fn index(entries: &[&[(&str, &str)]]) -> Index {
        let entry = |(number, annotations): (usize, &&[(&str, &str)])| {
            let mut descriptor = Descriptor::of("application/vnd.oci.image.manifest.v1+json", &[number as u8]);
            descriptor.annotations =
                annotations.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
            descriptor
        };
        let manifests = entries.iter().enumerate().map(entry).collect();
        Index { schema_version: 2, media_type: None, manifests, annotations: Default::default() }
    }

    fn find(index: &Index, reference: &str, name: Option<&str>) -> Result<usize, String> {
        let local = LocalImage { path: PathBuf::from("x.tar"), name: name.map(str::to_owned) };
        let root = root(index, &reference.parse().unwrap(), &local).map_err(|error| error.to_string())?;
        Ok(index.manifests.iter().position(|entry| entry == root).unwrap())
    }

    #[test]
    fn every_tool_s_way_of_naming_is_understood() {
        let names = index(&[
            &[(annotation::REF_NAME, "1.0")],
            &[(annotation::REF_NAME, "quay.io/a/b:2.0")],
            &[(CONTAINERD_NAME, "docker.io/library/nginx:3.0"), (annotation::REF_NAME, "3.0")],
            &[(annotation::REF_NAME, "latest")],
        ]);
        assert_eq!(find(&names, "quay.io/a/b:1.0", None), Ok(0));
        assert_eq!(find(&names, "quay.io/a/b:2.0", None), Ok(1));
        assert_eq!(find(&names, "nginx:3.0", None), Ok(2));
        assert_eq!(find(&names, "redis", None), Ok(3));
        assert_eq!(find(&names, "any/thing:9", Some("nginx:3.0")), Ok(2));
        assert_eq!(find(&names, "any/thing:9", Some("latest")), Ok(3));
        let digest = Digest::of(&[1]);
        assert_eq!(find(&names, &format!("any/thing@{digest}"), None), Ok(1));
        assert_eq!(
            find(&names, "redis:3.0", None).unwrap_err(),
            "x.tar has no image `docker.io/library/redis:3.0`; it has 1.0, quay.io/a/b:2.0, \
             docker.io/library/nginx:3.0, latest"
        );
    }

    #[test]
    fn a_single_image_without_a_name_is_it_but_one_with_another_name_is_not() {
        assert_eq!(find(&index(&[&[]]), "redis:7", None), Ok(0));
        assert!(find(&index(&[&[(annotation::REF_NAME, "other:1")]]), "redis:7", None).is_err());
        assert!(find(&index(&[&[], &[]]), "redis:7", None).is_err());
        let twice = index(&[&[(annotation::REF_NAME, "7")], &[(annotation::REF_NAME, "7")]]);
        assert_eq!(find(&twice, "redis:7", None).unwrap_err(), "x.tar has several images `docker.io/library/redis:7`");
    }
}
