//! One request and its answer: authorization, redirects and refusals, but no second attempt.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION,
};
use reqwest::{Method, Response, StatusCode};
use url::Url;

use super::gate::Permit;
use super::secret::split_userinfo;
use super::{Authorization, Client, FetchError, Secret, retry, shown};

/// Redirects that are followed, as browsers' and curl's usual limits are.
const REDIRECTS: usize = 10;
/// Bytes of a refusal that are read to find out what the server says.
const ANSWER: usize = 8 << 10;

/// Gives requests their authorization and learns from refusals.
pub trait AuthProvider: fmt::Debug + Send + Sync {
    /// The authorization for a request, if any.
    ///
    /// Errors: [`FetchError`] when none can be had and asking without is of no use.
    fn authorization<'a>(&'a self, url: &'a Url) -> BoxFuture<'a, Result<Option<Authorization>, FetchError>>;

    /// The server answered 401 to `refused`, with these `WWW-Authenticate` headers: whether there is a better
    /// authorization now.
    ///
    /// Errors: [`FetchError`] when the way to get one failed.
    fn refused<'a>(
        &'a self,
        url: &'a Url,
        refused: Option<&'a Authorization>,
        challenges: Vec<String>,
    ) -> BoxFuture<'a, Result<bool, FetchError>>;
}

/// How a request is authorized. A user and password in the URL are used where this is [`Auth::None`].
#[derive(Debug, Clone, Default)]
pub enum Auth {
    /// Not at all.
    #[default]
    None,
    /// Always like this.
    Fixed(Authorization),
    /// As the server asks for it.
    Provider(Arc<dyn AuthProvider>),
}

/// What to ask for.
#[derive(Debug, Clone)]
pub struct Request {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) auth: Auth,
    pub(super) content: Content,
}

