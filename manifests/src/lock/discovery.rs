//! What charts, manifests and git repositories were seen to refer to, and what they were rendered from: as long as that is the same, nothing is
//! rendered again.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Place;
use crate::component::{GitCommit, GitName, GitRef};
use crate::evidence::{OffImage, SeenObject, Sighting};
use crate::{BundleName, Digest, ImageReference};

/// What was seen in charts, manifests and git repositories.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LockedDiscovery {
    /// The version of the rules by which it was looked for.
    pub rules: u64,
    /// The version of Kubernetes that charts were rendered for.
    pub kubernetes: String,
    /// What its API was taken to have beside Kubernetes' own and what the charts bring.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub apis: Vec<String>,
    /// What was rendered, in the order of components and charts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rendered: Vec<LockedRendering>,
    /// The manifests of components that were read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub manifests: Vec<LockedManifestFile>,
    /// The lists of images that were read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lists: Vec<LockedList>,
    /// The git repositories that were looked through.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub git: Vec<LockedCommits>,
    /// A digest of all that follows: what was lost of it, by hand or when two branches were merged, is noticed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub seen: Option<Digest>,
    /// The images that were seen, in the order of their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<LockedReference>,
    /// Images that charts know of and do not ask for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub off: Vec<OffImage>,
    /// What objects rely on, in the order of kinds and names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uses: Vec<LockedUse>,
    /// What is installed that objects may rely on, in the order of kinds and names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub installs: Vec<LockedThing>,
    /// What could not be looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<LockedFailure>,
    /// Charts that were not rendered with all combinations of what sites may say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unrendered: Vec<LockedCombinations>,
}

impl LockedDiscovery {
    /// With the digest of what was seen.
    #[must_use]
    pub fn sealed(self) -> Self {
        Self { seen: self.digest(), ..self }
    }

    /// Whether it holds all that was seen when it was written, and nothing else.
    pub fn is_whole(&self) -> bool {
        self.seen.is_some() && self.seen == self.digest()
    }

    fn digest(&self) -> Option<Digest> {
        let Self { references, off, uses, installs, failures, unrendered, .. } = self;
        serde_json::to_vec(&(references, off, uses, installs, failures, unrendered))
            .ok()
            .map(|bytes| Digest::of(&bytes))
    }

    /// Whether there was anything to look through.
    pub fn is_of_something(&self) -> bool {
        !(self.rendered.is_empty() && self.manifests.is_empty() && self.lists.is_empty() && self.git.is_empty())
    }
}

/// A chart, and what it was rendered from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LockedRendering {
    /// The component that asks for it.
    pub component: BundleName,
    /// The chart's name.
    pub chart: String,
    /// Its version.
    pub version: String,
    /// The name of the release; none for a chart that is only carried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// Its namespace.
    pub namespace: String,
    /// Where it is asked for.
    pub asked: Place,
    /// Its archive.
    #[schemars(with = "String", regex(pattern = "^sha256:[0-9a-f]{64}$"))]
    pub archive: Digest,
    /// Its values, with all that a site may say instead.
    #[schemars(with = "String", regex(pattern = "^sha256:[0-9a-f]{64}$"))]
    pub values: Digest,
    /// The ways in which it was rendered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<String>,
}

/// A file of a component's objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LockedManifestFile {
    /// The component that applies it.
    pub component: BundleName,
    /// Its path in the component's set of files.
    pub file: String,
    /// Its content.
    #[schemars(with = "String", regex(pattern = "^sha256:[0-9a-f]{64}$"))]
    pub digest: Digest,
}

/// A list of images.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LockedList {
    /// The component that asks for it.
    pub component: BundleName,
    /// Its URL, or its path on disk.
    pub list: String,
    /// Where it is asked for.
    pub asked: Place,
    /// Its content.
    #[schemars(with = "String", regex(pattern = "^sha256:[0-9a-f]{64}$"))]
    pub digest: Digest,
    /// What of it is taken, and what its placeholders stand for.
    #[schemars(with = "String", regex(pattern = "^sha256:[0-9a-f]{64}$"))]
    pub choice: Digest,
}

/// A git repository, at the commits whose files were read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LockedCommits {
    /// The component that carries it.
    pub component: BundleName,
    /// Its name at the site.
    pub git: GitName,
    /// The commit that its `HEAD` is at.
    pub commit: GitCommit,
    /// What else is carried, by its whole name; of a tag with a message, the tag.
    pub refs: BTreeMap<GitRef, GitCommit>,
}

/// An image that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LockedReference {
    /// Its complete name.
    #[schemars(with = "String")]
    pub image: ImageReference,
    /// Where it was seen.
    pub seen: Vec<Sighting>,
}

/// Of which kind something is that objects rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ThingKind {
    /// A version of a kind of objects: `cert-manager.io/v1/Certificate`.
    Api,
    /// A definition of custom resources: `certificates.cert-manager.io`.
    Crd,
    /// A class of storage.
    StorageClass,
    /// A class of ingresses.
    IngressClass,
    /// A chart that the cluster fetches by itself.
    Chart,
    /// A git repository that the cluster fetches by itself, by its URL.
    Git,
    /// Something else that a command in a pod fetches from outside, by its URL.
    Download,
}

/// Something that is installed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LockedThing {
    /// Its kind.
    pub kind: ThingKind,
    /// Its name.
    pub name: String,
    /// The component that installs it.
    pub component: BundleName,
    /// Whether it is the class that is taken where none is named.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub default: bool,
}

/// Something that objects rely on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LockedUse {
    /// Its kind.
    pub kind: ThingKind,
    /// Its name; none for the class that is the default one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// For a chart: where it is fetched from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// For a chart: the version or range; for a repository: the branch, tag or commit. None for any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The component whose object does.
    pub component: BundleName,
    /// The chart of the object; none for one of a manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chart: Option<String>,
    /// The object.
    pub object: SeenObject,
    /// The file that it stands in.
    pub file: String,
}

/// Something that could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LockedFailure {
    /// The component.
    pub component: BundleName,
    /// The chart, the file or the list.
    pub of: String,
    /// For a file or a chart of a git repository: its name at the site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git: Option<GitName>,
    /// For a chart: the release that it was rendered as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// The way in which it could not be rendered; none for its own values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Whether it is because of the version of Kubernetes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refuses_kubernetes: bool,
    /// What is wrong.
    pub reason: String,
    /// What helps.
    pub help: String,
}

/// A chart that was rendered with some of the combinations of what sites may say.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LockedCombinations {
    /// The component.
    pub component: BundleName,
    /// The chart.
    pub chart: String,
    /// The release that it was rendered as.
    pub release: String,
    /// The values that sites may say several things for.
    pub values: Vec<String>,
    /// How many combinations were rendered.
    pub rendered: u64,
    /// How many there are.
    pub of: u64,
}
