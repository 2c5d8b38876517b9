//! What the cluster says of a component that does not become ready. Nothing here fails: what can't be had is left out.

use serde_json::Value;

use super::api::{Api, Place};
use super::judge::holds;
use super::objects::{Component, HELM_NAMESPACE};
use super::wait::{job_name, job_of};
use crate::host::Said;
use crate::support::Redactor;

/// How many lines of a job's log are told.
const LOG_LINES: usize = 8;
/// How many are read: what goes over several, such as a key, is known by its beginning.
const READ_LINES: usize = 100;
/// How many events of a namespace are told.
const EVENTS: usize = 4;
/// How many pods of a namespace are told of.
const PODS: usize = 4;
/// How long a line may be.
const LINE: usize = 300;

/// What events, pods and the jobs' logs say.
pub(super) async fn of(api: &Api, component: &Component) -> Said {
    let mut lines = Vec::new();
    for namespace in &component.namespaces {
        lines.extend(events(api, namespace).await);
        lines.extend(waiting(api, namespace, "").await);
    }
    for release in component.objects.iter().filter_map(|object| object.release.as_deref()) {
        let done = job_of(api, release).await.ok().flatten().is_some_and(|job| holds(&job, "Complete"));
        if !done {
            let selector = selector_of(release);
            lines.extend(waiting(api, HELM_NAMESPACE, &selector).await);
            lines.extend(log(api, &selector, &component.redactor).await);
        }
    }
    // Before they are cut: of a secret that is cut off nothing would be known.
    Said::lines(&cut(&component.redactor.redact(&lines.join("\n"))))
}

/// What the pods of the distribution's namespace that `selector` finds say, and the log of the last, without what looks like a secret.
pub(super) async fn of_pods(api: &Api, selector: &str) -> Said {
    let redactor = Redactor::default();
    let mut lines = waiting(api, HELM_NAMESPACE, selector).await;
    lines.extend(log(api, selector, &redactor).await);
    Said::lines(&cut(&redactor.redact(&lines.join("\n"))))
}

pub(super) fn selector_of(release: &str) -> String {
    format!("labelSelector=job-name%3D{}", job_name(release))
}

fn cut(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| line.chars().take(LINE).collect()).collect();
    lines.join("\n")
}

/// The last warnings of a namespace.
async fn events(api: &Api, namespace: &str) -> Vec<String> {
    let place = Place::known("api/v1", namespace, "events");
    let mut events = api.list(&place, "fieldSelector=type%3DWarning").await.unwrap_or_default();
    events.sort_by_key(time_of);
    let last = events.len().saturating_sub(EVENTS);
    let tell = |event: &Value| {
        let (object, message) = (&event["involvedObject"], text(&event["message"]).replace('\n', " "));
        format!("{} {}: {message}", text(&object["kind"]), text(&object["name"]))
    };
    events[last..].iter().map(tell).collect()
}

/// When an event was seen last. Some of them say it in a newer way, some say only when they were made.
fn time_of(event: &Value) -> String {
    let times = [
        &event["series"]["lastObservedTime"],
        &event["lastTimestamp"],
        &event["eventTime"],
        &event["metadata"]["creationTimestamp"],
    ];
    times.into_iter().find_map(Value::as_str).unwrap_or_default().to_owned()
}

/// Why a pod has no node to run on.
fn unscheduled(pod: &Value) -> Option<String> {
    let conditions = pod["status"]["conditions"].as_array()?;
    let condition = conditions.iter().find(|one| one["type"] == "PodScheduled" && one["status"] == "False")?;
    let message = text(&condition["message"]).replace('\n', " ");
    Some(format!("pod {}: {} {message}", text(&pod["metadata"]["name"]), text(&condition["reason"])))
}

/// What pods wait for: a node to run on, and their containers: an image that can't be pulled, a program that ends again and again.
async fn waiting(api: &Api, namespace: &str, selector: &str) -> Vec<String> {
    let pods = api.list(&Place::known("api/v1", namespace, "pods"), selector).await.unwrap_or_default();
    let tell = |pod: &Value| {
        if let Some(told) = unscheduled(pod) {
            return Some(told);
        }
        let status = &pod["status"];
        let lists = [&status["initContainerStatuses"], &status["containerStatuses"]];
        let containers = lists.into_iter().filter_map(Value::as_array).flatten();
        let waiting = containers.map(|container| &container["state"]["waiting"]).find(|state| !state.is_null())?;
        let message = text(&waiting["message"]).replace('\n', " ");
        Some(format!("pod {}: {} {message}", text(&pod["metadata"]["name"]), text(&waiting["reason"])))
    };
    pods.iter().filter_map(tell).take(PODS).collect()
}

/// The last lines of the last pod of a job, without secrets: templates print what they are given.
async fn log(api: &Api, selector: &str, redactor: &Redactor) -> Vec<String> {
    let place = Place::known("api/v1", HELM_NAMESPACE, "pods");
    let pods = api.list(&place, selector).await.unwrap_or_default();
    let Some(pod) = pods.iter().max_by_key(|pod| text(&pod["metadata"]["creationTimestamp"])) else {
        return Vec::new();
    };
    let log = api.log(&place, &text(&pod["metadata"]["name"]), READ_LINES).await.unwrap_or_default();
    let log = redactor.redact(&log);
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(LOG_LINES)..].iter().map(|line| (*line).to_owned()).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::deploy::fixture;

    #[tokio::test]
    async fn what_a_job_prints_of_secrets_is_not_told() {
        let key: String = (0..20).map(|line| format!("MIIEow{line:02}\n")).collect();
        let log = format!(
            "Error: cannot use \"correct horse\" (Y29ycmVjdCBob3JzZQ==) as a token\npassword: hunter2\n\
             -----BEGIN PRIVATE KEY-----\n{key}-----END PRIVATE KEY-----\nfailed\n"
        );
        let waits = json!({"name": "web", "state": {"waiting": {"reason": "Broken", "message": "of correct horse"}}});
        let pod = json!({"metadata": {"name": "web-1"}, "status": {"containerStatuses": [waits]}});
        let api = fixture::api([
            ("/api/v1/namespaces/shop/pods", json!({"items": [pod]})),
            ("/api/v1/namespaces/kube-system/pods", json!({"items": [{"metadata": {"name": "helm-install-web-x"}}]})),
            ("/api/v1/namespaces/kube-system/pods/helm-install-web-x/log", json!(log)),
        ]);
        let chart = json!({"apiVersion": "helm.cattle.io/v1", "kind": "HelmChart", "metadata": {"name": "web"}});
        let mut component = fixture::component(&[chart]);
        component.objects[0].release = Some("web".into());
        component.redactor.know("correct horse");
        let said = of(&api, &component).await.to_string();
        for told in ["Error: cannot use", "as a token", "pod web-1: Broken of", "failed"] {
            assert!(said.contains(told), "{told} is missing: {said}");
        }
        for secret in ["correct horse", "Y29ycmVjd", "hunter2", "MIIEow"] {
            assert!(!said.contains(secret), "{secret} is told: {said}");
        }
    }
}
