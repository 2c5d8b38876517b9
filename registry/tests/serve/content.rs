//! Bundles with content that exercises the registry.

use std::collections::BTreeMap;

use manifests::document::{Image, Item};
use manifests::fake::FakeBundle;
use manifests::oci::{Descriptor, Manifest, annotation, media_type};

/// The bytes of a layer: the same for the same seed, and nothing that shrinks.
pub(crate) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..length).map(|_| next()).collect()
}

/// An image for two platforms of which one is carried, with a signature by tag and an SBOM by subject.
pub(crate) struct Signed {
    pub(crate) bundle: FakeBundle,
    pub(crate) index: Descriptor,
    pub(crate) carried: Descriptor,
    pub(crate) absent: Descriptor,
    pub(crate) signature: Descriptor,
    pub(crate) sbom: Descriptor,
}

pub(crate) fn signed() -> Signed {
    let mut bundle = FakeBundle::new("platform", "1.0.0");
    let layer = bundle.blob("application/vnd.docker.image.rootfs.diff.tar.gzip", &noise(1, 200_000));
    let config =
        bundle.blob("application/vnd.docker.container.image.v1+json", b"{\"architecture\":\"amd64\",\"os\":\"linux\"}");
    let carried = manifest(&mut bundle, media_type::DOCKER_MANIFEST, config, layer, None, None);
    let absent = Descriptor::of(media_type::DOCKER_MANIFEST, b"another platform");
    let index = serde_json::json!({
        "schemaVersion": 2, "mediaType": media_type::DOCKER_LIST, "manifests": [
            entry(&carried, "amd64"), entry(&absent, "arm64"),
        ],
    });
    let index = bundle.blob(media_type::DOCKER_LIST, index.to_string().as_bytes());
    let empty = bundle.blob(media_type::OCI_EMPTY, b"{}");
    let payload = bundle.blob("application/vnd.dev.cosign.simplesigning.v1+json", b"{\"critical\":{}}");
    let mut signature = manifest(&mut bundle, media_type::OCI_MANIFEST, empty.clone(), payload, None, None);
    signature.annotations.insert(annotation::REF_NAME.into(), format!("sha256-{}.sig", index.digest.hex()));
    let text = bundle.blob("application/spdx+json", b"{\"spdxVersion\":\"SPDX-2.3\"}");
    let sbom = manifest(
        &mut bundle,
        media_type::OCI_MANIFEST,
        empty,
        text,
        Some(index.clone()),
        Some("application/spdx+json"),
    );
    let bundle = bundle.item(Item::from(Image {
        reference: "quay.io/team/app:v1".parse().unwrap(),
        descriptor: index.clone(),
        platforms: vec![],
        attached: vec![signature.clone(), sbom.clone()],
        component: None,
    }));
    Signed { bundle, index, carried, absent, signature, sbom }
}

fn entry(descriptor: &Descriptor, architecture: &str) -> serde_json::Value {
    serde_json::json!({
        "mediaType": descriptor.media_type, "digest": descriptor.digest, "size": descriptor.size,
        "platform": {"architecture": architecture, "os": "linux"},
    })
}

fn manifest(
    bundle: &mut FakeBundle,
    kind: &str,
    config: Descriptor,
    layer: Descriptor,
    subject: Option<Descriptor>,
    artifact_type: Option<&str>,
) -> Descriptor {
    let manifest = Manifest {
        schema_version: 2,
        media_type: Some(kind.to_owned()),
        artifact_type: artifact_type.map(str::to_owned),
        config,
        layers: vec![layer],
        subject,
        annotations: BTreeMap::new(),
    };
    bundle.blob(kind, &serde_json::to_vec(&manifest).unwrap())
}
