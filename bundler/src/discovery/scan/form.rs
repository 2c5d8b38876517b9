//! The forms that a reference may have, from unmistakable to a mere word.

use manifests::ImageReference;

/// Registries that hold images and little else.
const REGISTRIES: [&str; 16] = [
    "docker.io",
    "index.docker.io",
    "registry-1.docker.io",
    "quay.io",
    "ghcr.io",
    "gcr.io",
    "registry.k8s.io",
    "k8s.gcr.io",
    "mcr.microsoft.com",
    "nvcr.io",
    "public.ecr.aws",
    "registry.gitlab.com",
    "cgr.dev",
    "mirror.gcr.io",
    "docker.elastic.co",
    "registry.redhat.io",
];
/// The ends of the names of others.
const REGISTRY_ENDS: [&str; 4] = [".gcr.io", ".pkg.dev", ".azurecr.io", ".amazonaws.com"];
/// Tags without a digit that are known.
const WORDS: [&str; 43] = [
    "latest",
    "stable",
    "edge",
    "nightly",
    "main",
    "master",
    "develop",
    "alpine",
    "debian",
    "slim",
    "lts",
    "canary",
    "release",
    "nonroot",
    "head",
    "distroless",
    "debug",
    "rootless",
    "snapshot",
    "mainline",
    "current",
    "dev",
    "devel",
    "staging",
    "testing",
    "unstable",
    "rolling",
    "tip",
    "trunk",
    "ubuntu",
    "buster",
    "bullseye",
    "bookworm",
    "trixie",
    "forky",
    "sid",
    "bionic",
    "focal",
    "jammy",
    "noble",
    "oracular",
    "plucky",
    "questing",
];
/// Ends of the names of files.
const FILES: [&str; 28] = [
    "go", "py", "rs", "js", "ts", "java", "rb", "sh", "yaml", "yml", "json", "toml", "xml", "html", "css", "txt", "md",
    "conf", "cfg", "ini", "log", "pem", "crt", "key", "sock", "so", "jar", "tgz",
];
/// What taints end with.
const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
/// Ports; numbers below are versions.
const PORTS: std::ops::RangeInclusive<u64> = 20..=65_535;
/// What media types begin with.
const MEDIA: [&str; 6] = ["application", "audio", "font", "multipart", "text", "video"];
/// Words that stand where an image could and are none.
const NO_NAMES: [&str; 16] = [
    "true",
    "false",
    "yes",
    "no",
    "on",
    "off",
    "null",
    "none",
    "auto",
    "default",
    "latest",
    "always",
    "never",
    "ifnotpresent",
    "image",
    "disabled",
];

/// A text that can be read as a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::discovery) enum Form {
    /// With a digest: `quay.io/a/b@sha256:…`.
    Digest(ImageReference),
    /// With a slash and a tag: `a/b:1`, `quay.io/a:1`.
    Full(ImageReference),
    /// With a registry and without a tag: `quay.io/a/b`.
    Hosted(ImageReference),
    /// With a slash alone: `a/b`.
    Path(ImageReference),
    /// With a tag alone: `nats:2.10`.
    Tagged(ImageReference),
    /// A word: `nginx`.
    Bare(ImageReference),
}

impl Form {
    /// The form of a text; none of one that can't be a reference.
    pub(in crate::discovery) fn of(text: &str) -> Option<Self> {
        let reference: ImageReference = text.parse().ok()?;
        let (first, has_slash) = text.split_once('/').map_or((text, false), |(first, _)| (first, true));
        let host = has_slash && first != "localhost" && !first.contains(['.', ':']);
        // A registry's name may have capital letters, as the grammar goes; words that do are kinds and names of people's own.
        if host && first.bytes().any(|b| b.is_ascii_uppercase()) {
            return None;
        }
        let has_host = has_slash && !host;
        let has_tag =
            text.split('@').next().and_then(|name| name.rsplit('/').next()).is_some_and(|last| last.contains(':'));
        Some(match (reference.digest(), has_slash, has_host, has_tag) {
            (Some(_), ..) => Self::Digest(reference),
            (None, true, _, true) => Self::Full(reference),
            (None, true, true, false) => Self::Hosted(reference),
            (None, true, false, false) => Self::Path(reference),
            (None, false, _, true) => Self::Tagged(reference),
            (None, false, _, false) => Self::Bare(reference),
        })
    }

    /// Whether it says all: where it is and which one.
    pub(in crate::discovery) fn is_full(&self) -> bool {
        matches!(self, Self::Digest(_) | Self::Full(_))
    }

    /// The reference.
    pub(in crate::discovery) fn into_reference(self) -> ImageReference {
        let (Self::Digest(reference)
        | Self::Full(reference)
        | Self::Hosted(reference)
        | Self::Path(reference)
        | Self::Tagged(reference)
        | Self::Bare(reference)) = self;
        reference
    }
}

/// Whether this is a registry that is known to hold images.
pub(in crate::discovery) fn is_known_registry(registry: &str) -> bool {
    REGISTRIES.contains(&registry) || REGISTRY_ENDS.iter().any(|end| registry.ends_with(end))
}

/// Whether a text with a slash and a tag is likely enough to be an image where nothing else says so: ports, times, shares,
/// taints and lines of files have this form too.
pub(in crate::discovery) fn is_plausible(reference: &ImageReference, text: &str) -> bool {
    let (repository, tag) = (reference.repository(), reference.tag().unwrap_or_default());
    let first = text.split('/').next().unwrap_or_default();
    let has_host = first.contains('.');
    if has_host && is_known_registry(repository.registry()) {
        return true;
    }
    let host = first.split(':').next().unwrap_or_default();
    // A site's own registry may be called `registry.plant.local`.
    let is_of_cluster = [".svc", ".cluster.local", "kubernetes.io", "k8s.io"].iter().any(|end| host.ends_with(end));
    let last = repository.path().rsplit('/').next().unwrap_or_default();
    let is_file = last.rsplit_once('.').is_some_and(|(_, end)| FILES.contains(&end));
    let has_words = text.split('/').all(|part| part.bytes().any(|b| b.is_ascii_alphabetic()));
    if is_of_cluster
        || host.contains(".svc.")
        || is_file
        || !has_words
        || MEDIA.contains(&first)
        || EFFECTS.contains(&tag)
    {
        return false;
    }
    let has_digit = tag.bytes().any(|b| b.is_ascii_digit());
    match tag.parse::<u64>() {
        // A port stands behind a host, not behind a path; but `namespace/service:port` is written too.
        Ok(number) => has_host || !PORTS.contains(&number),
        Err(_) => has_digit || WORDS.contains(&tag) || (has_host && repository.path().contains('/')),
    }
}

/// Whether a word may be the name of an image.
pub(super) fn is_name(word: &str) -> bool {
    word.len() > 1
        && word.bytes().any(|b| b.is_ascii_lowercase())
        && !NO_NAMES.contains(&word.to_ascii_lowercase().as_str())
}
