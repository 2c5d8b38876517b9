//! Waiting until what was applied is what it shall be.

use std::future::Future;
use std::time::Duration;

use manifests::document::{Readiness, WorkloadKind};
use miette::Diagnostic;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::api::{Api, ApiError, Place};
use super::judge::{holds, lack};
use super::objects::{Component, HELM_NAMESPACE, Object};
use super::{DeployError, REPLACES, trouble, workloads};
use crate::host::Said;

/// How often it is looked.
const INTERVAL: Duration = Duration::from_secs(2);
/// How long a definition may take until its kind is served.
const SERVED: Duration = Duration::from_secs(60);
/// The annotation of a job with the hash of the configuration that it installs.
const CONFIGURATION: &str = "helmcharts.helm.cattle.io/configHash";
/// A component is not ready.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("`{component}` is not ready after {seconds} s: {lacks}{said}")]
#[diagnostic(help("once it is mended, run the same command again: it goes on from here"))]
pub struct NotReady {
    component: String,
    seconds: u64,
    lacks: String,
    said: Said,
}

/// How far something is.
enum State {
    Ready,
    /// It lacks this, and that may come.
    Lacking(Vec<String>),
    /// It won't come by being waited for.
    Failed(String),
}

impl From<Vec<String>> for State {
    fn from(lacks: Vec<String>) -> Self {
        if lacks.is_empty() { Self::Ready } else { Self::Lacking(lacks) }
    }
}

/// Waits until the kind of an object is served; where it belongs, and what is there.
pub(super) async fn until_served(api: &Api, object: &Object) -> Result<(Place, Option<Value>), ApiError> {
    let begun = Instant::now();
    loop {
        if let Some(found) = super::find(api, object).await? {
            return Ok(found);
        }
        if begun.elapsed() > SERVED {
            let (kind, api_version) = (object.kind.clone(), object.api_version.clone());
            return Err(ApiError::NoKind { kind, api_version });
        }
        sleep(INTERVAL).await;
    }
}

/// Waits until what stands behind an object can build on it: a definition is served, a chart installed.
pub(super) async fn until_usable(api: &Api, component: &Component, object: &Object) -> Result<(), DeployError> {
    if let Some(release) = &object.release {
        let state = || async { release_state(api, release).await };
        return until(api, component, object.patience, state).await;
    }
    if object.kind != "CustomResourceDefinition" {
        return Ok(());
    }
    let state = || async {
        let served = super::find(api, object).await?.and_then(|(_, live)| live);
        let served = served.is_some_and(|live| holds(&live, "Established"));
        Ok(if served { State::Ready } else { State::Lacking(vec![format!("{} is not served", object.name)]) })
    };
    until(api, component, SERVED, state).await
}

/// Waits until nothing of the component is lacking.
pub(super) async fn until_ready(api: &Api, component: &Component) -> Result<(), DeployError> {
    let state = || async { lacking(api, component).await.map(State::from) };
    until(api, component, component.patience, state).await
}

async fn until<F>(api: &Api, component: &Component, patience: Duration, look: impl Fn() -> F) -> Result<(), DeployError>
where
    F: Future<Output = Result<State, ApiError>>,
{
    let begun = Instant::now();
    loop {
        let late = begun.elapsed() > patience;
        let lacks = match look().await {
            Ok(State::Ready) => return Ok(()),
            Ok(State::Lacking(lacks)) if late => lacks.join(", "),
            Ok(State::Failed(problem)) => problem,
            Err(source) if late => return Err(DeployError::Api { component: component.name.clone(), source }),
            // The API goes for a while when what it stands on is replaced.
            Ok(State::Lacking(_)) | Err(_) => {
                sleep(INTERVAL).await;
                continue;
            }
        };
        let said = trouble::of(api, component).await;
        let (component, seconds) = (component.name.clone(), begun.elapsed().as_secs());
        return Err(Box::new(NotReady { component, seconds, lacks, said }).into());
    }
}

