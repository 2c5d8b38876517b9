//! Image references, as people and clusters write them: `nginx`, `quay.io/a/b:v1`, `host:5000/x@sha256:…`.
//!
//! The grammar is that of the distribution project (`reference/regexp.go`); short names are completed as Docker and
//! containerd complete them: no host means `docker.io`, and there a single path segment means `library/…`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Digest;

/// The longest repository name with its host, in bytes, that the grammar allows.
const MAX_NAME: usize = 255;
/// The longest tag in bytes.
const MAX_TAG: usize = 128;

/// A complete image reference: a registry, a repository and a tag, a digest or both.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageReference {
    repository: Repository,
    tag: Option<String>,
    digest: Option<Digest>,
}

/// A repository at a registry: `docker.io` and `library/nginx`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository {
    registry: String,
    path: String,
}

impl Repository {
    /// A repository of `registry` (host, and port where it has one).
    ///
    /// # Errors
    /// [`ReferenceError`] when either part is not of the grammar.
    pub fn new(registry: &str, path: &str) -> Result<Self, ReferenceError> {
        let whole = || format!("{registry}/{path}");
        if !is_registry(registry) {
            return Err(ReferenceError::new(whole(), Problem::Registry));
        }
        if !is_path(path) {
            return Err(ReferenceError::new(whole(), Problem::Path));
        }
        if registry.len() + path.len() + 1 > MAX_NAME {
            return Err(ReferenceError::new(whole(), Problem::TooLong));
        }
        let path =
            if registry == "docker.io" && !path.contains('/') { format!("library/{path}") } else { path.to_owned() };
        Ok(Self { registry: registry.to_owned(), path })
    }

    /// The registry's host, with its port where it has one: `docker.io`, `127.0.0.1:5000`.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The path in the registry: `library/nginx`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The whole name as a path of another server: `docker.io/library/nginx`. A path has no room for the colon of a
    /// port, so that is an underscore there: `127.0.0.1_5000/app`.
    pub fn as_path(&self) -> String {
        format!("{}/{}", self.registry.replace(':', "_"), self.path)
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.path)
    }
}

impl ImageReference {
    /// A reference by tag.
    ///
    /// # Errors
    /// [`ReferenceError`] when the tag is not of the grammar.
    pub fn with_tag(repository: Repository, tag: &str) -> Result<Self, ReferenceError> {
        if !is_tag(tag) {
            return Err(ReferenceError::new(format!("{repository}:{tag}"), Problem::Tag));
        }
        Ok(Self { repository, tag: Some(tag.to_owned()), digest: None })
    }

    /// A reference by digest.
    pub fn with_digest(repository: Repository, digest: Digest) -> Self {
        Self { repository, tag: None, digest: Some(digest) }
    }

    /// Where the image is.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The tag, where the reference has one.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest, where the reference has one.
    pub fn digest(&self) -> Option<Digest> {
        self.digest
    }

    /// What to ask the registry for: the digest where there is one, since that decides, else the tag.
    pub fn manifest_name(&self) -> String {
        match (self.digest, &self.tag) {
            (Some(digest), _) => digest.to_string(),
            (None, Some(tag)) => tag.clone(),
            (None, None) => "latest".to_owned(),
        }
    }
}

impl fmt::Display for ImageReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

impl FromStr for ImageReference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fail = |problem| ReferenceError::new(text.to_owned(), problem);
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.parse().map_err(|_| fail(Problem::Digest))?)),
            None => (text, None),
        };
        // A colon after the last slash separates a tag; one before it separates a port.
        let (name, tag) = match rest.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
            _ => (rest, None),
        };
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return Err(fail(Problem::Tag));
        }
        let (registry, path) = match name.split_once('/') {
            Some((first, path)) if looks_like_registry(first) => (first, path),
            _ => ("docker.io", name),
        };
        let registry = if registry == "index.docker.io" { "docker.io" } else { registry };
        let repository = Repository::new(registry, path).map_err(|error| fail(error.problem))?;
        let tag = match (tag, digest) {
            (Some(tag), _) => Some(tag.to_owned()),
            (None, None) => Some("latest".to_owned()),
            (None, Some(_)) => None,
        };
        Ok(Self { repository, tag, digest })
    }
}

