//! Manifests as they come from a registry: bytes, and what they turn out to be.

use bytes::Bytes;
use manifests::Digest;
use manifests::oci::{Descriptor, Index, Manifest, media_type};
use serde_json::Value;

use super::OciError;
use crate::http::Small;

/// A manifest or index: the exact bytes, and what they say.
#[derive(Debug, Clone)]
pub struct FetchedManifest {
    /// Names the bytes.
    pub descriptor: Descriptor,
    /// The bytes as they came.
    pub bytes: Bytes,
    /// What they say.
    pub document: Document,
}

/// What a manifest's bytes say.
#[derive(Debug, Clone)]
pub enum Document {
    /// A list of manifests.
    Index(Index),
    /// An image, or another artifact.
    Manifest(Box<Manifest>),
}

/// Reads what a registry answered.
pub(super) fn read(image: &str, small: Small, expected: Option<Digest>) -> Result<FetchedManifest, OciError> {
    let said = small.media_type().to_owned();
    parse(image, small.bytes, &said, expected)
}

/// Reads the bytes of a manifest. `said` is the media type that came with them, if any.
///
/// # Errors
/// [`OciError`] when they are something else, of schema 1, or have another digest than expected.
pub(super) fn parse(
    image: &str,
    bytes: Bytes,
    said: &str,
    expected: Option<Digest>,
) -> Result<FetchedManifest, OciError> {
    let not_a_manifest = |found: String, help: Option<&str>| OciError::NotAManifest {
        image: image.to_owned(),
        found,
        help: help.map(str::to_owned),
    };
    if said == "text/html" || bytes.trim_ascii_start().starts_with(b"<") {
        let help = "a login page, or the page of a proxy or captive portal, stands where the registry should be: check \
                    the registry's name, the proxy settings and the login";
        return Err(not_a_manifest("a web page".to_owned(), Some(help)));
    }
    let Ok(value) = serde_json::from_slice::<Value>(&bytes) else {
        return Err(not_a_manifest(format!("{} bytes of type `{}`", bytes.len(), printable(said)), None));
    };
    if is_schema_1(&value, said) {
        return Err(OciError::Schema1 { image: image.to_owned() });
    }
    let actual = Digest::of(&bytes);
    if expected.is_some_and(|expected| expected != actual) {
        return Err(OciError::Digest { image: image.to_owned(), actual });
    }
    let media_type = media_type_of(&value, said)
        .ok_or_else(|| not_a_manifest(format!("a JSON document of type `{}`", printable(said)), None))?;
    let broken = |error: serde_json::Error| OciError::Broken { image: image.to_owned(), problem: error.to_string() };
    let mut descriptor = Descriptor::new(media_type, actual, bytes.len() as u64);
    let document = if descriptor.is_index() {
        Document::Index(serde_json::from_slice(&bytes).map_err(broken)?)
    } else {
        let manifest: Manifest = serde_json::from_slice(&bytes).map_err(broken)?;
        descriptor.artifact_type.clone_from(&manifest.artifact_type);
        Document::Manifest(Box::new(manifest))
    };
    Ok(FetchedManifest { descriptor, bytes, document })
}

fn is_schema_1(value: &Value, said: &str) -> bool {
    let kinds = [media_type::DOCKER_SCHEMA_1, media_type::DOCKER_SCHEMA_1_SIGNED];
    kinds.contains(&said) || value.get("schemaVersion").and_then(Value::as_u64) == Some(1)
}

/// What the document is: what it says itself, else what came with it, else what it looks like. A document that is a
/// manifest and an index at once could be read as either by different programs, and is neither (CVE-2021-41190).
fn media_type_of(value: &Value, said: &str) -> Option<&'static str> {
    const KNOWN: [&str; 4] =
        [media_type::OCI_INDEX, media_type::OCI_MANIFEST, media_type::DOCKER_LIST, media_type::DOCKER_MANIFEST];
    let has = |key: &str| value.get(key).is_some();
    let (is_index, is_manifest) = (has("manifests"), has("config") || has("layers"));
    if is_index == is_manifest {
        return None;
    }
    let known = |text: &str| KNOWN.iter().copied().find(|known| *known == text);
    let named = match value.get("mediaType").and_then(Value::as_str).filter(|text| !text.is_empty()) {
        Some(own) => Some(known(own)?),
        None => known(said),
    };
    let fits = |media_type: &&str| Descriptor::new(media_type, Digest::of(b""), 0).is_index() == is_index;
    match named {
        Some(named) => Some(named).filter(fits),
        None if is_index => Some(media_type::OCI_INDEX),
        None => Some(media_type::OCI_MANIFEST),
    }
}

fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(bytes: &str, said: &str) -> Result<FetchedManifest, String> {
        parse("a/b:c", Bytes::copy_from_slice(bytes.as_bytes()), said, None).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_no_image_is_told_apart() {
        for (bytes, said, message) in [
            ("<!doctype html><p>Log in", "application/json", "a/b:c is not an image: the registry sent a web page"),
            ("log in", "text/plain", "a/b:c is not an image: the registry sent 6 bytes of type `text/plain`"),
            (
                "{}",
                "application/json",
                "a/b:c is not an image: the registry sent a JSON document of type `application/json`",
            ),
            (
                r#"{"schemaVersion": 1, "fsLayers": []}"#,
                "",
                "a/b:c is a Docker image of schema 1, which is not supported",
            ),
            (
                r#"{"schemaVersion": 2, "manifests": [], "layers": []}"#,
                media_type::OCI_INDEX,
                "a/b:c is not an image: the registry sent a JSON document of type \
                 `application/vnd.oci.image.index.v1+json`",
            ),
        ] {
            assert_eq!(parsed(bytes, said).unwrap_err(), message);
        }
    }

    #[test]
    fn the_documents_own_word_goes_before_the_header() {
        let list = format!(r#"{{"schemaVersion": 2, "mediaType": "{}", "manifests": []}}"#, media_type::DOCKER_LIST);
        assert_eq!(parsed(&list, "application/json").unwrap().descriptor.media_type, media_type::DOCKER_LIST);
        let silent = r#"{"schemaVersion": 2, "manifests": []}"#;
        assert_eq!(parsed(silent, "text/plain").unwrap().descriptor.media_type, media_type::OCI_INDEX);
        let lying = format!(r#"{{"schemaVersion": 2, "mediaType": "{}", "manifests": []}}"#, media_type::OCI_MANIFEST);
        assert!(parsed(&lying, media_type::OCI_INDEX).is_err());
    }

    #[test]
    fn other_bytes_than_asked_for_are_refused() {
        let bytes = Bytes::from_static(br#"{"schemaVersion": 2, "manifests": []}"#);
        let error = parse("a/b@sha256:…", bytes.clone(), "", Some(Digest::of(b"other"))).unwrap_err();
        assert_eq!(error.to_string(), format!("a/b@sha256:… has the digest {}", Digest::of(&bytes)));
    }
}
