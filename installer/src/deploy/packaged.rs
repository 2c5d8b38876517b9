//! Whether a cluster works beyond its nodes: the distribution's own charts are installed, its DNS answers, and its API is found at
//! the address that wanders between servers.

use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use miette::Diagnostic;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::api::{Api, ApiError, Place};
use super::judge::holds;
use super::objects::HELM_NAMESPACE;
use super::wait::{job_name, job_of};
use super::{dns, trouble};
use crate::distribution::kube_vip;
use crate::engine::chain;
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

/// What is looked at, and by whom.
pub struct Parts<'a> {
    /// The API.
    pub api: &'a Api,
    /// The charts that the distribution may have brought.
    pub charts: &'a [&'a str],
    /// What the DNS is asked, and the server that asks; none where it is left out.
    pub dns: Option<(dns::Question, &'a Machine)>,
    /// The address that wanders between servers, and the machines that have to find the API there.
    pub address: Option<(IpAddr, &'a [Arc<Machine>])>,
}

/// What does not work.
struct Lack {
    words: String,
    /// The pods that know more, as a query selects them.
    pods: Option<String>,
}

impl Lack {
    fn of(words: String) -> Self {
        Self { words, pods: None }
    }
}

impl Parts<'_> {
    /// What does not work now, by one look, nodes of these names among it; none: all works.
    pub async fn lack(&self, nodes: impl Iterator<Item = &str>) -> Option<String> {
        if let Some(lack) = self.nodes(nodes).await {
            return Some(lack);
        }
        // Where one does not work, the others need not be waited for.
        let told = |look: Result<Option<Lack>, String>| look.map_or_else(Some, |lack| lack.map(|lack| lack.words));
        if let Some(lack) = told(self.charts().await) {
            return Some(lack);
        }
        match told(self.dns().await) {
            None => told(self.address().await),
            lack => lack,
        }
    }

    /// Waits until all of them work.
    ///
    /// # Errors
    /// [`Unfinished`].
    pub async fn until_they_work(&self) -> Result<(), Unfinished> {
        self.until(|| self.charts()).await?;
        self.until(|| self.dns()).await?;
        self.until(|| self.address()).await
    }

    /// Looks until nothing is lacking.
    async fn until<F>(&self, look: impl Fn() -> F) -> Result<(), Unfinished>
    where
        F: Future<Output = Result<Option<Lack>, String>>,
    {
        let begun = Instant::now();
        loop {
            let lack = match look().await {
                Ok(None) => return Ok(()),
                Ok(Some(lack)) => lack,
                Err(problem) => Lack::of(problem),
            };
            if begun.elapsed() > PATIENCE {
                let said = match &lack.pods {
                    Some(selector) => trouble::of_pods(self.api, selector).await,
                    None => Said::default(),
                };
                return Err(Unfinished { seconds: begun.elapsed().as_secs(), lack: lack.words, said });
            }
            sleep(INTERVAL).await;
        }
    }

    async fn nodes(&self, names: impl Iterator<Item = &str>) -> Option<String> {
        let nodes = match self.api.list(&Place::everywhere("api/v1", "nodes"), "").await {
            Ok(nodes) => nodes,
            Err(error) => return Some(chain(&error)),
        };
        let is_ready = |name: &str| nodes.iter().any(|node| node["metadata"]["name"] == name && holds(node, "Ready"));
        names.filter(|name| !is_ready(name)).map(|name| format!("{name} is not ready")).next()
    }

    /// The first chart whose job is not done.
    async fn charts(&self) -> Result<Option<Lack>, String> {
        let lacking = lacking(self.api, self.charts).await.map_err(|error| chain(&error))?;
        Ok(lacking.map(|(release, words)| Lack { words, pods: Some(trouble::selector_of(&release)) }))
    }

    /// The DNS is asked once pods of it are ready: before, the node may not know yet where such an address leads, and send the
    /// question out.
    async fn dns(&self) -> Result<Option<Lack>, String> {
        let Some((question, server)) = &self.dns else { return Ok(None) };
        let problem = match has_ready_pods(self.api, question).await {
            Ok(true) => dns::ask(server, question).await.err(),
            Ok(false) => Some("no pod of it is ready".to_owned()),
            Err(error) => Some(chain(&error)),
        };
        let told = |problem| {
            Lack::of(format!(
                "the cluster's DNS ({}) does not say where {} is: {problem}",
                question.server, question.name
            ))
        };
        Ok(problem.map(told))
    }

    async fn address(&self) -> Result<Option<Lack>, String> {
        let Some((address, machines)) = self.address else { return Ok(None) };
        let missing = self.api.is_missing_at(address, machines).await;
        Ok(missing.map(|words| Lack { words, pods: Some(format!("labelSelector={}", kube_vip::PODS)) }))
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

    #[tokio::test]
    async fn one_look_tells_the_first_that_does_not_work() {
        let node = |name: &str, ready: &str| json!({"metadata": {"name": name}, "status": {"conditions": [{"type": "Ready", "status": ready}]}});
        let look = async |nodes: Value, job: Value| {
            let api = fixture::api([
                ("/api/v1/nodes", json!({"items": nodes})),
                (
                    "/apis/helm.cattle.io/v1/namespaces/kube-system/helmcharts",
                    json!({"items": [{"metadata": {"name": "rke2-coredns"}}]}),
                ),
                ("/apis/batch/v1/namespaces/kube-system/jobs/helm-install-rke2-coredns", job),
            ]);
            let parts = Parts { api: &api, charts: &["rke2-coredns"], dns: None, address: None };
            parts.lack(["one", "two"].into_iter()).await
        };
        let done = json!({"status": {"conditions": [{"type": "Complete", "status": "True"}]}});
        let both = json!([node("one", "True"), node("two", "True")]);
        assert_eq!(look(both.clone(), done.clone()).await, None);
        assert_eq!(look(json!([node("one", "True")]), done.clone()).await.as_deref(), Some("two is not ready"));
        let unknown = json!([node("one", "Unknown"), node("two", "True")]);
        assert_eq!(look(unknown, done).await.as_deref(), Some("one is not ready"));
        assert_eq!(look(both, json!({})).await.as_deref(), Some("the job helm-install-rke2-coredns is not done"));
    }
}
