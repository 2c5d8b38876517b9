//! What is gathered, as pages of text.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::deploy::api::{Api, Place};
use crate::engine::chain;
use crate::host::{Command, Host};

const NODE: &str = include_str!("node.sh");
/// How long a node may take to tell all that.
const PATIENCE: Duration = Duration::from_secs(120);
/// How much of what a node says is kept, in bytes: the end of it.
const NODE_SIZE: usize = 4 << 20;
/// How much of a file of the jump host is kept, in bytes: the end of it.
const FILE_SIZE: usize = 8 << 20;
/// What the cluster is asked for. No secrets and no ConfigMaps: what is in those is the site's own.
const ASKED: [(&str, &str); 11] = [
    ("api/v1", "nodes"),
    ("api/v1", "namespaces"),
    ("api/v1", "pods"),
    ("api/v1", "events"),
    ("api/v1", "persistentvolumeclaims"),
    ("apis/apps/v1", "deployments"),
    ("apis/apps/v1", "daemonsets"),
    ("apis/apps/v1", "statefulsets"),
    ("apis/batch/v1", "jobs"),
    ("apis/apiregistration.k8s.io/v1", "apiservices"),
    ("apis/storage.k8s.io/v1", "storageclasses"),
];

/// A page of what is gathered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Its path in the archive.
    pub path: String,
    /// What it says; secrets may still be in it.
    pub text: String,
}

/// What the jump host keeps.
pub fn of_state(state: &Path) -> Vec<Page> {
    let files = ["journal.jsonl", "site.json", "serving.json", "floors.json", "known_hosts", "cluster/record.json"];
    let mut pages: Vec<Page> = files.iter().filter_map(|name| page(state, name)).collect();
    let generations = std::fs::read_dir(state.join("generations")).into_iter().flatten().flatten();
    let mut names: Vec<String> = generations.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    pages.extend(names.iter().filter_map(|name| page(state, &format!("generations/{name}/receipt.json"))));
    pages
}

fn page(state: &Path, name: &str) -> Option<Page> {
    let bytes = std::fs::read(state.join(name)).ok()?;
    let from = bytes.len().saturating_sub(FILE_SIZE);
    Some(Page { path: format!("jump/{name}"), text: String::from_utf8_lossy(&bytes[from..]).into_owned() })
}

/// What a node says of itself; why it says nothing, if so.
pub async fn of_node(host: &dyn Host, units: &[&str]) -> Page {
    let mut command = Command::script("say how it is", NODE, units).within(PATIENCE);
    command.kept = NODE_SIZE;
    let text = match host.run(&command).await {
        Ok(output) => String::from_utf8_lossy(&output.stdout).into_owned(),
        Err(error) => format!("{}\n", chain(&error)),
    };
    Page { path: format!("nodes/{}.txt", host.name()), text }
}

/// Takes the values of environment variables out of an object, and the copy of it all that kubectl keeps: a password may be
/// among them, whatever its variable is called.
fn hide_values(object: &mut Value) {
    match object {
        Value::Object(fields) => {
            fields.remove("kubectl.kubernetes.io/last-applied-configuration");
            for (name, field) in fields {
                match field {
                    Value::Array(variables) if name == "env" => {
                        let values = variables.iter_mut().filter_map(|variable| variable.get_mut("value"));
                        values.for_each(|value| *value = Value::from(super::redact::REDACTED));
                    }
                    other => hide_values(other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hide_values),
        _ => {}
    }
}

/// What the cluster says, kind by kind.
pub async fn of_cluster(api: &Api) -> Vec<Page> {
    let mut pages = Vec::new();
    for (group, kind) in ASKED {
        let mut objects = Vec::new();
        let asked = api.each(&Place::everywhere(group, kind), |object| objects.push(object)).await;
        let mut text = String::new();
        for mut object in objects {
            // Who changed which field when is longer than the object.
            if let Some(metadata) = object["metadata"].as_object_mut() {
                metadata.remove("managedFields");
            }
            hide_values(&mut object);
            text.push_str(&format!("{object}\n"));
        }
        if let Err(error) = asked {
            text.push_str(&format!("{}\n", chain(&error)));
        }
        pages.push(Page { path: format!("cluster/{kind}.jsonl"), text });
    }
    pages
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_values_of_variables_are_not_shown_wherever_they_stand() {
        let mut pod = json!({"metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "hunter2"}},
            "spec": {"containers": [{"env": [{"name": "DB", "value": "hunter2"}, {"name": "POD", "valueFrom": {}}]}]}});
        hide_values(&mut pod);
        let shown = pod.to_string();
        assert!(!shown.contains("hunter2") && shown.contains("valueFrom") && shown.contains("DB"), "{shown}");
    }
}
