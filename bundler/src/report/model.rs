//! The report as data: what the page, the Markdown and the JSON say. docs/json-output.md describes its fields.

mod evidence;
mod inside;

use std::collections::BTreeMap;

use jiff::Timestamp;
use manifests::signature::{Rejected, Signer};
use manifests::{BundleName, Digest, ImageReference, Platform};
use serde::Serialize;

pub use evidence::{Applied, Decided, Evidence, Finding, Off, Referred, Rendered, Seen, Verified, Waived};
pub use inside::{Advisories, Counts, Inside, LicenceCount, LookedInto, System};

use super::by_hand::Step;
use super::text::{Size, Text};
use crate::compare::Comparison;

/// What a security officer wants to know of a bundle.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// What it is.
    pub bundle: About,
    /// Who signed it.
    pub trust: Trust,
    /// What its components are deployed on; none for a bundle that only carries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<Deployment>,
    /// What it is made of, the largest part first. The sizes add up to those of all blobs.
    pub parts: Vec<Part>,
    /// The images.
    pub images: Vec<Image>,
    /// The charts.
    pub charts: Vec<Chart>,
    /// The files.
    pub files: Vec<File>,
    /// The packages, by series.
    pub packages: Vec<Packages>,
    /// Repositories that are carried whole.
    pub mirrors: Vec<Mirror>,
    /// Items of kinds that this version does not know.
    pub unknown: Vec<Text>,
    /// What is inside the images; none where they were not looked into, and nothing is claimed.
    pub inside: Option<Inside>,
    /// What changed since another bundle; none where none was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<Comparison>,
    /// What the build saw and judged; none where it wrote nothing of that down, and nothing is known.
    pub evidence: Option<Evidence>,
    /// Why the evidence can't be told, though there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence_problem: Option<Text>,
    /// How to check it with stock tools.
    pub by_hand: Vec<Step>,
}

/// What a bundle is.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct About {
    /// Its name.
    pub name: BundleName,
    /// Its version.
    pub version: Text,
    /// When it was defined.
    pub created: Timestamp,
    /// The digest of `bundle.json`: its identity.
    pub digest: Digest,
    /// Bytes of the archive, over the volumes that are there.
    pub archive_size: Size,
    /// Bytes of all blobs before they are stored.
    pub content_size: Size,
    /// How many blobs there are.
    pub blobs: usize,
    /// Its files by their names, without their folders.
    pub files: Vec<Text>,
    /// How many volumes it has; 0 for a bundle in one file.
    pub volumes: u32,
    /// The names of volumes that are not there.
    pub missing: Vec<Text>,
    /// For a delta: the bundle that a site must hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<Base>,
}

/// The bundle that a delta is made against.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Base {
    /// Its name.
    pub name: BundleName,
    /// Its version.
    pub version: Text,
    /// The digest of its `bundle.json`.
    pub digest: Digest,
    /// Whether it is the one that the changes are told against.
    pub compared: bool,
}

/// Who signed a bundle.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Trust {
    /// Whether enough signatures count. False also when nobody asked.
    pub verified: bool,
    /// Who signed.
    pub signers: Vec<Signer>,
    /// Signatures that don't count.
    pub ignored: Vec<Rejected>,
    /// The file that says whose signatures count; none when nobody asked.
    pub against: Option<Text>,
    /// How many different signers it takes.
    pub threshold: u32,
    /// How many signatures the bundle carries, whether they count or not.
    pub signatures: usize,
}

/// What components are deployed on, and in which order.
#[derive(Debug, Clone, Serialize)]
pub struct Deployment {
    /// The distribution of Kubernetes.
    pub distribution: Text,
    /// Its version.
    pub version: Text,
    /// The components, in the order in which they go in.
    pub components: Vec<BundleName>,
}

/// What a part of a bundle is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PartKind {
    /// What one component asks for.
    Component,
    /// The packages of a series, for all components.
    Packages,
    /// A repository that is carried whole.
    Mirror,
    /// What several parts need.
    Shared,
    /// What says of no component that it asks for it.
    Other,
}

/// A part of a bundle.
#[derive(Debug, Clone, Serialize)]
pub struct Part {
    /// What it is.
    pub kind: PartKind,
    /// Its name: the component's, the series', the mirror's.
    pub name: Text,
    /// Bytes that no other part has.
    pub size: Size,
    /// How many images there are in it.
    pub images: usize,
    /// How many charts.
    pub charts: usize,
    /// How many files.
    pub files: usize,
    /// How many packages.
    pub packages: usize,
    /// The licences that its images and charts say they have.
    pub licences: Vec<Text>,
    /// What is in it, the largest first, with the bytes that nothing before it has.
    #[serde(skip)]
    pub items: Vec<(Text, Size)>,
}

