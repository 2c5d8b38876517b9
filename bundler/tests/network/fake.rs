//! A registry's content, to be served well or badly.

use std::collections::{BTreeMap, HashMap};

use bundler::credentials::Credentials;
use bundler::http::{Client, Settings};
use bundler::oci::{ImageRequest, Registries};
use manifests::Digest;
use manifests::oci::media_type;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::fixtures::{content, plain};
use crate::server::{Received, Reply, Server};

pub const IMAGE_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
pub const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// Manifests and blobs of one repository, by path.
#[derive(Debug, Clone, Default)]
pub struct Fake {
    answers: HashMap<String, (String, Vec<u8>)>,
}

impl Fake {
    pub fn blob(&mut self, media_type: &str, bytes: &[u8]) -> Value {
        let digest = Digest::of(bytes);
        self.put(&format!("/v2/team/app/blobs/{digest}"), "application/octet-stream", bytes);
        json!({"mediaType": media_type, "digest": digest, "size": bytes.len()})
    }

    /// Adds a manifest and returns its descriptor.
    pub fn manifest(&mut self, media_type: &str, document: &Value, tags: &[&str]) -> Value {
        // Not the bytes that a serialiser would write again.
        let bytes = serde_json::to_vec_pretty(document).unwrap();
        let digest = Digest::of(&bytes);
        for name in tags.iter().map(|tag| (*tag).to_owned()).chain([digest.to_string()]) {
            self.put(&format!("/v2/team/app/manifests/{name}"), media_type, &bytes);
        }
        json!({"mediaType": media_type, "digest": digest, "size": bytes.len()})
    }

    /// An image with one layer; `name` makes it another one than the next.
    pub fn image(&mut self, name: &str, platform: &str, tags: &[&str]) -> Value {
        let (os, architecture) = platform.split_once('/').unwrap();
        let config = json!({"os": os, "architecture": architecture, "created_by": name});
        let config = self.blob(IMAGE_CONFIG, config.to_string().as_bytes());
        let layer = self.blob(LAYER, &[content(40_000), name.as_bytes().to_vec()].concat());
        let document =
            json!({"schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": config, "layers": [layer]});
        self.manifest(media_type::OCI_MANIFEST, &document, tags)
    }

    /// Something that refers to a manifest.
    pub fn referrer(&mut self, name: &str, subject: &Value, tags: &[&str]) -> Value {
        let config = self.blob(media_type::OCI_EMPTY, b"{}");
        let layer = self.blob("application/spdx+json", name.as_bytes());
        let document = json!({"schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST,
            "artifactType": "application/spdx+json", "config": config, "layers": [layer], "subject": subject});
        self.manifest(media_type::OCI_MANIFEST, &document, tags)
    }

    pub fn put(&mut self, path: &str, media_type: &str, bytes: &[u8]) {
        self.answers.insert(path.to_owned(), (media_type.to_owned(), bytes.to_owned()));
    }

    pub fn answer(&self, request: &Received) -> Reply {
        match self.answers.get(request.path()) {
            Some((media_type, bytes)) => Reply::ranged(request, bytes).with("content-type", media_type),
            None => {
                let error = json!({"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]});
                Reply::new(404, error.to_string()).with("content-type", "application/json")
            }
        }
    }

    pub async fn serve(self) -> Server {
        Server::start(move |request, _| self.answer(request)).await
    }
}

pub fn registries(settings: Settings, credentials: Credentials, mirrors: &[(&str, &str)]) -> Registries {
    let mut by_registry: BTreeMap<String, Vec<Url>> = BTreeMap::new();
    for (registry, mirror) in mirrors {
        by_registry.entry((*registry).to_owned()).or_default().push(mirror.parse().unwrap());
    }
    Registries::new(Client::new(settings, CancellationToken::new()).unwrap(), credentials, by_registry)
}

/// The registry at a server, without credentials.
pub fn at(server: &Server) -> Registries {
    registries(plain(&[&server.address]), Credentials::none(), &[])
}

pub fn wanted(server: &Server, rest: &str, platforms: &[&str]) -> ImageRequest {
    ImageRequest {
        reference: format!("{}/team/app{rest}", server.address).parse().unwrap(),
        source: None,
        platforms: platforms.iter().map(|text| text.parse().unwrap()).collect(),
        attachments: true,
        component: None,
    }
}
