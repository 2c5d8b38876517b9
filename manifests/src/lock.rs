//! A lock: what everything that a stack asks for was resolved to, so that the same bundle can be built again. Written by
//! `airgap-bundle lock` as `<stack>.lock.yaml`, beside the stack; reviewed and committed by people. `docs/lock.md` is the
//! reference.
//!
//! A lock names content by its digest, and says where it is asked for and where it was found. It holds no content: what
//! upstream has dropped can't be built any more, unless an earlier bundle or a cache has it.

mod discovery;
mod packages;
mod place;
mod read;

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::component::{GitCommit, GitName, GitRef, Lfs, Submodules};
use crate::schema::ApiVersion;
use crate::yaml::{Problems, SourceFile};
use crate::{BundleName, Digest, ImageReference, Platform};

pub use discovery::{
    LockedCombinations, LockedCommits, LockedDiscovery, LockedFailure, LockedList, LockedManifestFile, LockedReference,
    LockedRendering, LockedThing, LockedUse, ThingKind,
};
pub use packages::{
    LockedBase, LockedMirror, LockedPackage, LockedRepository, LockedRequest, LockedSigned, LockedSuite, LockedSystem,
};
pub use place::{Place, PlaceError};
pub use read::FILE_SIZE;

/// The version of the format that is written.
pub const VERSION: u64 = 1;

/// What a stack was resolved to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "stack.lock.yaml")]
pub struct Lock {
    /// The version of the vocabulary.
    pub api_version: ApiVersion,
    /// The kind of this file.
    pub kind: LockKind,
    /// The version of this format: 1.
    pub version: u64,
    /// The name of the stack.
    pub stack: BundleName,
    /// The images, in the order of their references.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<LockedImage>,
    /// The charts, in the order of their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub charts: Vec<LockedChart>,
    /// The files, in the order of components and paths.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<LockedFile>,
    /// The git repositories, in the order of components and names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub git: Vec<LockedGit>,
    /// The packages, for each series.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub systems: Vec<LockedSystem>,
    /// Repositories that are carried whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mirrors: Vec<LockedMirror>,
    /// What charts, manifests, lists and git repositories were seen to refer to; none where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discovery: Option<LockedDiscovery>,
}

/// The kind of a lock's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum LockKind {
    /// A lock.
    Lock,
}

/// An image, and the digest that its name stood for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LockedImage {
    /// Its original name.
    #[schemars(with = "String")]
    pub image: ImageReference,
    /// The component that asks for it.
    pub component: BundleName,
    /// Where it is asked for.
    pub asked: Place,
    /// The platforms that are wanted.
    pub platforms: Vec<Platform>,
    /// Those of them that upstream does not make it for: it is carried without.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<Platform>,
    /// Whether signatures, attestations and SBOMs are left out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_attachments: bool,
    /// The image, layout or archive that it comes from; none where it comes from the registry that its name says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The manifest or index.
    #[schemars(with = "String", regex(pattern = "^sha256:[0-9a-f]{64}$"))]
    pub digest: Digest,
    /// Where it was found, if its component does not list it: the templates, manifests and lists that name it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub found: Vec<String>,
    /// Bytes of everything that is carried of it.
    pub size: u64,
    /// For an index: the manifests of the platforms that are carried.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub manifests: Vec<LockedManifest>,
    /// What is carried beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attached: Vec<LockedAttachment>,
}

/// The manifest of a platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LockedManifest {
    /// The platform.
    pub platform: Platform,
    /// The manifest.
    #[schemars(with = "String", regex(pattern = "^sha256:[0-9a-f]{64}$"))]
    pub digest: Digest,
}

/// A signature, an attestation or an SBOM that stands beside an image or a chart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LockedAttachment {
    /// Its manifest.
    #[schemars(with = "String", regex(pattern = "^sha256:[0-9a-f]{64}$"))]
    pub digest: Digest,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// What its registry said of it; for one that was found by a tag, the tag.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// A chart, and the version that its range stood for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LockedChart {
    /// Its name.
    pub chart: String,
    /// The component that asks for it.
    pub component: BundleName,
    /// Where it is asked for.
    pub asked: Place,
    /// Where it comes from: the URL of a chart repository, a repository of a registry (`oci://…`), or a path on disk.
    pub from: String,
    /// The version or range that is asked for; none for a chart on disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted: Option<String>,
    /// The version that it is.
    pub version: String,
    /// Where it was found; none for a chart on disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<FoundChart>,
    /// Its archive.
    #[schemars(with = "String", regex(pattern = "^sha256:[0-9a-f]{64}$"))]
    pub digest: Digest,
    /// Bytes of everything that is carried of it.
    pub size: u64,
    /// Its provenance file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", regex(pattern = "^sha256:[0-9a-f]{64}$"))]
    pub provenance: Option<Digest>,
}

