//! The cluster's API, asked through SSH: only the servers' port of SSH need be open.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use http::{Method, Request, header};
use kube::Client;
use kube::core::Status;
use registry::http::encode_segment;
use rustls::ClientConfig;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::connect;
use crate::host::{Host as _, HostError};
use crate::ssh::Machine;

/// Who owns the fields that are applied.
const MANAGER: &str = "airgap-install";
/// How long the API may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long it may take until it is known who is at an address.
const GREETING: Duration = Duration::from_secs(10);
/// How many objects are read at most where all are asked for.
const LIMIT: usize = 500;
/// How many objects are read at a time where they may be many more.
const PAGE: usize = 200;
/// How many times at most: no cluster has a million pods.
const PAGES: usize = 5000;

/// The API of a cluster.
pub struct Api {
    client: Client,
    server: String,
    /// Who is believed to be the API.
    tls: Option<Arc<ClientConfig>>,
    /// What is served, by group and version.
    served: Mutex<BTreeMap<String, Vec<Served>>>,
}

/// A kind that the API serves.
#[derive(Debug, Clone)]
struct Served {
    kind: String,
    plural: String,
    namespaced: bool,
}

/// Where objects of a kind are: a path of the API.
#[derive(Debug, Clone)]
pub struct Place {
    path: String,
}

/// Why the API did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// How the API is reached can't be made out.
    #[error("how the API of {server} is reached can't be made out")]
    Way {
        /// The server that was asked.
        server: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It refused, or could not be reached.
    #[error("{server}: cannot {what}")]
    Failed {
        /// The server.
        server: String,
        /// What it was asked.
        what: String,
        /// Why not.
        #[source]
        source: Box<kube::Error>,
    },
    /// It did not answer.
    #[error("{server}: cannot {what}: the API did not answer within {} s", PATIENCE.as_secs())]
    Silent {
        /// The server.
        server: String,
        /// What it was asked.
        what: String,
    },
    /// The API does not know a kind.
    #[error("the cluster serves no {kind} of {api_version}; a definition that comes before it is missing")]
    NoKind {
        /// The kind.
        kind: String,
        /// Its group and version.
        api_version: String,
    },
    /// An object's namespace is not there.
    #[error("{object} belongs to the namespace {namespace}, which is not there")]
    NoNamespace {
        /// The object: kind and name.
        object: String,
        /// The namespace.
        namespace: String,
    },
}

impl ApiError {
    /// Whether the same may go well a little later: a server starts again, a webhook comes up, a connection is lost.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Silent { .. } => true,
            Self::Failed { source, .. } => match source.as_ref() {
                kube::Error::Api(status) => status.code == 429 || status.code >= 500,
                kube::Error::Service(trouble) => host_error(trouble.as_ref()).is_none_or(HostError::is_passing),
                kube::Error::HyperError(_) | kube::Error::ReadEvents(_) => true,
                _ => false,
            },
            Self::Way { .. } | Self::NoKind { .. } | Self::NoNamespace { .. } => false,
        }
    }
}

/// What is the matter with the machine through which the API was asked, if that is the trouble.
fn host_error<'e>(trouble: &'e (dyn std::error::Error + 'static)) -> Option<&'e HostError> {
    std::iter::successors(Some(trouble), |error| error.source()).find_map(|error| error.downcast_ref())
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api").field("server", &self.server).finish_non_exhaustive()
    }
}

impl Place {
    /// Where objects of a kind that every cluster serves are; `group` is `api/v1` or `apis/GROUP/VERSION`.
    pub(super) fn known(group: &str, namespace: &str, plural: &str) -> Self {
        Self { path: format!("/{group}/namespaces/{}/{plural}", encode_segment(namespace)) }
    }

    /// The same for the objects of all namespaces, or for a kind that belongs to none.
    pub(crate) fn everywhere(group: &str, plural: &str) -> Self {
        Self { path: format!("/{group}/{plural}") }
    }

    fn of(&self, name: &str) -> String {
        format!("{}/{}", self.path, encode_segment(name))
    }
}

