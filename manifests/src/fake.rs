//! For tests: small bundles, really built and really signed.
//!
//! The key is made from a fixed seed that everybody can read here: [`allowed_signers`] must never be trusted outside of
//! a test.
#![allow(clippy::expect_used, clippy::missing_panics_doc, reason = "a test's helper fails its test")]

mod fuzz;
mod packages;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use ssh_key::private::{Ed25519Keypair, PrivateKey};
use ssh_key::{HashAlg, LineEnding};

pub use fuzz::fuzz_entry;

use crate::bundle::{BundleWriter, Plan};
use crate::document::{Blob, CarriedFile, Chart, Encoding, Files, Image, Item, Platform};
use crate::oci::{Descriptor, Manifest, annotation, media_type};
use crate::signature::{NAMESPACE, TrustRoot};
use crate::{Digest, ImageReference};

/// The principal of the test key.
pub const SIGNER: &str = "ci@example.com";

/// Collects content and writes it as a bundle.
#[derive(Debug, Clone)]
pub struct FakeBundle {
    name: String,
    version: String,
    items: Vec<Item>,
    blobs: BTreeMap<Digest, (Vec<u8>, Encoding)>,
    platform: Option<Platform>,
}

impl FakeBundle {
    /// An empty bundle.
    pub fn new(name: &str, version: &str) -> Self {
        let (items, blobs) = (Vec::new(), BTreeMap::new());
        Self { name: name.to_owned(), version: version.to_owned(), items, blobs, platform: None }
    }

    /// A bundle with one image of two layers, one chart and one set of two files.
    pub fn small() -> Self {
        Self::new("demo", "1.0.0")
            .image("docker.io/library/nginx:1.27", &[b"first layer", &[7; 300_000]])
            .chart("charts.example.com/stable/web", "web", "0.1.0", b"a chart's archive")
            .files("tools", &[("bin/tool", b"#!/bin/sh\n"), ("share/readme.txt", b"read me\n")])
    }

    /// Adds a blob; its encoding follows from the media type.
    pub fn blob(&mut self, media_type: &str, content: &[u8]) -> Descriptor {
        let encoding = Encoding::for_name(media_type);
        self.blobs.entry(Digest::of(content)).or_insert_with(|| (content.to_vec(), encoding));
        Descriptor::of(media_type, content)
    }

    /// Adds an item of any kind.
    #[must_use]
    pub fn item(mut self, item: Item) -> Self {
        self.items.push(item);
        self
    }

    /// Adds an image for `linux/amd64` whose layers are these bytes.
    #[must_use]
    pub fn image(mut self, reference: &str, layers: &[&[u8]]) -> Self {
        let diff_ids: Vec<String> = layers.iter().map(|layer| Digest::of(layer).to_string()).collect();
        let config = serde_json::json!({
            "architecture": "amd64", "os": "linux", "config": {},
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
        });
        let config = self.blob("application/vnd.oci.image.config.v1+json", config.to_string().as_bytes());
        let layers =
            layers.iter().map(|layer| self.blob("application/vnd.oci.image.layer.v1.tar+gzip", layer)).collect();
        let descriptor = self.manifest(config, layers, None);
        let reference = reference.parse().expect("a reference");
        self.item(Item::from(Image { reference, descriptor, platforms: vec![], attached: vec![], component: None }))
    }

    /// Adds a chart `reference:version`.
    #[must_use]
    pub fn chart(mut self, reference: &str, name: &str, version: &str, archive: &[u8]) -> Self {
        let config = self.blob(
            media_type::HELM_CONFIG,
            serde_json::json!({"name": name, "version": version, "apiVersion": "v2"}).to_string().as_bytes(),
        );
        let archive = self.blob(media_type::HELM_CHART, archive);
        let digest = archive.digest;
        let descriptor = self.manifest(config, vec![archive], None);
        let reference = format!("{reference}:{}", version.replace('+', "_")).parse().expect("a reference");
        self.item(Item::from(Chart {
            name: name.to_owned(),
            version: version.to_owned(),
            reference,
            repository: None,
            descriptor,
            archive: digest,
            provenance: None,
            attached: vec![],
            component: None,
        }))
    }

    /// Adds a set of files.
    #[must_use]
    pub fn files(self, name: &str, files: &[(&str, &[u8])]) -> Self {
        let files: Vec<_> = files.iter().map(|(path, content)| (*path, *content, None)).collect();
        self.files_from(name, &files)
    }

