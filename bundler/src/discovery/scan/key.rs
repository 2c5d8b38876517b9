//! What the name of a field, variable or flag says about its value.

/// How much a name says that its value is an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::discovery) enum Naming {
    /// It says nothing of the kind.
    Not,
    /// It has to do with images: `IMAGES_BY_VERSION`.
    Somehow,
    /// It names one: `image`, `sidecarImage`, `--acme-image`, `RELATED_IMAGE_PROXY`.
    Exactly,
}

/// Words at the end of a name that make it a property of an image, not one itself.
const PROPERTIES: [&str; 38] = [
    "pull",
    "policy",
    "secret",
    "secrets",
    "registry",
    "registries",
    "host",
    "port",
    "hub",
    "tag",
    "version",
    "digest",
    "sha",
    "hash",
    "size",
    "format",
    "type",
    "gc",
    "path",
    "url",
    "uri",
    "dir",
    "directory",
    "prefix",
    "suffix",
    "service",
    "endpoint",
    "addr",
    "address",
    "server",
    "arch",
    "platform",
    "os",
    "threshold",
    "timeout",
    "interval",
    "user",
    "enabled",
];
/// Words behind `image` that still name one.
const TAILS: [&str; 8] = ["name", "ref", "reference", "default", "full", "override", "fq", "value"];

/// What a name says.
pub(in crate::discovery) fn naming(name: &str) -> Naming {
    let words = words(name);
    let is_image = |word: &String| {
        matches!(word.as_str(), "image" | "images" | "img" | "imgs" | "imagename" | "imageref")
            || (word.len() > 5 && (word.ends_with("image") || word.ends_with("images")))
    };
    let Some(at) = words.iter().rposition(is_image) else { return Naming::Not };
    let tail = &words[at + 1..];
    // A table of images, by something.
    if tail.first().is_some_and(|word| matches!(word.as_str(), "by" | "for" | "per")) {
        return Naming::Somehow;
    }
    if tail.iter().any(|word| PROPERTIES.contains(&word.as_str())) {
        return Naming::Not;
    }
    // RELATED_IMAGE_PROXY: whatever follows says which one.
    let related = at > 0 && words[at - 1] == "related";
    let exact = related || tail.iter().all(|word| TAILS.contains(&word.as_str()));
    if exact { Naming::Exactly } else { Naming::Somehow }
}

/// The words of a name, in lower case: `RELATED_IMAGE`, `related-image` and `relatedImage` have the same.
pub(in crate::discovery) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut before_was_lower = false;
    for c in name.chars() {
        let begins = c.is_ascii_uppercase() && before_was_lower;
        if !c.is_ascii_alphanumeric() || begins {
            words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty()));
        }
        if c.is_ascii_alphanumeric() {
            word.push(c.to_ascii_lowercase());
        }
        before_was_lower = c.is_ascii_lowercase() || c.is_ascii_digit();
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_all_spellings_have_the_same_words() {
        for name in ["RELATED_IMAGE_PROXY", "related-image-proxy", "relatedImageProxy", "related.image.Proxy"] {
            assert_eq!(words(name), ["related", "image", "proxy"], "{name}");
        }
    }

    #[test]
    fn a_name_says_whether_its_value_is_an_image() {
        for name in
            ["image", "sidecarImage", "--acme-http01-solver-image", "RELATED_IMAGE_PROXY", "imageName", "workerimage"]
        {
            assert_eq!(naming(name), Naming::Exactly, "{name}");
        }
        for name in ["IMAGES_BY_VERSION", "image-for-init"] {
            assert_eq!(naming(name), Naming::Somehow, "{name}");
        }
        for name in
            ["imagePullPolicy", "imagePullSecrets", "image-gc-high-threshold", "IMAGE_TAG", "imagine", "args", ""]
        {
            assert_eq!(naming(name), Naming::Not, "{name}");
        }
    }
}
