//! The workloads of a component, told from those of others that share its namespaces.
//!
//! A workload is a component's own when it was applied, when one of its releases made it (Helm writes that on it), or when it is
//! owned by something that is: an operator makes it of an object that came with the component. What came any other way may be
//! broken for reasons that are none of the component's, so nobody waits for it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::api::{Api, ApiError, Place};
use super::inventory::Inventory;
use super::judge::lack;
use super::objects::{Component, ReleaseId};

/// What is looked at.
const WORKLOADS: &[(&str, &str, &str)] = &[
    ("apps/v1", "deployments", "Deployment"),
    ("apps/v1", "statefulsets", "StatefulSet"),
    ("apps/v1", "daemonsets", "DaemonSet"),
    ("batch/v1", "jobs", "Job"),
];
/// How far owners are followed: an operator's operator is rare, a circle is no owner.
const DEPTH: usize = 4;

/// What is not up in the namespaces of a component, each with what it lacks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Unready {
    /// Of the component itself.
    pub(super) own: Vec<String>,
    /// Of others.
    pub(super) beside: Vec<String>,
}

/// Looks at the workloads in a component's namespaces.
pub(super) async fn unready(api: &Api, component: &Component) -> Result<Unready, ApiError> {
    let mut unready = Unready::default();
    let family = Family::of(component);
    for namespace in family.namespaces() {
        for (api_version, plural, kind) in WORKLOADS {
            let place = Place::known(&format!("apis/{api_version}"), &namespace, plural);
            for workload in api.list(&place, "").await? {
                // Jobs that others begin, as by a timetable, are theirs.
                let begun = *kind == "Job" && !workload["metadata"]["ownerReferences"].is_null();
                let (false, Some(what)) = (begun, lack(kind, &workload)) else { continue };
                let name = workload["metadata"]["name"].as_str().unwrap_or_default();
                let is_own = family.has(api, (api_version, kind), &workload).await?;
                let of = if is_own { &mut unready.own } else { &mut unready.beside };
                of.push(format!("{kind} {namespace}/{name}: {what}"));
            }
        }
    }
    Ok(unready)
}

/// What a component has brought.
struct Family<'c> {
    component: &'c Component,
    applied: Inventory,
}

impl<'c> Family<'c> {
    fn of(component: &'c Component) -> Self {
        Self { component, applied: Inventory::wanted(component) }
    }

    /// Where its workloads can be.
    fn namespaces(&self) -> BTreeSet<String> {
        let own = self.component.namespaces.iter().cloned();
        let applied = self.applied.objects.iter().filter(|id| WORKLOADS.iter().any(|(.., kind)| *kind == id.kind));
        let released = self.component.releases.iter().map(|release| release.namespace.clone());
        own.chain(applied.filter_map(|id| id.namespace.clone())).chain(released).collect()
    }

    /// Whether an object, of a version and kind, is the component's own.
    async fn has(&self, api: &Api, (api_version, kind): (&str, &str), object: &Value) -> Result<bool, ApiError> {
        let mut asked = vec![(api_version.to_owned(), kind.to_owned(), object.clone(), 0)];
        while let Some((api_version, kind, object, depth)) = asked.pop() {
            if self.has_applied(&api_version, &kind, &object) || self.has_released(&object) {
                return Ok(true);
            }
            if depth < DEPTH {
                let owners = owners(api, &object).await?;
                asked
                    .extend(owners.into_iter().map(|(api_version, kind, owner)| (api_version, kind, owner, depth + 1)));
            }
        }
        Ok(false)
    }

    fn has_applied(&self, api_version: &str, kind: &str, object: &Value) -> bool {
        let text = |field: &str| object["metadata"][field].as_str();
        let Some(name) = text("name") else { return false };
        self.applied.has(api_version, kind, text("namespace"), name)
    }

