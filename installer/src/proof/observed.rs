//! The images that a cluster holds: what its pods run, what its workloads will run, what its nodes have pulled.

use std::collections::BTreeMap;

use manifests::Digest;
use serde_json::Value;

use crate::deploy::api::{Api, ApiError, Place};

/// The lists of containers in the spec of a pod, and what its status says of each.
const CONTAINERS: [(&str, &str); 3] = [
    ("initContainers", "initContainerStatuses"),
    ("containers", "containerStatuses"),
    ("ephemeralContainers", "ephemeralContainerStatuses"),
];
/// What makes pods.
const WORKLOADS: [(&str, &str, &str); 7] = [
    ("apis/apps/v1", "replicasets", "ReplicaSet"),
    ("apis/batch/v1", "jobs", "Job"),
    ("apis/apps/v1", "deployments", "Deployment"),
    ("apis/apps/v1", "statefulsets", "StatefulSet"),
    ("apis/apps/v1", "daemonsets", "DaemonSet"),
    ("apis/batch/v1", "cronjobs", "CronJob"),
    ("api/v1", "replicationcontrollers", "ReplicationController"),
];

/// An image, and who wants it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// Its name, as whoever wants it has it.
    pub image: String,
    /// What it is, as a node says.
    pub content: Option<Digest>,
    /// Who wants it: `Deployment shop/web`.
    pub owner: String,
}

/// Asks a cluster for all images.
///
/// # Errors
/// [`ApiError`] when it can't be asked.
pub async fn images(api: &Api) -> Result<Vec<Use>, ApiError> {
    let mut gathered = Gathered::default();
    for (group, plural, kind) in WORKLOADS {
        api.each(&Place::everywhere(group, plural), |object| gathered.workload(kind, &object)).await?;
    }
    api.each(&Place::everywhere("api/v1", "pods"), |pod| gathered.pod(&pod)).await?;
    api.each(&Place::everywhere("api/v1", "nodes"), |node| gathered.node(&node)).await?;
    Ok(gathered.uses)
}

#[derive(Debug, Default)]
struct Gathered {
    uses: Vec<Use>,
    /// Who made what made the pods.
    makers: BTreeMap<String, String>,
}

impl Gathered {
    fn workload(&mut self, kind: &str, object: &Value) {
        let me = full_name(kind, object);
        if let Some(maker) = maker(object) {
            self.makers.insert(me, maker);
            return;
        }
        let template = if kind == "CronJob" { &object["spec"]["jobTemplate"]["spec"] } else { &object["spec"] };
        let spec = &template["template"]["spec"];
        for container in CONTAINERS.iter().flat_map(|(list, _)| items(&spec[*list])) {
            self.add(&container["image"], None, me.clone());
        }
    }

    fn pod(&mut self, pod: &Value) {
        let mut owner = maker(pod).unwrap_or_else(|| full_name("Pod", pod));
        while let Some(maker) = self.makers.get(&owner) {
            owner.clone_from(maker);
        }
        for (containers, statuses) in CONTAINERS {
            let statuses = || items(&pod["status"][statuses]);
            for container in items(&pod["spec"][containers]) {
                let status = statuses().find(|status| status["name"] == container["name"]);
                let content = status.and_then(|status| content(status["imageID"].as_str()?));
                self.add(&container["image"], content, owner.clone());
            }
        }
    }

    /// What a node holds, also if nothing runs of it. It names the largest ones, some fifty of them.
    fn node(&mut self, node: &Value) {
        let owner = full_name("Node", node);
        for image in items(&node["status"]["images"]) {
            let names = || items(&image["names"]).filter_map(Value::as_str);
            let content = names().find_map(content);
            for name in names().filter(|name| !name.contains('@') && !name.starts_with("sha256:")) {
                self.add(&Value::from(name), content, owner.clone());
            }
        }
    }

