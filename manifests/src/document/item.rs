//! The kinds of things that a bundle carries. Each is an OCI artifact; an item says what it is to people and to the
//! installer.

mod mirror;
mod packages;

use serde::{Deserialize, Serialize};

pub use mirror::{Mirror, MirroredSuite};
pub use packages::{CarriedPackage, Packages, PackagesIndex, WantedPackage};

use crate::oci::Descriptor;
use crate::{Digest, ImageReference, Platform};

/// One thing that a bundle carries.
///
/// A kind that this reader does not know is kept as it is, shown as unknown and otherwise left alone; a bundle whose
/// reading needs the kind says so in `requires`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
#[allow(clippy::large_enum_variant, reason = "unknown kinds are rare, boxes everywhere are not")]
pub enum Item {
    /// An item of a kind that this version knows.
    Known(Known),
    /// An item of a later kind.
    Unknown(serde_json::Value),
}

/// The kinds that version 1 knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Known {
    /// A container image, or any artifact that a registry holds.
    Image(Image),
    /// A Helm chart.
    Chart(Chart),
    /// A set of files.
    Files(Files),
    /// Packages of an operating system.
    Packages(Packages),
    /// A repository of packages, as upstream signed it.
    Mirror(Mirror),
}

/// A container image under its original name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Image {
    /// The original name.
    pub reference: ImageReference,
    /// The upstream manifest or index, with its original digest.
    pub descriptor: Descriptor,
    /// The platforms that are carried; an index may name more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub platforms: Vec<Platform>,
    /// Manifests that go with the image: signatures, attestations, SBOMs. Those found by a tag (cosign's
    /// `sha256-<hex>.sig`) carry it in the annotation `org.opencontainers.image.ref.name`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attached: Vec<Descriptor>,
    /// The component that asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
}

/// A Helm chart, as a Helm OCI artifact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Chart {
    /// The chart's name.
    pub name: String,
    /// The chart's version, as its `Chart.yaml` has it.
    pub version: String,
    /// Where the site's registry has it: for a chart from a registry its original name, for one from a chart
    /// repository the repository's host and path, for a local one `bundle.local/charts/<name>`.
    pub reference: ImageReference,
    /// The URL of the repository it comes from (`https://…`, `oci://…`), without credentials; none for a local chart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// The artifact's manifest.
    pub descriptor: Descriptor,
    /// The chart's archive, a layer of the artifact.
    pub archive: Digest,
    /// The provenance file, a layer of the artifact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Digest>,
    /// Manifests that go with a chart from a registry, as with an image: signatures, attestations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attached: Vec<Descriptor>,
    /// The component that asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
}

/// Files of one component, as one artifact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Files {
    /// The name of the set: the component's.
    pub name: String,
    /// Where the site's registry has it: `bundle.local/files/<name>:<bundle version>`.
    pub reference: ImageReference,
    /// The artifact's manifest.
    pub descriptor: Descriptor,
    /// The files, in the order of their paths.
    pub files: Vec<CarriedFile>,
}

/// One file of a set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CarriedFile {
    /// The path within the set: relative, `/` between its parts, no `.` and no `..`.
    pub path: String,
    /// The digest of the content.
    pub digest: Digest,
    /// The size in bytes.
    pub size: u64,
    /// Where it came from, without credentials; none for a local file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

impl<'de> Deserialize<'de> for Item {
    /// Strict for the kinds that are known: a broken image must not pass as an unknown kind.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let value = serde_json::Value::deserialize(deserializer)?;
        let kind = value.get("kind").and_then(|kind| kind.as_str()).ok_or_else(|| D::Error::missing_field("kind"))?;
        match kind {
            "image" | "chart" | "files" | "packages" | "mirror" => {
                serde_json::from_value(value).map(Self::Known).map_err(D::Error::custom)
            }
            _ => Ok(Self::Unknown(value)),
        }
    }
}

impl Item {
    /// The word for the kind.
    pub fn kind(&self) -> &str {
        match self {
            Self::Known(Known::Image(_)) => "image",
            Self::Known(Known::Chart(_)) => "chart",
            Self::Known(Known::Files(_)) => "files",
            Self::Known(Known::Packages(_)) => "packages",
            Self::Known(Known::Mirror(_)) => "mirror",
            Self::Unknown(value) => value.get("kind").and_then(|kind| kind.as_str()).unwrap_or("unknown"),
        }
    }

    /// The name in the layout's index and in the site's registry.
    pub fn reference(&self) -> Option<String> {
        match self {
            Self::Known(Known::Image(image)) => Some(image.reference.to_string()),
            Self::Known(Known::Chart(chart)) => Some(chart.reference.to_string()),
            Self::Known(Known::Files(files)) => Some(files.reference.to_string()),
            Self::Known(Known::Packages(packages)) => Some(packages.reference.to_string()),
            Self::Known(Known::Mirror(mirror)) => Some(mirror.reference.to_string()),
            Self::Unknown(_) => None,
        }
    }

    /// The artifact's manifest or index.
    pub fn descriptor(&self) -> Option<&Descriptor> {
        match self {
            Self::Known(Known::Image(image)) => Some(&image.descriptor),
            Self::Known(Known::Chart(chart)) => Some(&chart.descriptor),
            Self::Known(Known::Files(files)) => Some(&files.descriptor),
            Self::Known(Known::Packages(packages)) => Some(&packages.descriptor),
            Self::Known(Known::Mirror(mirror)) => Some(&mirror.descriptor),
            Self::Unknown(_) => None,
        }
    }

    /// The manifests that go with it.
    pub fn attached(&self) -> &[Descriptor] {
        match self {
            Self::Known(Known::Image(image)) => &image.attached,
            Self::Known(Known::Chart(chart)) => &chart.attached,
            Self::Known(Known::Files(_) | Known::Packages(_) | Known::Mirror(_)) | Self::Unknown(_) => &[],
        }
    }

    /// The image, if it is one.
    pub fn as_image(&self) -> Option<&Image> {
        if let Self::Known(Known::Image(image)) = self { Some(image) } else { None }
    }

    /// The chart, if it is one.
    pub fn as_chart(&self) -> Option<&Chart> {
        if let Self::Known(Known::Chart(chart)) = self { Some(chart) } else { None }
    }

    /// The files, if it is a set of them.
    pub fn as_files(&self) -> Option<&Files> {
        if let Self::Known(Known::Files(files)) = self { Some(files) } else { None }
    }

    /// The mirror, if it is one.
    pub fn as_mirror(&self) -> Option<&Mirror> {
        if let Self::Known(Known::Mirror(mirror)) = self { Some(mirror) } else { None }
    }

    /// The packages, if it is a set of them.
    pub fn as_packages(&self) -> Option<&Packages> {
        if let Self::Known(Known::Packages(packages)) = self { Some(packages) } else { None }
    }
}

impl From<Image> for Item {
    fn from(image: Image) -> Self {
        Self::Known(Known::Image(image))
    }
}

impl From<Chart> for Item {
    fn from(chart: Chart) -> Self {
        Self::Known(Known::Chart(chart))
    }
}

impl From<Files> for Item {
    fn from(files: Files) -> Self {
        Self::Known(Known::Files(files))
    }
}

impl From<Packages> for Item {
    fn from(packages: Packages) -> Self {
        Self::Known(Known::Packages(packages))
    }
}

impl From<Mirror> for Item {
    fn from(mirror: Mirror) -> Self {
        Self::Known(Known::Mirror(mirror))
    }
}
