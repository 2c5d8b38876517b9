//! The shape of `component.yaml`. What stands as documentation here is what an editor shows beside a field.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::deployment::{NamespaceShape, ReadyShape, ReleaseShape, SiteCaShape, SiteCredentialsShape};
use super::git::GitShape;
use super::image_list::ImageListShape;
use super::judgement::{ComponentDecision, LineOfText, OffersShape, WaiverShape};
use super::packages::{ComponentRepository, PackageShape};
use super::values::{ApiVersion, ChartRange, ImageName, LocalPath, Sha256, WebUrl};
use crate::component::{KernelModule, SysctlName, SysctlValue};
use crate::{BundleName, Platform};

/// A component: one system, with the images, charts, files and packages that it needs.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields, title = "component.yaml")]
pub struct ComponentFile {
    /// The version of this format.
    pub api_version: ApiVersion,
    /// The kind of this file.
    pub kind: ComponentKind,
    /// The component's name.
    pub name: BundleName,
    /// What it is, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The version of the system, for people to read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The licences of the system, as SPDX expressions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub licenses: Vec<SpdxExpression>,
    /// Its home, and where its source is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// What of it can't work without the internet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offline: Vec<LackShape>,
    /// The platforms that its images are carried for; without it those of the stack.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub platforms: Vec<Platform>,
    /// The images that are carried.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<ImageShape>,
    /// Artifacts of registries that are no images: rules, databases, packages of other systems.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<ImageShape>,
    /// Lists of images that upstream publishes: all of their images are carried.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub image_lists: Vec<ImageListShape>,
    /// The Helm charts that are carried.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub charts: Vec<ChartShape>,
    /// The files that are carried.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileShape>,
    /// The git repositories that are carried.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub git: Vec<GitShape>,
    /// The packages that it needs on the nodes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<PackageShape>,
    /// Repositories that its packages come from, beside those of the systems.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repositories: Vec<ComponentRepository>,
    /// The components that have to be ready before it goes in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<BundleName>,
    /// The namespace that it is deployed to; without it one of the component's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<NamespaceShape>,
    /// Files of Kubernetes' objects, applied before the charts are installed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub manifests: Vec<ManifestPath>,
    /// What has to hold before it counts as ready, beside its own workloads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ready: Vec<ReadyShape>,
    /// ConfigMaps in which its pods look for the CA of the site's server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site_ca: Option<SiteCaShape>,
    /// Secrets in which its pods look for the user and password of the site's server, as for pulling images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site_credentials: Option<SiteCredentialsShape>,
    /// Modules of the kernel that are loaded on every node.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kernel_modules: Vec<KernelModule>,
    /// Settings of the kernel that are set on every node.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sysctls: BTreeMap<SysctlName, SysctlValue>,
    /// What it brings for others, beyond what its charts are seen to install.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provides: Option<OffersShape>,
    /// What it relies on, beyond what its charts are seen to use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wants: Option<OffersShape>,
    /// What is said of texts in its charts that may be images.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<ComponentDecision>,
    /// Findings about it that are let pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waivers: Vec<WaiverShape>,
}

/// A licence, or several, as SPDX writes them: `MIT OR Apache-2.0`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct SpdxExpression(
    #[schemars(regex(pattern = r"^[A-Za-z0-9.+() -]*[A-Za-z0-9.+()-][A-Za-z0-9.+() -]*$"))] pub String,
);

/// The address of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Link(
    #[schemars(regex(pattern = r"^https://[^\s@/?#]+([/?#]|$)"))]
    pub String,
);

/// Something that can't work without the internet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct LackShape {
    /// What does not work.
    pub lacks: LineOfText,
    /// What takes its place.
    pub instead: LineOfText,
}

/// A file of Kubernetes' objects on disk, relative to the folder of this file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct ManifestPath(#[schemars(regex(pattern = r"\.ya?ml$"))] pub String);

/// The kind of a component's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub enum ComponentKind {
    /// A component.
    Component,
}

/// An image: its reference alone, or with options.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ImageShape {
    /// The reference.
    Reference(ImageName),
    /// With options.
    WithOptions(ImageWithOptions),
}