    fn add(&mut self, image: &Value, content: Option<Digest>, owner: String) {
        let Some(image) = image.as_str().map(str::to_owned) else { return };
        self.uses.push(Use { image, content, owner });
    }
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// The digest in `docker.io/library/a@sha256:…` or `sha256:…`.
fn content(id: &str) -> Option<Digest> {
    id.rsplit('@').next()?.parse().ok()
}

/// `Deployment shop/web`, `Node node-1`.
fn full_name(kind: &str, object: &Value) -> String {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    match object["metadata"]["namespace"].as_str() {
        Some(namespace) => format!("{kind} {namespace}/{name}"),
        None => format!("{kind} {name}"),
    }
}

/// Who made an object, in the same form.
fn maker(object: &Value) -> Option<String> {
    let owner = items(&object["metadata"]["ownerReferences"]).find(|owner| owner["controller"] == true)?;
    let (kind, name) = (owner["kind"].as_str()?, owner["name"].as_str()?);
    // Pods of the node's own are owned by the node.
    let namespace = object["metadata"]["namespace"].as_str().filter(|_| kind != "Node");
    Some(namespace.map_or_else(|| format!("{kind} {name}"), |namespace| format!("{kind} {namespace}/{name}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn owned(kind: &str, name: &str) -> Value {
        json!([{"kind": kind, "name": name, "controller": true}])
    }

    #[test]
    fn every_container_counts_and_the_owner_is_who_began_it() {
        let mut gathered = Gathered::default();
        let replicas =
            json!({"metadata": {"namespace": "shop", "name": "web-1", "ownerReferences": owned("Deployment", "web")}});
        gathered.workload("ReplicaSet", &replicas);
        let content = Digest::of(b"content");
        gathered.pod(&json!({
            "metadata": {"namespace": "shop", "name": "web-1-x", "ownerReferences": owned("ReplicaSet", "web-1")},
            "spec": {
                "initContainers": [{"name": "first", "image": "init:1"}],
                "containers": [{"name": "main", "image": "main:1"}, {"name": "side", "image": "side:1"}],
                "ephemeralContainers": [{"name": "debug", "image": "debug:1"}],
            },
            "status": {
                "initContainerStatuses": [{"name": "first", "imageID": content.to_string()}],
                "containerStatuses": [{"name": "main", "imageID": format!("docker.io/library/main@{content}")}],
            },
        }));
        let found: Vec<_> = gathered.uses.iter().map(|one| (one.image.as_str(), one.content)).collect();
        assert_eq!(found, [("init:1", Some(content)), ("main:1", Some(content)), ("side:1", None), ("debug:1", None)]);
        assert!(gathered.uses.iter().all(|one| one.owner == "Deployment shop/web"), "{gathered:?}");
    }

    #[test]
    fn what_has_not_run_yet_and_what_runs_no_more_counts_as_well() {
        let mut gathered = Gathered::default();
        gathered.workload("CronJob", &json!({
            "metadata": {"namespace": "shop", "name": "nightly"},
            "spec": {"jobTemplate": {"spec": {"template": {"spec": {"containers": [{"name": "a", "image": "backup:2"}]}}}}},
        }));
        let content = Digest::of(b"content");
        gathered.node(&json!({
            "metadata": {"name": "node-1"},
            "status": {"images": [{"names": [format!("docker.io/library/old@{content}"), "docker.io/library/old:1"]}]},
        }));
        gathered.pod(&json!({
            "metadata": {"namespace": "kube-system", "name": "etcd-node-1", "ownerReferences": owned("Node", "node-1")},
            "spec": {"containers": [{"name": "etcd", "image": "etcd:3"}]},
        }));
        let found: Vec<_> = gathered.uses.iter().map(|one| (one.owner.as_str(), one.image.as_str())).collect();
        assert_eq!(
            found,
            [
                ("CronJob shop/nightly", "backup:2"),
                ("Node node-1", "docker.io/library/old:1"),
                ("Node node-1", "etcd:3"),
            ]
        );
        assert_eq!(gathered.uses[1].content, Some(content));
    }
}