/// What a component lacks.
pub(super) async fn lacking(api: &Api, component: &Component) -> Result<Vec<String>, ApiError> {
    let mut lacks = Vec::new();
    for release in component.objects.iter().filter_map(|object| object.release.as_deref()) {
        match release_state(api, release).await? {
            State::Ready => {}
            State::Lacking(more) => lacks.extend(more),
            State::Failed(problem) => lacks.push(problem),
        }
    }
    lacks.extend(workloads::unready(api, component).await?.own);
    for readiness in &component.ready {
        lacks.extend(lack_of(api, readiness).await?);
    }
    Ok(lacks)
}

/// What is lacking of a condition.
async fn lack_of(api: &Api, readiness: &Readiness) -> Result<Option<String>, ApiError> {
    let (api_version, kind, namespace, name, condition) = match readiness {
        Readiness::Workload { kind, namespace, name } => {
            let (group, word) = match kind {
                WorkloadKind::Deployment => ("apps/v1", "Deployment"),
                WorkloadKind::StatefulSet => ("apps/v1", "StatefulSet"),
                WorkloadKind::DaemonSet => ("apps/v1", "DaemonSet"),
                WorkloadKind::Job => ("batch/v1", "Job"),
                WorkloadKind::PersistentVolumeClaim => ("v1", "PersistentVolumeClaim"),
            };
            (group, word, Some(namespace), name, None)
        }
        Readiness::Crd { name } => {
            ("apiextensions.k8s.io/v1", "CustomResourceDefinition", None, name, Some("Established"))
        }
        Readiness::ApiService { name } => ("apiregistration.k8s.io/v1", "APIService", None, name, Some("Available")),
        Readiness::Condition { api_version, kind, namespace, name, condition } => {
            (api_version.as_str(), kind.as_str(), namespace.as_ref(), name, Some(condition.as_str()))
        }
    };
    let namespace = namespace.map(manifests::kubernetes::NamespaceName::as_str);
    let place = api.place(api_version, kind, namespace).await?;
    let live = match place {
        Some(place) => api.get(&place, name.as_str()).await?,
        None => None,
    };
    let Some(live) = live else { return Ok(Some(format!("{kind} {name} is not there"))) };
    let what = match condition {
        Some(condition) => (!holds(&live, condition)).then(|| format!("it is not {condition}")),
        None => lack(kind, &live),
    };
    Ok(what.map(|what| format!("{kind} {name}: {what}")))
}

/// The job that installs a release.
pub(super) async fn job_of(api: &Api, release: &str) -> Result<Option<Value>, ApiError> {
    let jobs = Place::known("apis/batch/v1", HELM_NAMESPACE, "jobs");
    let job = api.get(&jobs, &job_name(release)).await?;
    Ok(job.filter(|job| job["metadata"]["deletionTimestamp"].is_null()))
}

/// Its name.
pub(super) fn job_name(release: &str) -> String {
    format!("helm-install-{release}")
}

/// The hash of the configuration that a job installs.
pub(super) fn configuration_of(job: &Value) -> Option<&str> {
    job["spec"]["template"]["metadata"]["annotations"][CONFIGURATION].as_str()
}

/// Has a job that failed begun again: the controller makes it anew where it is missing.
pub(super) async fn begin_again(api: &Api, release: &str) -> Result<(), ApiError> {
    match job_of(api, release).await? {
        Some(job) if holds(&job, "Failed") => {
            api.delete(&Place::known("apis/batch/v1", HELM_NAMESPACE, "jobs"), &job_name(release)).await
        }
        _ => Ok(()),
    }
}

async fn release_state(api: &Api, release: &str) -> Result<State, ApiError> {
    let charts = Place::known("apis/helm.cattle.io/v1", HELM_NAMESPACE, "helmcharts");
    let (chart, job) = (api.get(&charts, release).await?, job_of(api, release).await?);
    let name = job_name(release);
    let former = chart.as_ref().and_then(|chart| chart["metadata"]["annotations"][REPLACES].as_str());
    Ok(match &job {
        None => State::Lacking(vec![format!("the job {name} is not there")]),
        Some(job) if former.is_some() && configuration_of(job) == former => {
            State::Lacking(vec![format!("the job {name} is that of the former configuration")])
        }
        Some(job) if holds(job, "Failed") => State::Failed(format!("the job {name} failed")),
        Some(job) if holds(job, "Complete") => State::Ready,
        Some(_) => State::Lacking(vec![format!("the job {name} is not done")]),
    })
}
