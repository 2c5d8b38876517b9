//! The shape of `stack.yaml`. What stands as documentation here is what an editor shows beside a field.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::component::{ChartShape, FileShape, ImageShape};
use super::deployment::{DistributionShape, ValuesMapping};
use super::git::GitShape;
use super::image_list::ImageListShape;
use super::judgement::{OffersShape, StackDecision, WaiverShape};
use super::packages::{MirrorShape, PackageShape, SystemShape};
use super::trust::TrustShape;
use super::values::{ApiVersion, ChartRange, Date, ImageName, LocalPath, WebUrl};
use crate::kubernetes::ReleaseName;
use crate::{BundleName, Platform};

/// A stack: which components go into a bundle, with which changes, under which name and version.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields, title = "stack.yaml")]
pub struct StackFile {
    /// The version of this format.
    pub api_version: ApiVersion,
    /// The kind of this file.
    pub kind: StackKind,
    /// The name of the stack and of its bundles. Versions of one name replace each other at a site.
    pub name: BundleName,
    /// The version of the stack, a semantic version: `1.4.0`.
    #[schemars(regex(pattern = r"^[0-9]+\.[0-9]+\.[0-9]+([-+].+)?$"))]
    pub version: String,
    /// What it is, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When this version was defined. It is signed with the bundle; SOURCE_DATE_EPOCH takes its place where it is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Date>,
    /// A stack that this one extends: its file, relative to this file's folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extends: Option<LocalPath>,
    /// Stacks whose content this one takes over: components, images, charts, files, packages, and what is said of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<LocalPath>,
    /// The platforms that images are carried for; without it `linux/amd64`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub platforms: Vec<Platform>,
    /// The components.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<ComponentShape>,
    /// Sets of components of which one is taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choose: Vec<ChoiceShape>,
    /// Which component is taken, by the names of the sets.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub choices: BTreeMap<BundleName, BundleName>,
    /// Components of other stacks that this one leaves out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<BundleName>,
    /// Images of the stack's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<ImageShape>,
    /// Artifacts of registries that are no images: rules, databases, packages of other systems.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<ImageShape>,
    /// Lists of images that upstreams publish: all of their images are carried.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub image_lists: Vec<ImageListShape>,
    /// Charts of the stack's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub charts: Vec<ChartShape>,
    /// Files of the stack's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileShape>,
    /// Git repositories of the stack's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub git: Vec<GitShape>,
    /// Packages of the stack's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<PackageShape>,
    /// What the nodes run, each series once: packages are carried for each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub systems: Vec<SystemShape>,
    /// Repositories of packages that are carried whole, with upstream's signatures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mirrors: Vec<MirrorShape>,
    /// The distribution of Kubernetes that the components are deployed on; without it bundles only carry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distribution: Option<DistributionShape>,
    /// What its nodes and its site have, whatever components bring.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provides: Option<OffersShape>,
    /// What is said of texts in what charts render that may be images.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<StackDecision>,
    /// Findings that are let pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waivers: Vec<WaiverShape>,
    /// What must be signed upstream, and by whom.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trust: Vec<TrustShape>,
    /// How registries are reached, by their host (and port).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub registries: BTreeMap<String, RegistryShape>,
}

/// The kind of a stack's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub enum StackKind {
    /// A stack.
    Stack,
}

/// A set of components of which one is taken.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct ChoiceShape {
    /// What is chosen.
    pub name: BundleName,
    /// The components; without a choice the first is taken.
    #[schemars(length(min = 2))]
    pub one_of: Vec<ComponentShape>,
}

/// A component: its name or file alone, or with changes.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ComponentShape {
    /// A name (`<name>.yaml` in a folder `components/` beside the stack or above it), or a file relative to the stack.
    Named(#[schemars(length(min = 1))] String),
    /// With changes.
    Changed(ChangedComponent),
}

/// A component with changes.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ChangedComponent {
    /// A name (`<name>.yaml` in a folder `components/` beside the stack or above it), or a file relative to the stack.
    #[schemars(length(min = 1))]
    pub component: String,
    /// The variant of its values that this stack takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<BundleName>,
    /// What this stack changes among its images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub images: Option<ImageChanges>,
    /// Charts of it that this stack takes in another version.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub charts: Vec<ChartChange>,
    /// Values over those of its releases, by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<ReleaseName, ValuesMapping>,
}

/// What a stack changes among a component's images.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ImageChanges {
    /// Images to carry too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub add: Vec<ImageShape>,
    /// Images to leave out, as the component writes them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<ImageName>,
    /// Images to carry in the place of others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replace: Vec<Replacement>,
}

/// An image in the place of another.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Replacement {
    /// The image that the component asks for.
    pub image: ImageName,
    /// The image to carry instead.
    pub with: ImageShape,
}

/// Another version of a chart.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ChartChange {
    /// The chart's name.
    pub name: String,
    /// The version, or a range.
    pub version: ChartRange,
}

/// How a registry is reached. Credentials have no place here: `docker login` keeps them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct RegistryShape {
    /// Mirrors that are asked first, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mirrors: Vec<WebUrl>,
    /// Certificates (PEM) that are trusted beside the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<LocalPath>,
    /// The certificate (PEM) that the client shows; needs `clientKey`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_cert: Option<LocalPath>,
    /// The key (PEM) of `clientCert`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_key: Option<LocalPath>,
    /// Whether the registry is spoken to without TLS.
    #[serde(rename = "plainHTTP", skip_serializing_if = "Option::is_none")]
    pub plain_http: Option<bool>,
    /// Whether the registry's certificate goes unchecked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub insecure_skip_verify: Option<bool>,
    /// Requests at a time.
    #[schemars(range(min = 1, max = 64))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u16>,
}