impl Api {
    /// The API of a server, by the kubeconfig that it has for its own use. Nothing is sent yet.
    ///
    /// # Errors
    /// [`ApiError::Way`] when the kubeconfig can't be used.
    pub fn new(server: &Arc<Machine>, kubeconfig: &str) -> Result<Self, ApiError> {
        let name = server.name().to_owned();
        let tls = connect::tls(kubeconfig).map_err(|source| ApiError::Way { server: name.clone(), source })?;
        let server = Arc::clone(server);
        let known = Some(Arc::clone(&tls));
        let service = tower::service_fn(move |request| connect::send(Arc::clone(&server), Arc::clone(&tls), request));
        Ok(Self { client: Client::new(service, "default"), server: name, tls: known, served: Mutex::default() })
    }

    /// Whether the same API is at `address`, as these machines see it: which of them does not find it there, and why. One that lets
    /// nobody through can't be asked.
    pub(super) async fn is_missing_at(&self, address: IpAddr, machines: &[Arc<Machine>]) -> Option<String> {
        let (tls, address) = (self.tls.as_ref()?, address.to_string());
        let greet = async |machine: &Arc<Machine>| {
            let opened = timeout(GREETING, connect::open(machine, Arc::clone(tls), &address)).await;
            let problem = match opened {
                Ok(Ok(_)) => return None,
                Ok(Err(trouble)) if host_error(trouble.as_ref()).is_some_and(|error| !error.is_passing()) => {
                    return None;
                }
                Ok(Err(trouble)) => crate::engine::chain(trouble.as_ref()),
                Err(_) => format!("nothing answers within {} s", GREETING.as_secs()),
            };
            Some(format!("{} does not find the API at {address}: {problem}", machine.name()))
        };
        join_all(machines.iter().map(greet)).await.into_iter().flatten().next()
    }