/// What a request sends.
#[derive(Debug, Clone)]
pub(super) enum Content {
    /// Nothing.
    Nothing,
    /// A form.
    Form(Vec<(&'static str, Secret)>),
    /// Bytes of a media type.
    Bytes(&'static str, Bytes),
}

impl Request {
    /// A GET request.
    pub fn get(url: Url) -> Self {
        Self { method: Method::GET, url, headers: HeaderMap::new(), auth: Auth::None, content: Content::Nothing }
    }

    /// A HEAD request.
    pub fn head(url: Url) -> Self {
        Self { method: Method::HEAD, ..Self::get(url) }
    }

    /// A POST request with a form. It is never redirected: the form holds secrets.
    pub fn post(url: Url, form: Vec<(&'static str, Secret)>) -> Self {
        Self { method: Method::POST, content: Content::Form(form), ..Self::get(url) }
    }

    /// A POST request with bytes of a media type. It is never redirected.
    pub fn post_json(url: Url, media_type: &'static str, bytes: Bytes) -> Self {
        Self { method: Method::POST, content: Content::Bytes(media_type, bytes), ..Self::get(url) }
    }

    /// Media types to accept, the most wanted first.
    #[must_use]
    pub fn accept(mut self, media_types: &[&str]) -> Self {
        if let Ok(value) = HeaderValue::from_str(&media_types.join(", ")) {
            self.headers.insert(ACCEPT, value);
        }
        self
    }

    /// Adds a header. One whose value is marked as sensitive does not follow a redirect to another origin.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sets the authorization.
    #[must_use]
    pub fn auth(mut self, auth: Auth) -> Self {
        self.auth = auth;
        self
    }

    /// What is asked for, as it may be shown.
    pub fn shown(&self) -> String {
        shown(&self.url)
    }
}

/// A successful answer whose body is still to come, and the right to read it.
pub(super) struct Exchange {
    pub(super) response: Response,
    pub(super) _permit: Permit,
}

impl Client {
    /// Sends a request, following redirects and answering at most two challenges.
    pub(super) async fn exchange(&self, request: &Request, extra: &HeaderMap) -> Result<Exchange, FetchError> {
        let (url, own) = split_userinfo(&request.url);
        check_scheme(&url)?;
        let mut challenges_left = 2;
        loop {
            let authorization = match &request.auth {
                Auth::None => own.clone(),
                Auth::Fixed(authorization) => Some(authorization.clone()),
                Auth::Provider(provider) => provider.authorization(&url).await?,
            };
            self.may_send(&url, authorization.as_ref())?;
            let permit = self.enter(&url).await;
            let (response, at_home) = self.follow(request, &url, extra, authorization.as_ref()).await?;
            if response.status().is_success() {
                return Ok(Exchange { response, _permit: permit });
            }
            let challenges = challenges(response.headers());
            let is_challenge = response.status() == StatusCode::UNAUTHORIZED && at_home && challenges_left > 0;
            // Reading what it says also leaves the connection fit for the next request.
            let error = self.refused(request, &url, response, authorization.as_ref()).await;
            // The way to a token may need the same turn.
            drop(permit);
            match &request.auth {
                Auth::Provider(provider) if is_challenge => {
                    challenges_left -= 1;
                    if !provider.refused(&url, authorization.as_ref(), challenges).await? {
                        return Err(error);
                    }
                }
                _ => return Err(error),
            }
        }
    }

    /// Sends a request along its redirects. The flag says whether the answer is from where it was sent first.
    async fn follow(
        &self,
        request: &Request,
        start: &Url,
        extra: &HeaderMap,
        authorization: Option<&Authorization>,
    ) -> Result<(Response, bool), FetchError> {
        let mut url = start.clone();
        let mut at_home = true;
        for _ in 0..=REDIRECTS {
            let mut headers = request.headers.clone();
            if !at_home {
                headers = headers
                    .into_iter()
                    .filter_map(|(name, value)| name.zip((!value.is_sensitive()).then_some(value)))
                    .collect();
            }
            headers.extend(extra.iter().map(|(name, value)| (name.clone(), value.clone())));
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
            if at_home && let Some(authorization) = authorization {
                headers.insert(AUTHORIZATION, sendable(&url, authorization)?);
            }
            let response = self.send(request, &url, headers).await?;
            if !is_redirect(response.status()) {
                return Ok((response, at_home));
            }
            let target = target(&url, &response, &request.method)?;
            tracing::debug!(from = %shown(&url), to = %shown(&target), "redirected");
            // Once away from the origin, the authorization stays at home for good.
            at_home = at_home && same_origin(start, &target);
            url = target;
        }
        Err(FetchError::Redirect {
            url: shown(start),
            target: shown(&url),
            problem: "that is one redirect too many; the server seems to redirect in a circle",
        })
    }

    async fn send(&self, request: &Request, url: &Url, headers: HeaderMap) -> Result<Response, FetchError> {
        let patience = &self.settings().patience;
        let mut builder = self.transport(url)?.request(request.method.clone(), url.clone()).headers(headers);
        match &request.content {
            Content::Nothing => {}
            Content::Form(form) => {
                let form: Vec<(&str, &str)> = form.iter().map(|(key, value)| (*key, value.expose())).collect();
                builder = builder.form(&form);
            }
            Content::Bytes(media_type, bytes) => {
                builder = builder.header(CONTENT_TYPE, *media_type).body(bytes.clone());
            }
        }
        let wait = patience.connect + patience.silence;
        match tokio::time::timeout(wait, builder.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(FetchError::from_transport(&shown(url), error)),
            Err(_) => Err(FetchError::Stalled { url: shown(url), received: 0, waited: wait }),
        }
    }

    /// Credentials travel over plain HTTP only where that was asked for, and on the loopback interface.
    fn may_send(&self, url: &Url, authorization: Option<&Authorization>) -> Result<(), FetchError> {
        let asked_for = || self.host_settings(url).is_some_and(|host| host.plain_http);
        if authorization.is_none() || url.scheme() == "https" || is_loopback(url) || asked_for() {
            return Ok(());
        }
        Err(FetchError::Login {
            host: host_of(url),
            problem: "credentials are configured, but the connection is not encrypted".to_owned(),
            help: Some("use https, or set `plainHTTP: true` for this host under `registries` in the stack".to_owned()),
            source: None,
        })
    }

    async fn refused(
        &self,
        request: &Request,
        url: &Url,
        response: Response,
        authorization: Option<&Authorization>,
    ) -> FetchError {
        let status = response.status();
        let retry_after = retry::retry_after(response.headers(), SystemTime::now());
        let is_html = is_html(response.headers());
        let body = tokio::time::timeout(self.settings().patience.silence, read_some(response)).await;
        let said = if is_html { String::new() } else { said(&body.unwrap_or_default()) };
        let said = authorization.map_or(said.clone(), |authorization| authorization.scrub(&said));
        if status == StatusCode::TOO_MANY_REQUESTS
            && let Some(asked) = retry_after
        {
            self.pause_host(url, asked.min(self.settings().patience.longest_pause));
        }
        let mut error = refusal(request, url, status, said);
        if let FetchError::Status { retry_after: place, .. } = &mut error {
            *place = retry_after;
        }
        error
    }
}

fn refusal(request: &Request, url: &Url, status: StatusCode, said: String) -> FetchError {
    let host = match host_of(url) {
        // What people log in to goes by another name.
        host if host == "registry-1.docker.io" => "docker.io".to_owned(),
        host => host,
    };
    let help = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Some(format!(
            "log in with an account that may read this (`docker login {host}`, `skopeo login {host}` or ~/.netrc), or \
             check the name: some servers answer so for what does not exist"
        )),
        StatusCode::NOT_FOUND => {
            Some("check the name, the tag and the version: it may have been moved or removed upstream".to_owned())
        }
        StatusCode::TOO_MANY_REQUESTS => {
            Some(format!("{host} limits how much one may fetch: log in there, use a mirror, or go on later"))
        }
        StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
            Some("the proxy asks for a login: give it in HTTPS_PROXY, as http://user:password@proxy:port".to_owned())
        }
        _ => None,
    };
    let answer = if said.is_empty() { said } else { format!(": {said}") };
    FetchError::Status { method: request.method.to_string(), url: shown(url), status, answer, retry_after: None, help }
}

fn check_scheme(url: &Url) -> Result<(), FetchError> {
    if matches!(url.scheme(), "http" | "https") && url.has_host() {
        return Ok(());
    }
    Err(FetchError::Settings {
        host: shown(url),
        problem: "only http and https URLs are fetched".to_owned(),
        source: None,
    })
}

fn sendable(url: &Url, authorization: &Authorization) -> Result<HeaderValue, FetchError> {
    authorization.header().ok_or_else(|| FetchError::Login {
        host: host_of(url),
        problem: "the password or token holds characters that HTTP can't carry".to_owned(),
        help: None,
        source: None,
    })
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn target(url: &Url, response: &Response, method: &Method) -> Result<Url, FetchError> {
    let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let refuse = |target: String, problem| FetchError::Redirect { url: shown(url), target, problem };
    let target = match url.join(location) {
        Ok(target) if !location.is_empty() && target.has_host() => split_userinfo(&target).0,
        _ => return Err(refuse("nowhere".to_owned(), "the server gives no usable address")),
    };
    if method == Method::POST {
        return Err(refuse(shown(&target), "a request that carries secrets is not redirected"));
    }
    match (url.scheme(), target.scheme()) {
        ("https", "http") => Err(refuse(shown(&target), "that would give up encryption")),
        (_, "http" | "https") => Ok(target),
        _ => Err(refuse(shown(&target), "only http and https are followed")),
    }
}

fn same_origin(a: &Url, b: &Url) -> bool {
    a.scheme() == b.scheme() && a.host() == b.host() && a.port_or_known_default() == b.port_or_known_default()
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// `host` or `host:port` of a URL.
pub(crate) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn challenges(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(reqwest::header::WWW_AUTHENTICATE).iter();
    values.filter_map(|value| value.to_str().ok()).map(str::to_owned).collect()
}

pub(super) fn is_html(headers: &HeaderMap) -> bool {
    let value = headers.get(reqwest::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.is_some_and(|value| value.trim_start().to_ascii_lowercase().starts_with("text/html"))
}

async fn read_some(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk[..chunk.len().min(ANSWER - body.len())]);
        if body.len() >= ANSWER {
            break;
        }
    }
    body
}

/// What a server says in a refusal: the errors of a registry, a message, or the first line.
fn said(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let json = serde_json::from_str::<serde_json::Value>(&text).ok();
    let field = |value: &serde_json::Value, key: &str| value.get(key).and_then(|v| v.as_str()).map(str::to_owned);
    let words = match &json {
        Some(value) => {
            let errors = value.get("errors").and_then(|errors| errors.as_array());
            let lines = errors.into_iter().flatten().take(3).map(|error| {
                let parts = [field(error, "code"), field(error, "message")];
                parts.into_iter().flatten().collect::<Vec<_>>().join(": ")
            });
            let listed = lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ");
            let single = ["error_description", "message", "error", "details"].iter().find_map(|key| field(value, key));
            if listed.is_empty() { single.unwrap_or_default() } else { listed }
        }
        None => text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().to_owned(),
    };
    let looks_like_markup = words.trim_start().starts_with('<');
    let clean = words.trim().chars().filter(|c| !c.is_control()).take(300);
    if looks_like_markup { String::new() } else { clean.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_the_server_said_and_no_more() {
        let registry = br#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{}}]}"#;
        assert_eq!(said(registry), "MANIFEST_UNKNOWN: manifest unknown");
        assert_eq!(said(br#"{"error":"invalid_grant","error_description":"wrong password"}"#), "wrong password");
        assert_eq!(said(b"\n404 page not found\nmore"), "404 page not found");
        assert_eq!(said(b"<html><body>no</body>"), "");
        assert_eq!(said("ä\u{1b}[31m".repeat(1000).as_bytes()).chars().count(), 300);
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let same = |a: &str, b: &str| same_origin(&Url::parse(a).unwrap(), &Url::parse(b).unwrap());
        assert!(same("https://host/a", "https://host:443/b"));
        assert!(!same("https://host/a", "https://host:8443/a"));
        assert!(!same("http://host:443/a", "https://host:443/a"));
        assert!(!same("https://host/a", "https://host.evil/a"));
    }
}
