//! The client: settings, connections, and requests whose answers fit into memory.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::Response;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::exchange::{Request, host_of};
use super::gate::{Gate, Permit};
use super::retry::{LastFailure, Retry};
use super::settings::names;
use super::{FetchError, HostSettings, Settings, shown};

/// Fetches over HTTP. Cheap to clone; all clones share connections and limits.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    settings: Settings,
    cancel: CancellationToken,
    gate: Gate,
    /// One for each set of host settings: connections and TLS settings go together.
    transports: HashMap<String, reqwest::Client>,
}

/// A whole answer in memory.
#[derive(Debug, Clone)]
pub struct Small {
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub bytes: Bytes,
    /// Where the answer came from, after redirects, without credentials.
    pub url: Url,
}

/// The answer to a HEAD request.
#[derive(Debug, Clone)]
pub struct Head {
    /// The headers.
    pub headers: HeaderMap,
    /// The size in bytes, where the server gives it.
    pub size: Option<u64>,
}

impl Small {
    /// The media type, without parameters.
    pub fn media_type(&self) -> &str {
        let value = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

impl Client {
    /// A client; when `cancel` is cancelled, everything it does ends with [`FetchError::Cancelled`].
    ///
    /// # Errors
    /// [`FetchError::Settings`] when a certificate or key can't be read or used.
    pub fn new(settings: Settings, cancel: CancellationToken) -> Result<Self, FetchError> {
        let gate = Gate::new(settings.concurrency, settings.concurrency_per_host);
        let mut transports = HashMap::new();
        transports.insert(String::new(), build_transport("", &HostSettings::default(), &settings)?);
        // Now, and not in the middle of a build, is the time to find out that a file is missing.
        for (name, host) in &settings.hosts {
            transports.insert(name.clone(), build_transport(name, host, &settings)?);
        }
        Ok(Self(Arc::new(Inner { settings, cancel, gate, transports })))
    }

    /// The settings it was made with.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// What ends everything.
    pub fn cancellation(&self) -> &CancellationToken {
        &self.0.cancel
    }

    /// Sends a request and reads the answer, of at most `limit` bytes.
    ///
    /// # Errors
    /// [`FetchError`], after as many attempts as the settings allow.
    pub async fn get_small(&self, request: &Request, limit: usize) -> Result<Small, FetchError> {
        let last = LastFailure::default();
        self.guard(request, &last, async {
            let mut retry = Retry::new(&last);
            loop {
                match self.small_once(request, limit).await {
                    Ok(small) => return Ok(small),
                    Err(error) => retry.pause_after(error, self.settings()).await?,
                }
            }
        })
        .await
    }

    /// Sends a request and drops the body: for HEAD.
    ///
    /// # Errors
    /// [`FetchError`], after as many attempts as the settings allow.
    pub async fn head(&self, request: &Request) -> Result<Head, FetchError> {
        let last = LastFailure::default();
        self.guard(request, &last, async {
            let mut retry = Retry::new(&last);
            loop {
                match self.exchange(request, &HeaderMap::new()).await {
                    Ok(exchange) => {
                        let headers = exchange.response.headers().clone();
                        let size = content_length(&headers);
                        return Ok(Head { headers, size });
                    }
                    Err(error) => retry.pause_after(error, self.settings()).await?,
                }
            }
        })
        .await
    }

    async fn small_once(&self, request: &Request, limit: usize) -> Result<Small, FetchError> {
        let exchange = self.exchange(request, &HeaderMap::new()).await?;
        let mut response = exchange.response;
        let headers = response.headers().clone();
        let url = response.url().clone();
        let too_large = || FetchError::TooLarge { url: request.shown(), limit: limit as u64 };
        if content_length(&headers).is_some_and(|size| size > limit as u64) {
            return Err(too_large());
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = self.next_chunk(&request.url, &mut response).await? {
            if body.len() + chunk.len() > limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Small { headers, bytes: body.freeze(), url })
    }

    /// The next bytes of a body; an error when none come for too long.
    pub(super) async fn next_chunk(&self, url: &Url, response: &mut Response) -> Result<Option<Bytes>, FetchError> {
        let silence = self.settings().patience.silence;
        match tokio::time::timeout(silence, response.chunk()).await {
            Ok(Ok(chunk)) => Ok(chunk),
            Ok(Err(error)) => Err(FetchError::from_transport(&shown(url), error)),
            Err(_) => Err(FetchError::Stalled { url: shown(url), received: 0, waited: silence }),
        }
    }

    /// Runs work until it is done, cancelled or out of time.
    pub(super) async fn guard<T>(
        &self,
        request: &Request,
        last: &LastFailure,
        work: impl Future<Output = Result<T, FetchError>>,
    ) -> Result<T, FetchError> {
        let deadline = async {
            match self.settings().deadline {
                Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = self.0.cancel.cancelled() => Err(FetchError::Cancelled),
            () = deadline => Err(FetchError::Deadline { url: request.shown(), source: last.take() }),
            result = work => result,
        }
    }

    pub(super) async fn enter(&self, url: &Url) -> Permit {
        let limit = self.host_settings(url).and_then(|host| host.concurrency);
        self.0.gate.enter(&host_of(url), limit, &*self.settings().pace).await
    }

    pub(super) fn pause_host(&self, url: &Url, pause: Duration) {
        self.0.gate.pause(&host_of(url), pause);
    }

    pub(super) fn host_settings(&self, url: &Url) -> Option<&HostSettings> {
        self.settings().host(url.host_str()?, url.port_or_known_default()?)
    }

    /// The connections for a host: its certificates are never shown to another.
    pub(super) fn transport(&self, url: &Url) -> Result<reqwest::Client, FetchError> {
        let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default());
        let transports = &self.0.transports;
        let own = names(host, port).iter().find_map(|name| transports.get(name).cloned());
        own.or_else(|| transports.get("").cloned()).ok_or_else(|| FetchError::Settings {
            host: host.to_owned(),
            problem: "there are none".to_owned(),
            source: None,
        })
    }
}

pub(super) fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}

fn build_transport(name: &str, host: &HostSettings, settings: &Settings) -> Result<reqwest::Client, FetchError> {
    // HTTP/1.1 alone: a connection for each transfer costs less than HTTP/2's framing and windows when what counts is
    // the throughput of few large bodies, and the limits for a host are then limits on its connections.
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("airgap-bundle/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .http1_only()
        .connect_timeout(settings.patience.connect)
        .tcp_keepalive(Duration::from_secs(30))
        .pool_idle_timeout(Duration::from_secs(30))
        .pool_max_idle_per_host(settings.concurrency_per_host);
    if !settings.use_proxies {
        builder = builder.no_proxy();
    }
    let wrong = |problem: String| {
        move |error: reqwest::Error| FetchError::Settings {
            host: name.to_owned(),
            problem,
            source: Some(Box::new(error.without_url())),
        }
    };
    if let Some(path) = &host.ca_file {
        let certificates = reqwest::Certificate::from_pem_bundle(&read(name, path)?)
            .map_err(wrong(format!("`{}` holds no certificates in PEM form", path.display())))?;
        if certificates.is_empty() {
            return Err(FetchError::Settings {
                host: name.to_owned(),
                problem: format!("`{}` holds no certificates in PEM form", path.display()),
                source: None,
            });
        }
        builder = builder.tls_certs_merge(certificates);
    }
    if let Some(path) = &host.client_certificate {
        let mut pem = read(name, path)?;
        if let Some(key) = &host.client_key {
            pem.push(b'\n');
            pem.extend(read(name, key)?);
        }
        let identity = reqwest::Identity::from_pem(&pem)
            .map_err(wrong(format!("`{}` and its key are no client certificate in PEM form", path.display())))?;
        builder = builder.identity(identity);
    }
    builder = builder.tls_danger_accept_invalid_certs(host.insecure);
    builder.build().map_err(wrong("the TLS settings do not go together".to_owned()))
}

fn read(host: &str, path: &Path) -> Result<Vec<u8>, FetchError> {
    std::fs::read(path).map_err(|error| FetchError::Settings {
        host: host.to_owned(),
        problem: format!("`{}` can't be read", path.display()),
        source: Some(Box::new(error)),
    })
}