/// An image.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Image {
    /// Its original name.
    pub reference: ImageReference,
    /// The component that asks for it.
    pub component: Option<Text>,
    /// The image whose content is served under its name, where that is another one.
    pub pulled_from: Option<ImageReference>,
    /// Its manifest or index.
    pub digest: Digest,
    /// The platforms that are carried.
    pub platforms: Vec<Platform>,
    /// Bytes of all that is carried of it; none where a volume is missing.
    pub size: Option<Size>,
    /// Signatures, attestations and SBOMs that stood beside it upstream and are carried.
    pub attached: Vec<Attached>,
    /// Signatures that were verified when the bundle was built.
    pub verified: Vec<Verified>,
    /// The licences that it says it has.
    pub licences: Vec<Text>,
    /// What it says of its origin: `source`, `revision`, `vendor`.
    pub labels: BTreeMap<&'static str, Text>,
}

/// Something that stood beside an image or a chart upstream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Attached {
    /// What it is.
    pub kind: AttachedKind,
    /// What its registry calls it.
    pub is: Text,
    /// Its manifest.
    pub digest: Digest,
}

/// What stood beside an image or a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AttachedKind {
    /// A signature.
    Signature,
    /// A statement about it, such as how it was built.
    Attestation,
    /// A list of what is in it.
    Sbom,
    /// Something else.
    Other,
}

/// A chart.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Chart {
    /// Its name.
    pub name: Text,
    /// Its version.
    pub version: Text,
    /// Where the site has it.
    pub reference: ImageReference,
    /// The component that asks for it.
    pub component: Option<Text>,
    /// Where it came from; none for one on disk.
    pub repository: Option<Text>,
    /// Its archive.
    pub archive: Digest,
    /// Bytes of all that is carried of it; none where a volume is missing.
    pub size: Option<Size>,
    /// Its provenance file, which holds a signature.
    pub provenance: Option<Digest>,
    /// Signatures and the like that stood beside it upstream and are carried.
    pub attached: Vec<Attached>,
    /// Signatures that were verified when the bundle was built.
    pub verified: Vec<Verified>,
    /// The licence that it says it has.
    pub licences: Vec<Text>,
}

/// A file.
#[derive(Debug, Clone, Serialize)]
pub struct File {
    /// The component that it belongs to.
    pub component: Text,
    /// Its path in the set of its component.
    pub path: Text,
    /// Its content.
    pub digest: Digest,
    /// Its bytes.
    pub size: Size,
    /// Where it came from; none for one on disk.
    pub source: Option<Text>,
    /// Signatures that were verified when the bundle was built.
    pub verified: Vec<Verified>,
}

/// The packages of a series.
#[derive(Debug, Clone, Serialize)]
pub struct Packages {
    /// The series.
    pub series: Text,
    /// The architectures of nodes.
    pub architectures: Vec<Text>,
    /// The bytes of all packages.
    pub size: Size,
    /// How many are asked for; the others are there because these need them.
    pub wanted: usize,
    /// The profiles of nodes that they are complete for.
    pub profiles: Vec<Text>,
    /// Why apt was not asked whether they are complete; none where it was.
    pub unproved: Option<Text>,
    /// The packages.
    pub packages: Vec<Package>,
}

/// A package.
#[derive(Debug, Clone, Serialize)]
pub struct Package {
    /// Its name.
    pub name: Text,
    /// Its version.
    pub version: Text,
    /// Its architecture.
    pub architecture: Text,
    /// Its bytes.
    pub size: Size,
    /// The `.deb`.
    pub digest: Digest,
    /// The components that ask for it; none for one that others need.
    pub components: Vec<Text>,
}

/// A repository that is carried whole.
#[derive(Debug, Clone, Serialize)]
pub struct Mirror {
    /// Its name at the site.
    pub name: BundleName,
    /// Where it came from.
    pub source: Text,
    /// Its suites, with the dates at which upstream made them.
    pub suites: Vec<Text>,
    /// How many packages it has.
    pub packages: u64,
    /// Their bytes.
    pub size: Size,
    /// The key that signs it.
    pub key: Digest,
}
