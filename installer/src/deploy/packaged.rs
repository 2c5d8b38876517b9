//! Whether a cluster works beyond its nodes: the distribution's own charts are installed, and its DNS answers.

use std::future::Future;
use std::time::Duration;

use miette::Diagnostic;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::api::{Api, ApiError, Place};
use super::judge::holds;
use super::objects::HELM_NAMESPACE;
use super::wait::{job_name, job_of};
use super::{dns, trouble};
use crate::host::Said;
use crate::ssh::Machine;

/// How often it is looked.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long it may take. Images are unpacked and pods started on slow disks meanwhile.
const PATIENCE: Duration = Duration::from_secs(900);

/// The cluster's own parts do not come up.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("after {seconds} s {lack}{said}")]
#[diagnostic(help(
    "`kubectl -n kube-system get pods` shows what it waits for; once it is mended, run the same command again"
))]
pub struct Unfinished {
    seconds: u64,
    lack: String,
    said: Said,
}

/// Why it is not known, or known not to be so.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum PackagedError {
    /// The API is the trouble.
    #[error("cannot look at the cluster's own parts")]
    Api(#[from] ApiError),
    /// They do not come up.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Unfinished(Box<Unfinished>),
}

/// Waits until those of `charts` that the cluster has are installed. How many there are.
///
/// # Errors
/// [`PackagedError`].
pub async fn until_installed(api: &Api, charts: &[&str]) -> Result<usize, PackagedError> {
    let lacking = || async { lacking(api, charts).await.map_err(|error| crate::engine::chain(&error)) };
    if let Err((seconds, lack)) = until(lacking).await {
        let (lack, said) = match lack {
            Ok((release, lack)) => (lack, trouble::of_job(api, &release).await),
            Err(problem) => (problem, Said::default()),
        };
        return Err(PackagedError::Unfinished(Box::new(Unfinished { seconds, lack, said })));
    }
    Ok(packaged(api, charts).await?.len())
}

/// Waits until the cluster's DNS answers, asked from `server`. It is asked once pods of it are ready: before, the node may not know
/// yet where such an address leads, and send the question out.
///
/// # Errors
/// [`PackagedError`].
pub async fn until_dns_answers(api: &Api, server: &Machine, question: &dns::Question) -> Result<(), PackagedError> {
    let ask = || async {
        match has_ready_pods(api, question).await {
            Ok(true) => Ok::<_, String>(dns::ask(server, question).await.err()),
            Ok(false) => Ok(Some("no pod of it is ready".to_owned())),
            Err(error) => Err(crate::engine::chain(&error)),
        }
    };
    until(ask).await.map_err(|(seconds, lack)| {
        let problem = match lack {
            Ok(problem) | Err(problem) => problem,
        };
        let lack =
            format!("the cluster's DNS ({}) does not say where {} is: {problem}", question.server, question.name);
        PackagedError::Unfinished(Box::new(Unfinished { seconds, lack, said: Said::default() }))
    })
}

/// Looks until nothing is lacking. After that time, what is, or why it can't be told.
async fn until<T, F>(look: impl Fn() -> F) -> Result<(), (u64, Result<T, String>)>
where
    F: Future<Output = Result<Option<T>, String>>,
{
    let begun = Instant::now();
    loop {
        let lack = match look().await {
            Ok(None) => return Ok(()),
            Ok(Some(lack)) => Ok(lack),
            Err(problem) => Err(problem),
        };
        if begun.elapsed() > PATIENCE {
            return Err((begun.elapsed().as_secs(), lack));
        }
        sleep(INTERVAL).await;
    }
}

