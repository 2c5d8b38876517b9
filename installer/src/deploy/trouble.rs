//! What the cluster says of a component that does not become ready. Nothing here fails: what can't be had is left out.

use serde_json::Value;

use super::api::{Api, Place};
use super::judge::holds;
use super::objects::{Component, HELM_NAMESPACE};
use super::wait::{job_name, job_of};
use crate::host::Said;

/// How many lines of a job's log are told.
const LOG_LINES: usize = 8;
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
            let selector = format!("labelSelector=job-name%3D{}", job_name(release));
            lines.extend(waiting(api, HELM_NAMESPACE, &selector).await);
            lines.extend(log(api, &selector).await);
        }
    }
    let lines: Vec<String> = lines.iter().map(|line| line.chars().take(LINE).collect()).collect();
    Said::lines(&lines.join("\n"))
}

/// The last warnings of a namespace.
async fn events(api: &Api, namespace: &str) -> Vec<String> {
    let place = Place::known("api/v1", namespace, "events");
    let mut events = api.list(&place, "fieldSelector=type%3DWarning").await.unwrap_or_default();
    events.sort_by_key(|event| text(&event["lastTimestamp"]));
    let last = events.len().saturating_sub(EVENTS);
    let tell = |event: &Value| {
        let (object, message) = (&event["involvedObject"], text(&event["message"]).replace('\n', " "));
        format!("{} {}: {message}", text(&object["kind"]), text(&object["name"]))
    };
    events[last..].iter().map(tell).collect()
}

/// What the containers of pods wait for: an image that can't be pulled, a program that ends again and again.
async fn waiting(api: &Api, namespace: &str, selector: &str) -> Vec<String> {
    let pods = api.list(&Place::known("api/v1", namespace, "pods"), selector).await.unwrap_or_default();
    let tell = |pod: &Value| {
        let status = &pod["status"];
        let lists = [&status["initContainerStatuses"], &status["containerStatuses"]];
        let containers = lists.into_iter().filter_map(Value::as_array).flatten();
        let waiting = containers.map(|container| &container["state"]["waiting"]).find(|state| !state.is_null())?;
        let message = text(&waiting["message"]).replace('\n', " ");
        Some(format!("pod {}: {} {message}", text(&pod["metadata"]["name"]), text(&waiting["reason"])))
    };
    pods.iter().filter_map(tell).take(PODS).collect()
}

/// The last lines of the last pod of a job.
async fn log(api: &Api, selector: &str) -> Vec<String> {
    let place = Place::known("api/v1", HELM_NAMESPACE, "pods");
    let pods = api.list(&place, selector).await.unwrap_or_default();
    let Some(pod) = pods.iter().max_by_key(|pod| text(&pod["metadata"]["creationTimestamp"])) else {
        return Vec::new();
    };
    let log = api.log(&place, &text(&pod["metadata"]["name"]), LOG_LINES).await.unwrap_or_default();
    log.lines().map(str::to_owned).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
