//! How a component is deployed, beyond what is carried for it.

use std::path::PathBuf;

use super::KernelNeeds;
use crate::BundleName;
use crate::document::{FailurePolicy, Namespace, Readiness, SiteCa, SiteCredentials};
use crate::kubernetes::{NamespaceName, ReleaseName};
use crate::values::Values;
use crate::yaml::Location;

/// How a component is deployed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Deployment {
    /// The components that have to be ready before it goes in.
    pub needs: Vec<Need>,
    /// Its namespace, if it says one.
    pub namespace: Option<Namespace>,
    /// Its files of Kubernetes' objects, as paths in its set of files.
    pub manifests: Vec<String>,
    /// What has to hold before it counts as ready, beside its own workloads.
    pub ready: Vec<Readiness>,
    /// Where its pods look for the CA of the site's server.
    pub site_ca: Vec<SiteCa>,
    /// Where its pods look for the user and password of the site's server.
    pub site_credentials: Vec<SiteCredentials>,
    /// What it needs of the kernel of every node.
    pub kernel: KernelNeeds,
}

/// A component that another needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Need {
    /// The component.
    pub component: BundleName,
    /// Where it is named.
    pub location: Location,
}

/// How a chart is installed.
#[derive(Debug, Clone, PartialEq)]
pub struct WantedRelease {
    /// The release's name; without it the chart's.
    pub name: Option<ReleaseName>,
    /// Its namespace; without it the component's.
    pub namespace: Option<NamespaceName>,
    /// Its values.
    pub values: Values,
    /// Other values that it is installed with at some sites.
    pub variants: Vec<ValuesVariant>,
    /// What of its values only the site knows.
    pub site_values: Vec<SiteValue>,
    /// The file that they are in instead, relative to the folder of the file that names it.
    pub values_file: Option<ValuesFile>,
    /// What becomes of it when it fails.
    pub failure_policy: FailurePolicy,
    /// How long it may take, in seconds.
    pub timeout: u32,
    /// Whether it is needed before nodes are ready.
    pub bootstrap: bool,
}

/// Values that a chart is installed with at some sites, over those of its release.
#[derive(Debug, Clone, PartialEq)]
pub struct ValuesVariant {
    /// Its name: unique among those of the release.
    pub name: BundleName,
    /// The values.
    pub values: Values,
    /// Where its name stands.
    pub location: Location,
}

/// A value that only the site knows.
#[derive(Debug, Clone, PartialEq)]
pub struct SiteValue {
    /// The names on the way to it, with dots between them: `auth.host`.
    pub path: String,
    /// What stands in its place where the chart is rendered without a site.
    pub placeholder: Option<serde_json::Value>,
    /// All that a site may say; empty where the chart's schema tells, or where it may be anything.
    pub one_of: Vec<serde_json::Value>,
    /// Where its path stands.
    pub location: Location,
}

/// A file of values.
#[derive(Debug, Clone, PartialEq)]
pub struct ValuesFile {
    /// The file.
    pub path: PathBuf,
    /// Where it is named.
    pub location: Location,
}

impl super::WantedChart {
    /// The name of its release, unless it is not installed or the chart's name is none that a release can have.
    pub fn release_name(&self) -> Option<ReleaseName> {
        let release = self.release.as_ref()?;
        release.name.clone().or_else(|| self.name.parse().ok())
    }
}

impl Deployment {
    /// The component's own namespace: that which it says, else that of its name.
    pub fn own_namespace(&self, component: &BundleName) -> NamespaceName {
        self.namespace.as_ref().map_or_else(|| NamespaceName::from(component), |namespace| namespace.name.clone())
    }
}
