//! What the benches build, import and serve: images of layers that no compressor shrinks, in a real registry.

use std::path::PathBuf;
use std::sync::Arc;

use airgap_tests::{Machine, Network, Random, Registry, signer};
use anyhow::{Context, Result};
use serde_json::{Value, json};

/// The port of the registry.
pub(crate) const REGISTRY_PORT: u16 = 5001;
/// Blobs that are served under load: count and size.
pub(crate) const SMALL: (usize, usize) = (16, 5_000_000);
/// As [`SMALL`], for few clients.
pub(crate) const LARGE: (usize, usize) = (3, 200_000_000);

/// A machine with a registry full of images, and a stack of all of them.
#[derive(Debug)]
pub(crate) struct Content {
    pub(crate) machine: Machine,
    pub(crate) registry: Registry,
    /// The images, as `path:tag`.
    pub(crate) images: Vec<String>,
    /// Digests of the small and the large blobs that are served.
    pub(crate) small: Vec<String>,
    pub(crate) large: Vec<String>,
}

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

impl Content {
    /// Makes about `size` bytes of it.
    pub(crate) fn make(size: u64) -> Result<Self> {
        let machine = Machine::on(Arc::new(Network::new(&[])?))?;
        let registry = Registry::start(&machine, REGISTRY_PORT, &machine.path("registry"), None)?;
        let mut content = Self { machine, registry, images: vec![], small: vec![], large: vec![] };
        content.fill(size)?;
        content.machine.write("stack.yaml", stack("bench", &content.images))?;
        signer(&content.machine, "ci", "allowed_signers")?;
        Ok(content)
    }

    fn fill(&mut self, size: u64) -> Result<()> {
        let mut random = Random::new(11);
        let mut left = usize::try_from(size).context("too large for this machine")?;
        let small = self.image("library/small", &vec![SMALL.1; SMALL.0], &mut random)?;
        self.small = small;
        left = left.saturating_sub(SMALL.0 * SMALL.1);
        // With a small bundle the large blobs are smaller too.
        let large = LARGE.1.min(left / LARGE.0).max(1_000_000);
        self.large = self.image("library/large", &[large; LARGE.0], &mut random)?;
        left = left.saturating_sub(LARGE.0 * large);
        let layers = [40_000_000, 25_000_000, 8_000_000, 1_000_000, 20_000];
        for number in 0.. {
            let total: usize = layers.iter().sum();
            if left < total {
                break;
            }
            self.image(&format!("library/app-{number}"), &layers, &mut random)?;
            left -= total;
        }
        Ok(())
    }

    fn image(&mut self, repository: &str, layers: &[usize], random: &mut Random) -> Result<Vec<String>> {
        self.images.push(format!("{repository}:1.0"));
        push(&self.registry, repository, layers, random)
    }

    /// Pushes a hundred small images; the result is a stack of them.
    pub(crate) fn hundred(&self) -> Result<String> {
        let mut random = Random::new(12);
        let mut images = Vec::new();
        for number in 0..100 {
            let repository = format!("many/app-{number}");
            push(&self.registry, &repository, &[200_000, 50_000, 5_000], &mut random)?;
            images.push(format!("{repository}:1.0"));
        }
        Ok(stack("hundred", &images))
    }

    /// Where the registry keeps a blob, as a file that a web server can serve.
    pub(crate) fn stored(&self, digest: &str) -> PathBuf {
        let hex = digest.trim_start_matches("sha256:");
        let folder = hex.get(..2).unwrap_or_default();
        self.machine.path(format!("registry/docker/registry/v2/blobs/sha256/{folder}/{hex}/data"))
    }

    /// The bundle.
    pub(crate) fn bundle(&self) -> PathBuf {
        self.machine.path("bench.tar.zst")
    }
}

/// The text of a stack of images.
fn stack(name: &str, images: &[String]) -> String {
    let address = format!("127.0.0.1:{REGISTRY_PORT}");
    let list: String = images.iter().map(|image| format!("  - {address}/{image}\n")).collect();
    format!(
        "apiVersion: airgap/v1\nkind: Stack\nname: {name}\nversion: 1.0.0\ncreated: 2026-01-01\nimages:\n{list}\
         registries:\n  \"{address}\":\n    plainHTTP: true\n"
    )
}

/// Pushes an image with layers of these sizes and returns their digests.
fn push(registry: &Registry, repository: &str, layers: &[usize], random: &mut Random) -> Result<Vec<String>> {
    let config = json!({"architecture": "amd64", "os": "linux", "config": {"Labels": {"name": repository}},
        "rootfs": {"type": "layers", "diff_ids": []}});
    let media_type = "application/vnd.oci.image.config.v1+json";
    let config = registry.push_blob(repository, media_type, config.to_string().as_bytes())?;
    let layers = layers.iter().map(|size| registry.push_blob(repository, LAYER, &random.bytes(*size)));
    let layers = layers.collect::<Result<Vec<Value>>>()?;
    let digests = layers.iter().filter_map(|layer| layer["digest"].as_str().map(str::to_owned)).collect();
    let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers});
    registry.push_manifest(repository, "1.0", &manifest)?;
    Ok(digests)
}