/// Where a chart was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum FoundChart {
    /// The archive that the index of its repository names, as it is written there.
    Archive(String),
    /// An artifact of a registry.
    Artifact(LockedArtifact),
}

/// An artifact of a registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LockedArtifact {
    /// Its name, with the tag.
    #[schemars(with = "String")]
    pub reference: ImageReference,
    /// Its manifest.
    #[schemars(with = "String", regex(pattern = "^sha256:[0-9a-f]{64}$"))]
    pub digest: Digest,
    /// What is carried beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attached: Vec<LockedAttachment>,
}

/// A file and its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LockedFile {
    /// Its path within the set of its component.
    pub file: String,
    /// The component that asks for it.
    pub component: BundleName,
    /// Where it is asked for.
    pub asked: Place,
    /// Its URL, or its path on disk.
    pub from: String,
    /// Its content.
    #[schemars(with = "String", regex(pattern = "^sha256:[0-9a-f]{64}$"))]
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
}

/// A git repository, and the commit that its branch or tag stood for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LockedGit {
    /// Its name at the site.
    pub git: GitName,
    /// The component that asks for it.
    pub component: BundleName,
    /// Where it is asked for.
    pub asked: Place,
    /// Its URL, or its path on disk.
    pub from: String,
    /// The branch or tag that is wanted, or `HEAD`.
    pub wanted: GitRef,
    /// The commit that the stack names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<GitCommit>,
    /// Branches and tags that are wanted beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub beside: Vec<GitRef>,
    /// What becomes of files in LFS, where they are not refused.
    #[serde(default, skip_serializing_if = "is_default")]
    pub lfs: Lfs,
    /// What becomes of submodules, where they are not refused.
    #[serde(default, skip_serializing_if = "is_default")]
    pub submodules: Submodules,
    /// The whole name of the branch or tag that its `HEAD` is.
    pub head: GitRef,
    /// The commit that this is at.
    pub commit: GitCommit,
    /// What is carried, by its whole name; of a tag with a message, the tag.
    pub refs: BTreeMap<GitRef, GitCommit>,
    /// The version of git that packed it.
    pub packed_by: String,
    /// The file that it is packed in.
    #[schemars(with = "String", regex(pattern = "^sha256:[0-9a-f]{64}$"))]
    pub digest: Digest,
    /// The size of that file in bytes.
    pub size: u64,
    /// What it keeps in LFS, where that is carried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_lfs: Option<LockedLfs>,
}

/// The files that a git repository keeps in LFS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LockedLfs {
    /// The URL of the server that has them, or the folder on disk.
    pub from: String,
    /// All of them, in the order of their digests.
    pub objects: Vec<LockedObject>,
}

/// A file in LFS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LockedObject {
    /// Its content.
    #[schemars(with = "String", regex(pattern = "^sha256:[0-9a-f]{64}$"))]
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Lock {
    /// A lock of a stack of this name, which holds nothing yet.
    pub fn new(stack: BundleName) -> Self {
        Self {
            api_version: ApiVersion::V1,
            kind: LockKind::Lock,
            version: VERSION,
            stack,
            images: Vec::new(),
            charts: Vec::new(),
            files: Vec::new(),
            git: Vec::new(),
            systems: Vec::new(),
            mirrors: Vec::new(),
            discovery: None,
        }
    }

    /// Reads a lock. What it says of upstream is not checked; that is done where it is used.
    ///
    /// # Errors
    /// [`Problems`]: what is wrong with it, at its place.
    pub fn parse(file: &Arc<SourceFile>) -> Result<Self, Problems> {
        read::read(file)
    }

    /// The lock as it stands in a file: sorted, without comments, the same for the same lock.
    pub fn to_yaml(&self) -> String {
        // Texts, numbers, lists and maps of texts can be written always.
        let options = serde_yaml::ser_options! { prefer_block_scalars: false };
        let mut text = String::new();
        let written = serde_yaml::to_fmt_writer_with_options(&mut text, self, options);
        debug_assert!(written.is_ok(), "{written:?}");
        text
    }
}
