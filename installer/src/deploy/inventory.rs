//! What a component has put into a cluster, as it is kept there: so that what a later bundle lacks can be taken off again, also
//! from a jump host that never saw the earlier one.
//!
//! A `ConfigMap` for each component. It is written before anything of a component is applied, with what was there and what
//! comes; what went is taken out at the end. So whoever is killed in between leaves nothing that nobody knows of.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::api::{Api, ApiError, Place};
use super::objects::{Component, Object};

/// Where the lists are.
const NAMESPACE: &str = "kube-system";
/// What their names begin with.
const PREFIX: &str = "airgap-component-";
/// The label with the component's name, by which they are found.
const LABEL: &str = "airgap/component";
/// The key of the list.
const KEY: &str = "inventory.json";

/// What a component has put in, and out of which bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Inventory {
    /// The component.
    pub component: String,
    /// The bundle's name.
    pub bundle: String,
    /// The bundle's version.
    pub version: String,
    /// Its objects, in the order in which they were applied.
    pub objects: Vec<Id>,
}

/// Which object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Id {
    /// Its group and version.
    pub api_version: String,
    /// Its kind.
    pub kind: String,
    /// Its namespace, if it said one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

/// An object whatever the version of its group: another version shows the same one.
type Same<'a> = (&'a str, &'a str, Option<&'a str>, &'a str);

impl Id {
    fn same(&self) -> Same<'_> {
        (group(&self.api_version), &self.kind, self.namespace.as_deref(), &self.name)
    }
}

fn group(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

/// Kinds that belong to no namespace, of those that stay where a component goes: they are shown without one.
const OF_THE_CLUSTER: &[&str] = &["Namespace", "CustomResourceDefinition", "PersistentVolume"];

impl From<&Object> for Id {
    fn from(object: &Object) -> Self {
        let in_none = OF_THE_CLUSTER.contains(&object.kind.as_str());
        Self {
            api_version: object.api_version.clone(),
            kind: object.kind.clone(),
            namespace: object.namespace.clone().filter(|_| !in_none),
            name: object.name.clone(),
        }
    }
}

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

impl Inventory {
    /// What a component shall have put in when it is ready.
    pub fn wanted(component: &Component) -> Self {
        Self {
            component: component.name.clone(),
            bundle: component.bundle.clone(),
            version: component.version.clone(),
            objects: component.objects.iter().map(Id::from).collect(),
        }
    }

    /// The objects of this one that `other` lacks.
    pub(super) fn beyond(&self, other: &Self) -> Vec<Id> {
        let known: BTreeSet<Same<'_>> = other.objects.iter().map(Id::same).collect();
        self.objects.iter().filter(|id| !known.contains(&id.same())).cloned().collect()
    }

    /// The same without what any of `others` has, too: it has only moved there.
    pub(super) fn without(&self, others: &[Self]) -> Self {
        let others: BTreeSet<Same<'_>> = others.iter().flat_map(|other| other.objects.iter().map(Id::same)).collect();
        let objects = self.objects.iter().filter(|id| !others.contains(&id.same())).cloned().collect();
        Self { objects, ..self.clone() }
    }

    /// Whether it has an object, whatever the version of its group; one that belongs to no namespace, whichever its own is said
    /// to be.
    pub(super) fn has(&self, api_version: &str, kind: &str, namespace: Option<&str>, name: &str) -> bool {
        let is_it = |id: &Id| {
            let namespace = namespace.or(id.namespace.as_deref());
            id.same() == (group(api_version), kind, namespace, name)
        };
        self.objects.iter().any(is_it)
    }

    /// This one, with what `former` has beside it in front.
    pub(super) fn with(&self, former: Option<&Self>) -> Self {
        let mut objects = former.map(|former| former.beyond(self)).unwrap_or_default();
        objects.extend(self.objects.iter().cloned());
        Self { objects, ..self.clone() }
    }

    /// That of a component, if it was ever put in.
    ///
    /// # Errors
    /// [`ApiError`] when the cluster can't be asked.
    pub async fn of(api: &Api, component: &str) -> Result<Option<Self>, ApiError> {
        let live = api.get(&place(), &format!("{PREFIX}{component}")).await?;
        Ok(live.as_ref().and_then(read).filter(|found| found.component == component))
    }

    /// Those of all components, by their names.
    ///
    /// # Errors
    /// [`ApiError`] when the cluster can't be asked.
    pub async fn all(api: &Api) -> Result<Vec<Self>, ApiError> {
        let mut all: Vec<Self> =
            api.list(&place(), &format!("labelSelector={LABEL}")).await?.iter().filter_map(read).collect();
        all.sort_by(|one, other| one.component.cmp(&other.component));
        Ok(all)
    }

    /// Keeps it in the cluster.
    pub(super) async fn keep(&self, api: &Api) -> Result<(), ApiError> {
        let name = format!("{PREFIX}{}", self.component);
        let content = json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": name, "namespace": NAMESPACE,
                "labels": {LABEL: self.component, "app.kubernetes.io/managed-by": "airgap-install"},
            },
            "data": {KEY: json!(self).to_string()},
        });
        api.apply(&place(), &name, &content).await
    }

    /// Forgets it: nothing of the component is there any more.
    pub(super) async fn forget(&self, api: &Api) -> Result<(), ApiError> {
        api.delete(&place(), &format!("{PREFIX}{}", self.component)).await
    }
}

