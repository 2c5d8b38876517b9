use std::collections::BTreeMap;

use bytes::Bytes;
use manifests::Digest;
use manifests::oci::{Descriptor, media_type};
use serde::Deserialize;

use super::Referrer;
use crate::http::{Representation, push_header};

/// The size of a manifest that is served at most: 4 MiB, what the distribution specification asks registries to take.
pub(super) const MANIFEST_SIZE: u64 = 4 << 20;

/// A manifest or index, ready to be served.
#[derive(Debug)]
pub struct Manifest {
    /// What its responses have in common.
    pub representation: Representation,
    /// Its bytes, unless memory is better used for others.
    pub bytes: Option<Bytes>,
    /// Its digest.
    pub digest: Digest,
}

/// What a manifest says, of whatever kind it is.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Parsed {
    media_type: Option<String>,
    artifact_type: Option<String>,
    pub(super) manifests: Vec<Descriptor>,
    pub(super) config: Option<Descriptor>,
    pub(super) layers: Vec<Descriptor>,
    pub(super) subject: Option<Descriptor>,
    annotations: BTreeMap<String, String>,
}

impl Parsed {
    /// The media type that it is served with: its own word, else that of who names it.
    pub(super) fn media_type<'a>(&'a self, named: &'a str) -> &'a str {
        match (self.media_type.as_deref(), named) {
            (Some(own), _) if !own.is_empty() => own,
            (_, "") if self.config.is_none() => media_type::OCI_INDEX,
            (_, "") => media_type::OCI_MANIFEST,
            (_, named) => named,
        }
    }

    /// What kind of artifact it is; empty where it does not say.
    pub(super) fn artifact_type(&self) -> &str {
        self.artifact_type.as_deref().unwrap_or_default()
    }

    /// How the referrers API shows it: the artifact type falls back to the config's media type.
    pub(super) fn as_referrer(&self, digest: &Digest, size: u64, named: &str) -> Referrer {
        let config = self.config.as_ref().map(|config| config.media_type.clone()).filter(|kind| !kind.is_empty());
        let artifact_type = self.artifact_type.clone().filter(|kind| !kind.is_empty()).or(config);
        let mut descriptor = serde_json::json!({
            "mediaType": self.media_type(named), "digest": digest.to_string(), "size": size,
        });
        if let Some(kind) = &artifact_type {
            descriptor["artifactType"] = kind.clone().into();
        }
        if !self.annotations.is_empty() {
            descriptor["annotations"] = serde_json::json!(self.annotations);
        }
        Referrer { artifact_type, descriptor }
    }
}

/// The headers of a manifest's responses.
pub(super) fn representation(digest: &Digest, media_type: &str, length: u64) -> Representation {
    let etag = digest.to_string();
    let mut lines = String::new();
    push_header(&mut lines, "Content-Type", media_type);
    push_header(&mut lines, "Docker-Content-Digest", &etag);
    push_header(&mut lines, "Docker-Distribution-Api-Version", "registry/2.0");
    push_header(&mut lines, "ETag", &format!("\"{etag}\""));
    push_header(&mut lines, "X-Content-Type-Options", "nosniff");
    Representation { etag, lines: lines.into(), length }
}