    /// One whose answers come from elsewhere.
    #[cfg(test)]
    pub(super) fn of<S>(service: S) -> Self
    where
        S: tower::Service<Request<kube::client::Body>, Response = http::Response<kube::client::Body>> + Send + 'static,
        S::Future: Send + 'static,
        S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        Self { client: Client::new(service, "default"), server: "server".into(), tls: None, served: Mutex::default() }
    }

    /// Where objects of a kind are; none if the API does not serve it (yet).
    pub(super) async fn place(
        &self,
        api_version: &str,
        kind: &str,
        namespace: Option<&str>,
    ) -> Result<Option<Place>, ApiError> {
        let mut parts = api_version.split('/').map(encode_segment);
        let group = match (parts.next(), parts.next()) {
            (Some(group), Some(version)) => format!("/apis/{group}/{version}"),
            (version, _) => format!("/api/{}", version.unwrap_or_default()),
        };
        let Some(served) = self.served(&group, kind).await? else { return Ok(None) };
        let path = match namespace {
            Some(namespace) if served.namespaced => {
                format!("{group}/namespaces/{}/{}", encode_segment(namespace), served.plural)
            }
            _ => format!("{group}/{}", served.plural),
        };
        Ok(Some(Place { path }))
    }

    /// A kind as it is served. What is not known is asked for again: definitions come with what is applied.
    async fn served(&self, group: &str, kind: &str) -> Result<Option<Served>, ApiError> {
        let mut known = self.served.lock().await;
        let find = |list: &Vec<Served>| list.iter().find(|served| served.kind == kind).cloned();
        if let Some(served) = known.get(group).and_then(find) {
            return Ok(Some(served));
        }
        let Some(answer) = self.read(&format!("ask what {group} is"), group).await? else { return Ok(None) };
        let resources = answer["resources"].as_array().into_iter().flatten();
        let served = resources.filter_map(|resource| {
            let plural = resource["name"].as_str().filter(|name| !name.contains('/'))?.to_owned();
            let namespaced = resource["namespaced"].as_bool()?;
            Some(Served { kind: resource["kind"].as_str()?.to_owned(), plural, namespaced })
        });
        let served = served.collect();
        let found = find(&served);
        known.insert(group.to_owned(), served);
        Ok(found)
    }

    /// An object, if it is there.
    pub(super) async fn get(&self, place: &Place, name: &str) -> Result<Option<Value>, ApiError> {
        self.read(&format!("read {name}"), &place.of(name)).await
    }

    /// The objects of a place that a query (`labelSelector=…`, encoded) finds.
    pub(super) async fn list(&self, place: &Place, query: &str) -> Result<Vec<Value>, ApiError> {
        let path = format!("{}?limit={LIMIT}&{query}", place.path);
        let answer = self.read("list objects", &path).await?;
        Ok(answer.and_then(|mut answer| answer["items"].as_array_mut().map(std::mem::take)).unwrap_or_default())
    }

    /// Hands out every object of a place, some at a time. A kind that is not served has none.
    pub(crate) async fn each(&self, place: &Place, mut take: impl FnMut(Value)) -> Result<(), ApiError> {
        let mut next = String::new();
        for _ in 0..PAGES {
            let path = format!("{}?limit={PAGE}&continue={}", place.path, encode_segment(&next));
            let Some(mut answer) = self.read("list objects", &path).await? else { return Ok(()) };
            answer["items"].as_array_mut().map(std::mem::take).unwrap_or_default().into_iter().for_each(&mut take);
            match answer["metadata"]["continue"].as_str() {
                Some(token) if !token.is_empty() => next = token.to_owned(),
                _ => return Ok(()),
            }
        }
        Ok(())
    }

    /// The last lines that a pod wrote.
    pub(super) async fn log(&self, pods: &Place, pod: &str, lines: usize) -> Result<String, ApiError> {
        let path = format!("{}/log?tailLines={lines}&limitBytes=65536", pods.of(pod));
        let request = self.request(Method::GET, &path, Vec::new());
        Ok(self.call(&format!("read the log of {pod}"), request).await?.unwrap_or_default())
    }

    /// Makes an object as it is given, whoever owned its fields.
    pub(super) async fn apply(&self, place: &Place, name: &str, content: &Value) -> Result<(), ApiError> {
        let path = format!("{}?fieldManager={MANAGER}&force=true", place.of(name));
        let request = self.request(Method::PATCH, &path, content.to_string().into_bytes());
        let what = format!("apply {} {name}", content["kind"].as_str().unwrap_or_default());
        let Err(status) = self.send(&what, request).await? else { return Ok(()) };
        let kind = content["kind"].as_str().unwrap_or_default().to_owned();
        Err(match status.details {
            Some(absent) if absent.kind == "namespaces" => {
                ApiError::NoNamespace { object: format!("{kind} {name}"), namespace: absent.name }
            }
            _ => {
                let api_version = content["apiVersion"].as_str().unwrap_or_default().to_owned();
                ApiError::NoKind { kind, api_version }
            }
        })
    }

    /// Removes an object and what it owns. One that is gone already is no trouble.
    pub(super) async fn delete(&self, place: &Place, name: &str) -> Result<(), ApiError> {
        let path = format!("{}?propagationPolicy=Background", place.of(name));
        let request = self.request(Method::DELETE, &path, Vec::new());
        self.call(&format!("remove {name}"), request).await.map(|_| ())
    }

    async fn read(&self, what: &str, path: &str) -> Result<Option<Value>, ApiError> {
        let Some(text) = self.call(what, self.request(Method::GET, path, Vec::new())).await? else { return Ok(None) };
        let read = serde_json::from_str(&text);
        read.map(Some).map_err(|error| self.failed(what, kube::Error::SerdeError(error)))
    }

    fn request(&self, method: Method, path: &str, body: Vec<u8>) -> http::Result<Request<Vec<u8>>> {
        // JSON is YAML, and this is the one media type that every server of today takes for it.
        let media_type = if method == Method::PATCH { "application/apply-patch+yaml" } else { "application/json" };
        Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, media_type).body(body)
    }

    /// What is answered; nothing if there is no such object.
    async fn call(&self, what: &str, request: http::Result<Request<Vec<u8>>>) -> Result<Option<String>, ApiError> {
        Ok(self.send(what, request).await?.ok())
    }

    /// What is answered, or what there is none of.
    async fn send(
        &self,
        what: &str,
        request: http::Result<Request<Vec<u8>>>,
    ) -> Result<Result<String, Box<Status>>, ApiError> {
        let request = request.map_err(|error| self.failed(what, kube::Error::HttpError(error)))?;
        match timeout(PATIENCE, self.client.request_text(request)).await {
            Err(_) => Err(ApiError::Silent { server: self.server.clone(), what: what.to_owned() }),
            Ok(Err(kube::Error::Api(status))) if status.code == 404 => Ok(Err(status)),
            Ok(answer) => answer.map(Ok).map_err(|error| self.failed(what, error)),
        }
    }

    fn failed(&self, what: &str, error: kube::Error) -> ApiError {
        ApiError::Failed { server: self.server.clone(), what: what.to_owned(), source: Box::new(error) }
    }
}