    /// Adds a set of files, each with where it came from.
    #[must_use]
    pub fn files_from(mut self, name: &str, files: &[(&str, &[u8], Option<&str>)]) -> Self {
        let config = self.blob(media_type::OCI_EMPTY, b"{}");
        let mut layers = Vec::new();
        let mut carried = Vec::new();
        for (path, content, source) in files {
            let mut layer = self.blob("application/octet-stream", content);
            layer.annotations.insert(annotation::TITLE.to_owned(), (*path).to_owned());
            carried.push(CarriedFile {
                path: (*path).to_owned(),
                digest: layer.digest,
                size: layer.size,
                source: source.map(str::to_owned),
            });
            layers.push(layer);
        }
        let descriptor = self.manifest(config, layers, Some(media_type::FILES));
        let reference: ImageReference =
            format!("bundle.local/files/{name}:{}", self.version.replace('+', "_")).parse().expect("a reference");
        self.item(Item::from(Files { name: name.to_owned(), reference, descriptor, files: carried }))
    }

    /// Says how it is deployed.
    #[must_use]
    pub fn platform(mut self, platform: Platform) -> Self {
        self.platform = Some(platform);
        self
    }

    fn manifest(&mut self, config: Descriptor, layers: Vec<Descriptor>, artifact: Option<&str>) -> Descriptor {
        let manifest = Manifest {
            schema_version: 2,
            media_type: Some(media_type::OCI_MANIFEST.to_owned()),
            artifact_type: artifact.map(str::to_owned),
            config,
            layers,
            subject: None,
            annotations: BTreeMap::new(),
        };
        self.blob(media_type::OCI_MANIFEST, &serde_json::to_vec(&manifest).expect("JSON"))
    }

    /// The plan of the bundle.
    pub fn plan(&self) -> Plan {
        let blobs = self.blobs.iter().map(|(digest, (content, encoding))| Blob {
            digest: *digest,
            size: content.len() as u64,
            encoding: *encoding,
        });
        let created = "2026-01-02T03:04:05Z".parse().expect("a time");
        let (name, version) = (self.name.parse().expect("a name"), self.version.parse().expect("a version"));
        Plan::new(name, version, created, self.items.clone(), blobs.collect(), self.platform.clone())
            .expect("a valid bundle")
    }

    /// The content of a blob.
    pub fn content(&self, digest: &Digest) -> Option<&[u8]> {
        self.blobs.get(digest).map(|(content, _)| content.as_slice())
    }

    /// Writes the bundle, signed with the test key.
    pub fn write(&self, path: &Path) -> PathBuf {
        let plan = self.plan();
        self.write_with(path, None, &[sign(plan.document_bytes())]);
        path.to_owned()
    }

    /// Writes the bundle, in volumes if asked for, with these signatures.
    pub fn write_with(&self, path: &Path, volume_size: Option<u64>, signatures: &[String]) -> Vec<PathBuf> {
        let writer = BundleWriter::create(path, &self.plan(), volume_size).expect("a writer");
        for blob in writer.pending_raw().into_iter().chain(writer.pending_compressed()) {
            let mut sink = writer.sink(&blob.digest).expect("a sink");
            let there = sink.position() as usize;
            let content = self.content(&blob.digest).and_then(|content| content.get(there..)).expect("content");
            sink.write_all(content).expect("written");
            sink.finish().expect("finished");
        }
        writer.finish(signatures).expect("a whole bundle")
    }
}

/// The test key: always the same.
pub fn key() -> PrivateKey {
    let mut key = PrivateKey::from(Ed25519Keypair::from_seed(&[42; 32]));
    key.set_comment("test");
    key
}

/// An `allowed_signers` file that trusts the test key.
pub fn allowed_signers() -> String {
    let key = key().public_key().to_openssh().expect("a public key");
    format!("{SIGNER} namespaces=\"{NAMESPACE}\" {key}\n")
}

/// Trust in the test key.
pub fn trust() -> TrustRoot {
    TrustRoot::parse(&allowed_signers(), "allowed_signers").expect("a trust root")
}

/// A signature with the test key, armoured.
pub fn sign(message: &[u8]) -> String {
    let signature = key().sign(NAMESPACE, HashAlg::Sha512, message).expect("a signature");
    signature.to_pem(LineEnding::LF).expect("an armoured signature")
}