/// An image with options.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ImageWithOptions {
    /// The name under which the site will ask for it.
    pub image: ImageName,
    /// The platforms to carry; without it those of the component.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub platforms: Vec<Platform>,
    /// Whether signatures, attestations and SBOMs are carried along: true if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attachments: Option<bool>,
    /// The image, folder or archive that it comes from; without it the registry of its reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<SourceShape>,
}

/// Where an image comes from, if not from its registry.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum SourceShape {
    /// The registry of another image.
    Image(OtherImage),
    /// A folder.
    OciLayout(OciLayout),
    /// A tar.
    OciArchive(OciArchive),
    /// A tar of docker's own.
    DockerArchive(DockerArchive),
}

/// An image of a registry, whose content is served under the other's name.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct OtherImage {
    /// The image.
    pub image: ImageName,
}

/// A folder with an OCI image layout.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct OciLayout {
    /// The folder.
    pub oci_layout: LocalPath,
    /// The name or tag that the image has in there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A tar of an OCI image layout, as `ctr images export` writes it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct OciArchive {
    /// The tar.
    pub oci_archive: LocalPath,
    /// The name or tag that the image has in there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A tar as `docker save` writes it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct DockerArchive {
    /// The tar.
    pub docker_archive: LocalPath,
    /// The name or tag that the image has in there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A Helm chart.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ChartShape {
    /// From a chart repository or a registry.
    FromRepository(ChartFromRepository),
    /// From disk.
    OnDisk(ChartOnDisk),
}

/// A chart from a chart repository or a registry.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ChartFromRepository {
    /// The chart's name, as its `Chart.yaml` has it.
    #[schemars(regex(pattern = r"^[a-z0-9]+([._-]+[a-z0-9]+)*$"))]
    pub name: String,
    /// The chart repository (`https://…`), or the registry and the path above the chart (`oci://…`).
    #[schemars(regex(pattern = r"^(https?|oci)://[^\s@/?#]+([/?#]|$)"))]
    pub repository: String,
    /// The version, or a range.
    pub version: ChartRange,
    /// Why it is not looked through for images; without it, it is.
    #[serde(rename = "withoutDiscovery", skip_serializing_if = "Option::is_none")]
    pub without_discovery: Option<LineOfText>,
    /// How it is installed.
    #[serde(flatten)]
    pub release: ReleaseShape,
}

/// A chart from disk.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ChartOnDisk {
    /// The chart's name, as its `Chart.yaml` has it.
    #[schemars(regex(pattern = r"^[a-z0-9]+([._-]+[a-z0-9]+)*$"))]
    pub name: String,
    /// The chart's folder or its packed `.tgz`.
    pub path: LocalPath,
    /// Why it is not looked through for images; without it, it is.
    #[serde(rename = "withoutDiscovery", skip_serializing_if = "Option::is_none")]
    pub without_discovery: Option<LineOfText>,
    /// How it is installed.
    #[serde(flatten)]
    pub release: ReleaseShape,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum FileShape {
    /// From a web server.
    FromUrl(FileFromUrl),
    /// From disk.
    OnDisk(FileOnDisk),
}

/// A file from a web server.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct FileFromUrl {
    /// The path under which the site will have it.
    #[schemars(regex(pattern = r"^[^/\\]+(/[^/\\]+)*$"))]
    pub path: String,
    /// The URL.
    pub url: WebUrl,
    /// What it must be; without it a lock says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
    /// The path of another file of the component, a list of checksums that has its SHA-256.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[^/\\]+(/[^/\\]+)*$"))]
    pub checksums: Option<String>,
}

/// A file from disk.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct FileOnDisk {
    /// The path under which the site will have it.
    #[schemars(regex(pattern = r"^[^/\\]+(/[^/\\]+)*$"))]
    pub path: String,
    /// The file on disk.
    pub file: LocalPath,
    /// What it must be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
    /// The path of another file of the component, a list of checksums that has its SHA-256.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[^/\\]+(/[^/\\]+)*$"))]
    pub checksums: Option<String>,
}
