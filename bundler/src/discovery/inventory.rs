//! What charts bring and want beside images, for judging whether a bundle is complete.

use std::fmt;

use manifests::BundleName;
use serde::Serialize;

use super::sighting::{Object, Origin};

/// A version of a kind that a cluster's API has.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Api {
    /// The version, with its group: `cert-manager.io/v1`.
    pub version: String,
    /// The kind.
    pub kind: String,
}

impl fmt::Display for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.version, self.kind)
    }
}

/// Something that stands at a place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct At<T> {
    /// What it is.
    pub what: T,
    /// The component that it is in.
    pub component: BundleName,
    /// What of the component it is in.
    pub origin: Origin,
    /// The object that it is, or that names it.
    pub object: Object,
}

/// What is there beside images. Every list is sorted; of what several objects name, the first is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Inventory {
    /// Definitions of custom resources that are installed, by what they add to the API.
    pub definitions: Vec<At<Definition>>,
    /// Kinds that are none of Kubernetes' own and of which there are objects. Each kind once per component.
    pub kinds: Vec<At<Api>>,
    /// Storage classes that are made.
    pub storage_classes: Vec<At<Class>>,
    /// Storage classes that are asked for; `None` for the default one. Each once per component.
    pub wanted_storage: Vec<At<Option<String>>>,
    /// Ingress classes that are made.
    pub ingress_classes: Vec<At<Class>>,
    /// Ingress classes that are asked for; `None` for the default one. Each once per component.
    pub wanted_ingress: Vec<At<Option<String>>>,
    /// Parts of the API that a service of the cluster serves: `v1beta1.metrics.k8s.io`.
    pub api_services: Vec<At<String>>,
    /// Git repositories that controllers fetch.
    pub repositories: Vec<At<FetchedGit>>,
    /// URLs outside that commands in pods fetch. Each once per component.
    pub downloads: Vec<At<String>>,
    /// What charts say of the versions of Kubernetes that they are for.
    pub kubernetes: Vec<KubernetesRange>,
}

/// A git repository that is fetched at run time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FetchedGit {
    /// Its URL, as it is written.
    pub url: String,
    /// The branch, tag or commit; empty for any.
    pub revision: String,
}

/// A definition of custom resources.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Definition {
    /// Its name: `certificates.cert-manager.io`.
    pub name: String,
    /// The versions of the kind that it adds.
    pub apis: Vec<Api>,
}

/// A class of storage or ingress.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Class {
    /// Its name.
    pub name: String,
    /// Whether it is the one that is taken where none is named.
    pub default: bool,
}

/// The versions of Kubernetes that a chart is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KubernetesRange {
    /// The component that has the chart.
    pub component: BundleName,
    /// The chart's name.
    pub chart: String,
    /// What its Chart.yaml says as `kubeVersion`.
    pub range: String,
    /// Whether the cluster's version is in it; none where the range can't be read.
    pub holds: Option<bool>,
}