/// Whether pods are ready that stand behind the DNS that is asked.
async fn has_ready_pods(api: &Api, question: &dns::Question) -> Result<bool, ApiError> {
    let server = question.server.to_string();
    let services = api.list(&Place::known("api/v1", HELM_NAMESPACE, "services"), "").await?;
    let is_it = |service: &&Value| service["spec"]["clusterIP"] == server.as_str();
    let Some(name) = services.iter().find(is_it).and_then(|service| service["metadata"]["name"].as_str()) else {
        return Ok(false);
    };
    let slices = Place::known("apis/discovery.k8s.io/v1", HELM_NAMESPACE, "endpointslices");
    let slices = api.list(&slices, &format!("labelSelector=kubernetes.io%2Fservice-name%3D{name}")).await?;
    let mut endpoints = slices.iter().filter_map(|slice| slice["endpoints"].as_array()).flatten();
    Ok(endpoints.any(|endpoint| endpoint["conditions"]["ready"] == true))
}

/// The charts of a list that the cluster has.
async fn packaged(api: &Api, charts: &[&str]) -> Result<Vec<Value>, ApiError> {
    let place = Place::known("apis/helm.cattle.io/v1", HELM_NAMESPACE, "helmcharts");
    let is_one = |chart: &Value| chart["metadata"]["name"].as_str().is_some_and(|name| charts.contains(&name));
    Ok(api.list(&place, "").await?.into_iter().filter(is_one).collect())
}

/// The first release whose job is not done, and that in words.
async fn lacking(api: &Api, charts: &[&str]) -> Result<Option<(String, String)>, ApiError> {
    for chart in packaged(api, charts).await? {
        let release = chart["metadata"]["name"].as_str().unwrap_or_default();
        let lack = match job_of(api, release).await? {
            Some(job) if holds(&job, "Complete") => continue,
            Some(_) => "is not done",
            None => "is not there",
        };
        return Ok(Some((release.to_owned(), format!("the job {} {lack}", job_name(release)))));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::deploy::fixture;

    #[tokio::test]
    async fn only_the_distributions_own_charts_are_waited_for() {
        let done = json!({"status": {"conditions": [{"type": "Complete", "status": "True"}]}});
        let charts = |names: &[&str]| json!({"items": names.iter().map(|name| json!({"metadata": {"name": name}})).collect::<Vec<_>>()});
        let found = async |names: &[&str]| {
            let api = fixture::api([
                ("/apis/helm.cattle.io/v1/namespaces/kube-system/helmcharts", charts(names)),
                ("/apis/batch/v1/namespaces/kube-system/jobs/helm-install-rke2-coredns", done.clone()),
                ("/apis/batch/v1/namespaces/kube-system/jobs/helm-install-rke2-canal", json!({})),
            ]);
            lacking(&api, &["rke2-canal", "rke2-coredns", "rke2-traefik"]).await.unwrap().map(|(_, lack)| lack)
        };
        assert_eq!(found(&["rke2-coredns", "somebodys"]).await, None);
        assert_eq!(
            found(&["rke2-coredns", "rke2-canal"]).await.as_deref(),
            Some("the job helm-install-rke2-canal is not done")
        );
        assert_eq!(found(&["rke2-traefik"]).await.as_deref(), Some("the job helm-install-rke2-traefik is not there"));
        assert_eq!(found(&[]).await, None, "a cluster may have none");
    }

    #[tokio::test]
    async fn the_dns_is_asked_once_a_pod_of_it_is_ready() {
        let question = dns::Question::at("10.43.0.10");
        let service = |address: &str| json!({"items": [{"metadata": {"name": "dns"}, "spec": {"clusterIP": address}}]});
        let slices = |ready: bool| json!({"items": [{"endpoints": [{"conditions": {"ready": ready}}]}]});
        for (address, ready, asked) in
            [("10.43.0.10", true, true), ("10.43.0.10", false, false), ("10.43.0.9", true, false)]
        {
            let api = fixture::api([
                ("/api/v1/namespaces/kube-system/services", service(address)),
                ("/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices", slices(ready)),
            ]);
            assert_eq!(has_ready_pods(&api, &question).await.unwrap(), asked, "{address} {ready}");
        }
        assert!(!has_ready_pods(&fixture::api([]), &question).await.unwrap());
    }
}
