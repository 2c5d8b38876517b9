//! Images: under every name the one that the name makes.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use manifests::Digest;
use manifests::oci::media_type;
use serde_json::{Value, json};

use super::server::Reply;
use crate::registry::descriptor;

const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// A registry under every host. What was handed out by a tag is there by its digest from then on.
#[derive(Debug, Default)]
pub(super) struct Images {
    made: Mutex<HashMap<Digest, (&'static str, Vec<u8>)>>,
}

impl Images {
    /// Answers what is asked below `/v2/`.
    pub(super) fn answer(&self, host: &str, path: &str) -> Reply {
        if path.is_empty() {
            return Reply::new("application/json", "{}");
        }
        if path.contains("/referrers/") {
            let none = json!({"schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": []});
            return Reply::new(media_type::OCI_INDEX, none.to_string());
        }
        let by_digest = |name: &str| name.parse::<Digest>().ok();
        if let Some((_, digest)) = path.rsplit_once("/blobs/") {
            return self.known(by_digest(digest));
        }
        match path.rsplit_once("/manifests/") {
            Some((_, name)) if name.starts_with("sha256:") => self.known(by_digest(name)),
            // Where signatures and the like would be.
            Some((_, name)) if name.starts_with("sha256-") => Reply::absent(),
            Some((repository, tag)) => self.index(&format!("{host}/{repository}:{tag}")),
            None => Reply::absent(),
        }
    }

    fn known(&self, digest: Option<Digest>) -> Reply {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let found = digest.and_then(|digest| made.get(&digest));
        found.map_or_else(Reply::absent, |(media_type, bytes)| Reply::new(media_type, bytes.clone()))
    }

    /// An index with one image, which holds its name.
    fn index(&self, name: &str) -> Reply {
        let platform = json!({"os": "linux", "architecture": "amd64"});
        let mut layer = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(name.len() as u64);
        header.set_mode(0o644);
        layer.append_data(&mut header, "name", name.as_bytes()).ok();
        let layer = layer.into_inner().unwrap_or_default();
        let mut config = platform.clone();
        config["rootfs"] = json!({"type": "layers", "diff_ids": [Digest::of(&layer)]});
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": media_type::OCI_MANIFEST,
            "config": self.keep(CONFIG, config.to_string().into_bytes()),
            "layers": [self.keep(LAYER, layer)],
        });
        let mut manifest = self.keep(media_type::OCI_MANIFEST, manifest.to_string().into_bytes());
        manifest["platform"] = platform;
        let index = json!({"schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": [manifest]});
        let index = index.to_string().into_bytes();
        self.keep(media_type::OCI_INDEX, index.clone());
        Reply::new(media_type::OCI_INDEX, index)
    }

    fn keep(&self, media_type: &'static str, content: Vec<u8>) -> Value {
        let described = descriptor(media_type, &content);
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.insert(Digest::of(&content), (media_type, content));
        described
    }
}