fn place() -> Place {
    Place::known("api/v1", NAMESPACE, "configmaps")
}

/// A list out of its `ConfigMap`. One that somebody has changed so that it says nothing is none.
fn read(live: &Value) -> Option<Inventory> {
    serde_json::from_str(live["data"][KEY].as_str()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(api_version: &str, name: &str) -> Id {
        Id {
            api_version: api_version.into(),
            kind: "Ingress".into(),
            namespace: Some("shop".into()),
            name: name.into(),
        }
    }

    fn inventory(objects: &[Id]) -> Inventory {
        let (bundle, version) = ("plant".into(), "1.0.0".into());
        Inventory { component: "shop".into(), bundle, version, objects: objects.to_vec() }
    }

    #[test]
    fn an_object_of_another_version_of_its_group_is_the_same() {
        let old = inventory(&[id("networking.k8s.io/v1beta1", "a"), id("networking.k8s.io/v1beta1", "b")]);
        let new = inventory(&[id("networking.k8s.io/v1", "a")]);
        assert_eq!(old.beyond(&new), [id("networking.k8s.io/v1beta1", "b")]);
        assert_ne!(id("extensions/v1beta1", "a").same(), id("networking.k8s.io/v1", "a").same());
    }

    #[test]
    fn what_was_there_is_kept_in_mind_until_it_is_gone() {
        let old = inventory(&[id("networking.k8s.io/v1", "a"), id("networking.k8s.io/v1", "b")]);
        let new = inventory(&[id("networking.k8s.io/v1", "b"), id("networking.k8s.io/v1", "c")]);
        let names: Vec<_> = new.with(Some(&old)).objects.iter().map(|id| id.name.clone()).collect();
        assert_eq!(names, ["a", "b", "c"]);
        assert_eq!(new.with(None), new);
    }

    #[test]
    fn what_has_moved_to_another_component_is_not_taken_off() {
        let old = inventory(&[id("networking.k8s.io/v1", "a"), id("networking.k8s.io/v1", "b")]);
        let other = inventory(&[id("networking.k8s.io/v1beta1", "b")]);
        assert_eq!(old.without(&[other]).objects, [id("networking.k8s.io/v1", "a")]);
        assert_eq!(old.without(&[]), old);
    }

    #[test]
    fn what_is_kept_is_read_back_and_what_says_nothing_is_none() {
        let list = inventory(&[id("networking.k8s.io/v1", "a")]);
        let live = json!({"data": {KEY: json!(list).to_string()}});
        assert_eq!(read(&live), Some(list));
        assert_eq!(read(&json!({"data": {KEY: "{"}})), None);
        assert_eq!(read(&json!({})), None);
    }
}
