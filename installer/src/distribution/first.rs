//! What servers have applied from their own disk when they start: what the site says to the distribution's own parts.
//!
//! The distribution applies what it finds in a folder. It does not take back what is no longer found there, so each object says
//! that it is of these ([`MANIFEST`]), and what the site has taken back can be told from it.

use manifests::Site;
use serde_json::{Value, json};

use super::{Bundled, Distribution, Interfaces, charts, kube_vip};

/// The label with the name of the manifest, by which objects are found.
pub const MANIFEST: &str = "airgap/manifest";

/// Of what kinds the objects are: group and version, and kind.
pub const KINDS: [(&str, &str); 5] = [
    ("helm.cattle.io/v1", "HelmChartConfig"),
    ("apps/v1", "DaemonSet"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"),
    ("rbac.authorization.k8s.io/v1", "Role"),
    ("v1", "ServiceAccount"),
];

/// A manifest.
#[derive(Debug, Clone, PartialEq)]
pub struct FirstManifest {
    /// Its name, without the ending of its file: so the distribution calls it, too.
    pub name: &'static str,
    /// What is in it; nothing: there is none.
    pub objects: Vec<Value>,
}

impl FirstManifest {
    /// All that a site may have, in the order of their names. `interfaces` are those of its nodes.
    pub fn all(distribution: &dyn Distribution, bundled: &Bundled, site: &Site, interfaces: &Interfaces) -> [Self; 2] {
        let manifest = |name, objects: Vec<Value>| Self {
            name,
            objects: objects.into_iter().map(|one| marked(one, name)).collect(),
        };
        [
            manifest("airgap-charts", charts::objects(distribution, site, interfaces)),
            manifest("airgap-kube-vip", kube_vip::objects(site, bundled.kube_vip(), interfaces)),
        ]
    }

    /// Its text.
    ///
    /// # Errors
    /// When it can't be written as YAML.
    pub fn text(&self) -> Result<String, serde_yaml::ser::Error> {
        let documents: Vec<String> = self.objects.iter().map(serde_yaml::to_string).collect::<Result<_, _>>()?;
        Ok(documents.join("---\n"))
    }
}

fn marked(mut object: Value, name: &str) -> Value {
    object["metadata"]["labels"][MANIFEST] = json!(name);
    object
}