    /// Whether one of its releases has made an object.
    fn has_released(&self, object: &Value) -> bool {
        let metadata = &object["metadata"];
        let said = |name: &str| metadata["annotations"][name].as_str();
        let by = (said("meta.helm.sh/release-name"), said("meta.helm.sh/release-namespace"));
        let is_it = |own: &ReleaseId| (Some(own.name.as_str()), Some(own.namespace.as_str())) == by;
        metadata["labels"]["app.kubernetes.io/managed-by"] == "Helm" && self.component.releases.iter().any(is_it)
    }
}

/// The owners of an object that are there, with their versions and kinds.
async fn owners(api: &Api, object: &Value) -> Result<Vec<(String, String, Value)>, ApiError> {
    let namespace = object["metadata"]["namespace"].as_str();
    let mut owners = Vec::new();
    for reference in object["metadata"]["ownerReferences"].as_array().into_iter().flatten() {
        let text = |field: &str| reference[field].as_str().unwrap_or_default();
        let (api_version, kind) = (text("apiVersion"), text("kind"));
        let Some(place) = api.place(api_version, kind, namespace).await? else { continue };
        let owner = api.get(&place, text("name")).await?;
        if let Some(owner) = owner.filter(|owner| owner["metadata"]["uid"] == reference["uid"]) {
            owners.push((api_version.to_owned(), kind.to_owned(), owner));
        }
    }
    Ok(owners)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::deploy::fixture;

    /// A workload that is not up, with more of its metadata.
    fn unready_one(name: &str, more: &Value) -> Value {
        let mut metadata = json!({"name": name, "namespace": "shop", "uid": name, "generation": 1});
        metadata.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"metadata": metadata, "spec": {"replicas": 1}, "status": {"observedGeneration": 1}})
    }

    fn by_helm(release: &str, namespace: &str) -> Value {
        json!({"labels": {"app.kubernetes.io/managed-by": "Helm"},
            "annotations": {"meta.helm.sh/release-name": release, "meta.helm.sh/release-namespace": namespace}})
    }

    fn owned_by(kind: &str, name: &str) -> Value {
        json!({"ownerReferences": [{"apiVersion": "example.org/v1", "kind": kind, "name": name, "uid": name}]})
    }

    #[tokio::test]
    async fn only_what_is_its_own_is_waited_for() {
        let deployments = [
            unready_one("applied", &json!({})),
            unready_one("released", &by_helm("web", "shop")),
            unready_one("of-another-release", &by_helm("other", "shop")),
            unready_one("of-one-elsewhere", &by_helm("web", "else")),
            unready_one("somebodys", &json!({})),
            unready_one("operated", &owned_by("Order", "first")),
            unready_one("operated-for-another", &owned_by("Order", "theirs")),
            unready_one("of-nothing", &owned_by("Nothing", "gone")),
        ];
        let order = |name: &str| json!({"metadata": {"name": name, "namespace": "shop", "uid": name}});
        let served = json!([{"kind": "Order", "name": "orders", "namespaced": true}]);
        let job = json!({"metadata": {"name": "nightly", "ownerReferences": [{"kind": "CronJob"}]}});
        let api = fixture::api([
            ("/apis/apps/v1/namespaces/shop/deployments", json!({"items": deployments})),
            ("/apis/batch/v1/namespaces/shop/jobs", json!({"items": [job]})),
            ("/apis/example.org/v1", json!({"resources": served})),
            ("/apis/example.org/v1/namespaces/shop/orders/first", order("first")),
            ("/apis/example.org/v1/namespaces/shop/orders/theirs", order("theirs")),
        ]);
        let component = fixture::component(&[
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "applied"}}),
            json!({"apiVersion": "example.org/v1", "kind": "Order", "metadata": {"name": "first"}}),
        ]);
        let names = |lacks: &[String]| {
            let names = lacks.iter().map(|lack| lack.split(['/', ':']).nth(1).unwrap().to_owned());
            names.collect::<Vec<_>>()
        };
        let found = unready(&api, &component).await.unwrap();
        assert_eq!(names(&found.own), ["applied", "released", "operated"]);
        let others = ["of-another-release", "of-one-elsewhere", "somebodys", "operated-for-another", "of-nothing"];
        assert_eq!(names(&found.beside), others);
    }
}
