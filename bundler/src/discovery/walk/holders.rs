//! Objects that have others applied which stand in them.

use super::documents::is_object;
use super::{Walk, custom};
use crate::discovery::Object;
use crate::discovery::yaml::Tree;

/// The group and the kind, and the way to the list.
const HOLDERS: [(&str, &str, &str); 3] = [
    ("fluxcd.controlplane.io", "ResourceSet", "spec.resources"),
    ("work.open-cluster-management.io", "ManifestWork", "spec.workload.manifests"),
    ("work.open-cluster-management.io", "ManifestWorkReplicaSet", "spec.manifestWorkTemplate.workload.manifests"),
];

/// The objects that stand in one.
pub(super) fn held<'t>(object: &Object, tree: &'t Tree) -> &'t [Tree] {
    let list = way(object).and_then(|way| tree.at(&way.split('.').collect::<Vec<_>>()));
    list.map(Tree::items).filter(|items| items.iter().all(is_object)).unwrap_or_default()
}

fn way(object: &Object) -> Option<&'static str> {
    let is_it =
        |(group, kind, _): &&(&str, &str, &str)| custom::group(&object.api_version) == *group && object.kind == *kind;
    HOLDERS.iter().find(is_it).map(|(.., way)| *way)
}

impl Walk<'_> {
    /// Whether a field holds objects, each of which is gone through by itself.
    pub(super) fn is_held(&self, key: &str, value: &Tree) -> bool {
        let is_list =
            |way: &str| way.strip_suffix(key).and_then(|above| above.strip_suffix('.')) == Some(self.path.shape());
        way(&self.object).is_some_and(is_list) && value.items().iter().all(is_object)
    }
}
