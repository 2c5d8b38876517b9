//! What is looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use manifests::component::{GitName, ImageChoice, SiteValue, ValuesVariant};
use manifests::kubernetes::{DistributionName, DistributionVersion, NamespaceName, ReleaseName};
use manifests::values::Values;
use manifests::{BundleName, Digest};

use super::inventory::Api;
use super::removed;

/// What is looked at: everything of a stack that may ask for images.
#[derive(Debug, Clone)]
pub struct Request {
    /// The cluster that it is for.
    pub cluster: Cluster,
    /// The charts.
    pub charts: Vec<ChartRequest>,
    /// Files of Kubernetes' objects.
    pub manifests: Vec<ManifestRequest>,
    /// Lists of images that upstreams publish.
    pub lists: Vec<ListRequest>,
    /// Git repositories that are carried, and may be deployed from.
    pub repositories: Vec<RepositoryRequest>,
}

/// A cluster, as far as charts ask for it.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// The version of Kubernetes that it says of itself, with the distribution's part: `1.30.6+rke2r1`.
    pub kubernetes: semver::Version,
    /// What its API has beside Kubernetes' own and beside what the charts and files bring.
    pub apis: BTreeSet<Api>,
    /// Groups of kinds that it is only said to have, in whatever version.
    pub groups: BTreeSet<String>,
}

impl Cluster {
    /// All that charts may ask for of it, as Helm takes it. Of a group whose versions nobody says, the usual ones are there: a
    /// chart that asks for one of them shall show what it has then.
    pub fn versions(&self) -> impl Iterator<Item = String> {
        let known = self.apis.iter().flat_map(|api| [api.version.clone(), api.to_string()]);
        let own = removed::kinds(self.kubernetes.minor).map(str::to_owned);
        let usual = ["v1", "v1beta1", "v1alpha1"];
        known
            .chain(own)
            .chain(self.groups.iter().flat_map(move |group| usual.map(|version| format!("{group}/{version}"))))
    }

    /// A new cluster of a distribution. Both have Helm's controller, and RKE2 brings the definitions of snapshots.
    pub fn of(version: &DistributionVersion) -> Self {
        let shown = version.to_string();
        let kubernetes = shown.strip_prefix('v').and_then(|text| text.parse().ok());
        let api = |version: &str, kind: &str| Api { version: version.to_owned(), kind: kind.to_owned() };
        let mut apis = vec![api("helm.cattle.io/v1", "HelmChart"), api("helm.cattle.io/v1", "HelmChartConfig")];
        if version.distribution() == DistributionName::Rke2 {
            let kinds = ["VolumeSnapshot", "VolumeSnapshotClass", "VolumeSnapshotContent"];
            apis.extend(kinds.map(|kind| api("snapshot.storage.k8s.io/v1", kind)));
        }
        let apis = apis.into_iter().collect();
        Self { kubernetes: kubernetes.unwrap_or_else(|| version.kubernetes().clone()), apis, groups: BTreeSet::new() }
    }
}

/// A chart that is rendered.
#[derive(Debug, Clone)]
pub struct ChartRequest {
    /// The component that asks for it.
    pub component: BundleName,
    /// The chart's name.
    pub chart: String,
    /// The release that it is rendered as. For a chart that is only carried: one that it could have.
    pub release: ReleaseName,
    /// The namespace of the release.
    pub namespace: NamespaceName,
    /// Its archive, with the charts that it depends on.
    pub archive: PathBuf,
    /// The archive's digest.
    pub digest: Digest,
    /// The values of the release: the component's under the stack's.
    pub values: Values,
    /// Other values that are put over these at some sites.
    pub variants: Vec<ValuesVariant>,
    /// What of its values only the site knows.
    pub site_values: Vec<SiteValue>,
    /// Where it lies, if that is in a git repository.
    pub folder: Option<ChartFolder>,
}

/// The folder of a chart in a git repository.
#[derive(Debug, Clone)]
pub struct ChartFolder {
    /// The repository's name at the site.
    pub repository: GitName,
    /// The folder in it.
    pub folder: String,
    /// All files beside it, for each commit that has the same chart there.
    pub trees: Vec<Arc<TreeRequest>>,
}

/// A file of Kubernetes' objects that is applied as it is.
#[derive(Debug, Clone)]
pub struct ManifestRequest {
    /// The component that it is of.
    pub component: BundleName,
    /// Its name in the component's set of files.
    pub file: String,
    /// Where it is.
    pub path: PathBuf,
}

/// A git repository whose files are looked through.
#[derive(Debug, Clone)]
pub struct RepositoryRequest {
    /// The component that carries it.
    pub component: BundleName,
    /// Its name at the site.
    pub repository: GitName,
    /// The names under which objects may ask for it.
    pub places: Vec<String>,
    /// The files of each commit that has other ones.
    pub trees: Vec<TreeRequest>,
}

/// The files of a commit that may be objects, or that objects are made of.
#[derive(Debug, Clone, Default)]
pub struct TreeRequest {
    /// The branch or tag.
    pub at: String,
    /// Where each file is, by its path in the repository.
    pub files: BTreeMap<String, PathBuf>,
    /// Links, which are not followed.
    pub links: BTreeSet<String>,
    /// What can't be read, and why; all of it, where the path is empty.
    pub unread: BTreeMap<String, String>,
}

/// A list of images.
#[derive(Debug, Clone)]
pub struct ListRequest {
    /// The component that it is of.
    pub component: BundleName,
    /// Its file or URL, as people know it.
    pub list: String,
    /// Where it is.
    pub path: PathBuf,
    /// What stands for a placeholder in braces, such as `version`.
    pub placeholders: BTreeMap<String, String>,
    /// What of it is taken.
    pub choice: ImageChoice,
}
