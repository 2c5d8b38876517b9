//! The parts of the OCI image specification that a bundle speaks: descriptors, indexes and manifests.
//!
//! Documents are read tolerantly and never written back: what upstream signed by digest stays the bytes it was.
//! Source: <https://github.com/opencontainers/image-spec/blob/v1.1.1/spec.md>.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Digest, Platform};

/// Media types of documents and layers.
pub mod media_type {
    /// An OCI image index.
    pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
    /// An OCI image manifest.
    pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
    /// The empty config of an artifact: `{}`.
    pub const OCI_EMPTY: &str = "application/vnd.oci.empty.v1+json";
    /// A Docker manifest list, Docker's index.
    pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
    /// A Docker image manifest, schema 2.
    pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
    /// A Docker image manifest, schema 1: refused, it can't be addressed by the digest of its bytes.
    pub const DOCKER_SCHEMA_1: &str = "application/vnd.docker.distribution.manifest.v1+json";
    /// The same, signed.
    pub const DOCKER_SCHEMA_1_SIGNED: &str = "application/vnd.docker.distribution.manifest.v1+prettyjws";
    /// The config of a Helm chart.
    pub const HELM_CONFIG: &str = "application/vnd.cncf.helm.config.v1+json";
    /// A Helm chart's archive.
    pub const HELM_CHART: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
    /// A Helm chart's provenance file.
    pub const HELM_PROVENANCE: &str = "application/vnd.cncf.helm.chart.provenance.v1.prov";
    /// The artifact type of a set of files.
    pub const FILES: &str = "application/vnd.airgap.files.v1";
    /// The artifact type of packages for one series.
    pub const PACKAGES: &str = "application/vnd.airgap.packages.v1";
    /// The artifact type of a mirrored repository.
    pub const MIRROR: &str = "application/vnd.airgap.mirror.v1";
    /// OpenPGP keys, armoured.
    pub const PGP_KEYS: &str = "application/pgp-keys";
    /// A Debian package, as IANA registered it.
    pub const DEB: &str = "application/vnd.debian.binary-package";
}

/// Annotation keys of the specification.
pub mod annotation {
    /// The name of a file that a layer holds.
    pub const TITLE: &str = "org.opencontainers.image.title";
    /// The name of an entry of an image layout's index.
    pub const REF_NAME: &str = "org.opencontainers.image.ref.name";
}

/// Names content by digest, size and media type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// What the content is.
    #[serde(default)]
    pub media_type: String,
    /// The content's digest.
    pub digest: Digest,
    /// The content's size in bytes.
    pub size: u64,
    /// For an entry of an index: where the image runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<DescribedPlatform>,
    /// For an artifact's manifest: what the artifact is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// Places outside of the registry where the content can be had: the mark of a foreign layer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<String>,
    /// Free texts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

impl Descriptor {
    /// A descriptor of `bytes`.
    pub fn of(media_type: &str, bytes: &[u8]) -> Self {
        Self::new(media_type, Digest::of(bytes), bytes.len() as u64)
    }

    /// A descriptor with the three fields that each has.
    pub fn new(media_type: &str, digest: Digest, size: u64) -> Self {
        Self {
            media_type: media_type.to_owned(),
            digest,
            size,
            platform: None,
            artifact_type: None,
            urls: Vec::new(),
            annotations: BTreeMap::new(),
        }
    }

    /// Whether the content is an index of either family.
    pub fn is_index(&self) -> bool {
        matches!(self.media_type.as_str(), media_type::OCI_INDEX | media_type::DOCKER_LIST)
    }

    /// Whether the content is an image manifest of either family.
    pub fn is_manifest(&self) -> bool {
        matches!(self.media_type.as_str(), media_type::OCI_MANIFEST | media_type::DOCKER_MANIFEST)
    }

    /// Whether the content is a layer that must not be distributed (`…foreign…`, `…nondistributable…`).
    pub fn is_foreign(&self) -> bool {
        self.media_type.contains(".nondistributable.")
            || self.media_type == "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
    }
}

/// The platform of an index's entry, as upstream wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DescribedPlatform {
    /// `GOARCH`.
    #[serde(default)]
    pub architecture: String,
    /// `GOOS`.
    #[serde(default)]
    pub os: String,
    /// The architecture's variant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// The build of Windows.
    #[serde(default, rename = "os.version", skip_serializing_if = "Option::is_none")]
    pub os_version: Option<String>,
}

impl DescribedPlatform {
    /// The platform, unless upstream said `unknown`, as attestations in an index do.
    pub fn known(&self) -> Option<Platform> {
        let platform = Platform {
            os: self.os.clone(),
            architecture: self.architecture.clone(),
            variant: self.variant.clone().filter(|variant| !variant.is_empty()),
        };
        (!matches!(self.os.as_str(), "" | "unknown")).then_some(platform)
    }
}

/// An image index or Docker manifest list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Index {
    /// Always 2.
    pub schema_version: u32,
    /// Absent in some OCI documents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// The entries.
    pub manifests: Vec<Descriptor>,
    /// Free texts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// An image manifest, OCI or Docker schema 2, or an artifact's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Always 2.
    pub schema_version: u32,
    /// Absent in some OCI documents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// What an artifact is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// The configuration.
    pub config: Descriptor,
    /// The layers, the lowest first.
    pub layers: Vec<Descriptor>,
    /// What this is attached to: a signature's or an SBOM's image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    /// Free texts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}
