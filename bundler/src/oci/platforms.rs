//! Which entries of an index a bundle carries.

use std::collections::HashSet;

use manifests::oci::{Descriptor, Index};
use manifests::{Digest, Platform};

/// BuildKit's mark of an attestation: the digest of the image that it is about.
const ATTESTATION_FOR: &str = "vnd.docker.reference.digest";

/// What was chosen of an index.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Choice {
    /// The places of the chosen entries in the index.
    pub(crate) entries: Vec<usize>,
    /// The wanted platforms that are among them.
    pub(crate) found: Vec<Platform>,
    /// Indexes within the index, where more may be found.
    pub(crate) nested: Vec<usize>,
}

/// Chooses the entries for the wanted platforms, with the attestations about them. An index that names no platform at
/// all is a list of something else than images, and is chosen as a whole.
pub(crate) fn choose(index: &Index, wanted: &[Platform]) -> Choice {
    let platforms: Vec<Option<Platform>> = index.manifests.iter().map(platform_of).collect();
    if platforms.iter().all(Option::is_none) && !index.manifests.iter().any(is_attestation) {
        let (nested, entries) = (0..platforms.len()).partition(|at| index.manifests[*at].is_index());
        return Choice { entries, found: Vec::new(), nested };
    }
    let mut choice = Choice::default();
    let mut chosen = HashSet::new();
    for platform in wanted {
        let places = fitting(platform, &platforms);
        if !places.is_empty() {
            choice.found.push(platform.clone());
        }
        chosen.extend(places);
    }
    for (at, entry) in index.manifests.iter().enumerate() {
        match (entry.is_index(), chosen.contains(&at)) {
            (true, fits) if fits || platform_of(entry).is_none() => choice.nested.push(at),
            (false, true) => choice.entries.push(at),
            _ => {}
        }
    }
    let carried: HashSet<Digest> = choice.entries.iter().map(|at| index.manifests[*at].digest).collect();
    let about = |entry: &Descriptor| entry.annotations.get(ATTESTATION_FOR)?.parse::<Digest>().ok();
    let attestations = index.manifests.iter().enumerate().filter(|(_, entry)| is_attestation(entry));
    choice.entries.extend(
        attestations.filter(|(_, entry)| about(entry).is_some_and(|about| carried.contains(&about))).map(|(at, _)| at),
    );
    choice
}

/// What an index offers, in words.
pub(crate) fn offered(index: &Index) -> Vec<String> {
    index.manifests.iter().filter_map(platform_of).map(|platform| platform.to_string()).collect()
}

/// The entries for a platform: that which is exactly it, else all that it accepts. So `linux/arm` brings v6 and v7,
/// for nobody knows here which of them the nodes are.
fn fitting(wanted: &Platform, platforms: &[Option<Platform>]) -> Vec<usize> {
    let places = |fits: &dyn Fn(&Platform) -> bool| -> Vec<usize> {
        let known = platforms.iter().enumerate();
        known.filter(|(_, platform)| platform.as_ref().is_some_and(fits)).map(|(at, _)| at).collect()
    };
    let exact = places(&|platform| platform == wanted);
    if exact.is_empty() { places(&|platform| wanted.accepts(platform)) } else { exact }
}

fn platform_of(entry: &Descriptor) -> Option<Platform> {
    entry.platform.as_ref()?.known()
}

fn is_attestation(entry: &Descriptor) -> bool {
    entry.annotations.contains_key(ATTESTATION_FOR)
}

#[cfg(test)]
mod tests {
    use manifests::oci::media_type;
    use serde_json::json;

    use super::*;

    fn index(entries: &[(&str, Option<usize>)]) -> Index {
        let digest = |at: usize| Digest::of(&at.to_le_bytes());
        let manifests = entries.iter().enumerate().map(|(at, (platform, about))| {
            let mut entry = Descriptor::new(media_type::OCI_MANIFEST, digest(at), 1);
            let mut parts = platform.split('/');
            let mut part = || parts.next().map(str::to_owned);
            if !platform.is_empty() {
                let value = json!({"os": part(), "architecture": part(), "variant": part()});
                entry.platform = serde_json::from_value(value).unwrap();
            }
            if let Some(about) = about {
                entry.annotations.insert(ATTESTATION_FOR.to_owned(), digest(*about).to_string());
            }
            entry
        });
        Index {
            schema_version: 2,
            media_type: None,
            manifests: manifests.collect(),
            annotations: std::collections::BTreeMap::default(),
        }
    }

    fn chosen(entries: &[(&str, Option<usize>)], wanted: &[&str]) -> Vec<usize> {
        let wanted: Vec<Platform> = wanted.iter().map(|text| text.parse().unwrap()).collect();
        choose(&index(entries), &wanted).entries
    }

    #[test]
    fn wanted_platforms_are_chosen_with_the_attestations_about_them() {
        let entries = [
            ("linux/amd64", None),
            ("linux/arm64/v8", None),
            ("unknown/unknown", Some(0)),
            ("unknown/unknown", Some(1)),
        ];
        assert_eq!(chosen(&entries, &["linux/amd64"]), [0, 2]);
        assert_eq!(chosen(&entries, &["linux/arm64"]), [1, 3]);
        assert_eq!(chosen(&entries, &["linux/s390x"]), [0; 0]);
    }

    #[test]
    fn the_exact_platform_is_preferred_and_else_every_variant_comes_along() {
        let entries = [("linux/amd64/v3", None), ("linux/amd64", None), ("linux/arm/v6", None), ("linux/arm/v7", None)];
        assert_eq!(chosen(&entries, &["linux/amd64"]), [1]);
        assert_eq!(chosen(&entries, &["linux/arm"]), [2, 3]);
        assert_eq!(chosen(&entries, &["linux/arm/v7"]), [3]);
    }

    #[test]
    fn an_index_without_platforms_is_carried_as_a_whole() {
        assert_eq!(chosen(&[("", None), ("", None)], &["linux/amd64"]), [0, 1]);
    }
}