impl Serialize for ImageReference {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ImageReference {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A text that is no image reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an image reference: {problem}")]
pub struct ReferenceError {
    text: String,
    problem: Problem,
}

impl ReferenceError {
    fn new(text: String, problem: Problem) -> Self {
        Self { text, problem }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Problem {
    #[error("the registry must be a host name, with a port if it needs one")]
    Registry,
    #[error(
        "a repository is lower-case letters and digits, with `.`, `_`, `__` or `-` between them and `/` between its parts"
    )]
    Path,
    #[error("a tag is at most 128 letters, digits, `_`, `.` and `-`, and starts with a letter, digit or `_`")]
    Tag,
    #[error("a digest is `sha256:` and 64 lower-case hex digits")]
    Digest,
    #[error("the name is longer than 255 bytes")]
    TooLong,
}

fn looks_like_registry(first: &str) -> bool {
    first == "localhost" || first.contains(['.', ':']) || first.bytes().any(|b| b.is_ascii_uppercase())
}

fn is_registry(text: &str) -> bool {
    if let Some(rest) = text.strip_prefix('[') {
        let Some((address, port)) = rest.split_once(']') else { return false };
        return address.parse::<std::net::Ipv6Addr>().is_ok()
            && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port));
    }
    let (host, port) = match text.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    };
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    host.split('.').all(label) && port.is_none_or(is_port)
}

fn is_port(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

fn is_path(path: &str) -> bool {
    path.split('/').all(is_path_component)
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_path_component(component: &str) -> bool {
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = component.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    if !word(*first) || !word(*last) {
        return false;
    }
    component
        .split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        .all(|gap| matches!(gap, "" | "." | "_" | "__") || gap.bytes().all(|b| b == b'-'))
}

fn is_tag(tag: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    tag.len() <= MAX_TAG
        && tag.as_bytes().first().is_some_and(|b| word(*b))
        && tag.bytes().all(|b| word(b) || b == b'.' || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn short_names_are_completed_as_containerd_does() {
        for (short, whole) in [
            ("nginx", "docker.io/library/nginx:latest"),
            ("nginx:1.27", "docker.io/library/nginx:1.27"),
            ("rancher/rke2-runtime:v1", "docker.io/rancher/rke2-runtime:v1"),
            ("docker.io/traefik:v3", "docker.io/library/traefik:v3"),
            ("index.docker.io/library/redis", "docker.io/library/redis:latest"),
            ("localhost/app", "localhost/app:latest"),
            ("127.0.0.1:5000/a/b__c:x", "127.0.0.1:5000/a/b__c:x"),
            ("[::1]:5000/a", "[::1]:5000/a:latest"),
        ] {
            assert_eq!(short.parse::<ImageReference>().unwrap().to_string(), whole, "{short}");
        }
    }

    #[test]
    fn a_digest_stands_beside_a_tag_and_decides() {
        let both: ImageReference = format!("quay.io/a/b:v1@{DIGEST}").parse().unwrap();
        assert_eq!((both.tag(), both.manifest_name().as_str()), (Some("v1"), DIGEST));
        let only: ImageReference = format!("quay.io/a/b@{DIGEST}").parse().unwrap();
        assert_eq!((only.tag(), only.to_string()), (None, format!("quay.io/a/b@{DIGEST}")));
    }

    #[test]
    fn what_is_no_reference_is_refused_with_its_reason() {
        for text in [
            "",
            "/",
            "a//b",
            "quay.io/",
            "quay.io/Upper",
            "a:",
            "a:-x",
            "a@sha256:1",
            "quay.io/../etc",
            "a b",
            "host:99999/x",
            "x/-a",
            "x/a..b",
            "x/a___b",
        ] {
            let error = text.parse::<ImageReference>().expect_err(text);
            assert!(error.to_string().starts_with(&format!("`{text}` is not an image reference: ")), "{error}");
        }
        assert!(format!("a/{}", "x".repeat(300)).parse::<ImageReference>().is_err());
    }
}
