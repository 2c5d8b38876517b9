//! The routes of the server.

use std::sync::{Arc, PoisonError, RwLock};

use crate::auth::{Auth, Verdict};
use crate::content::Content;
use crate::git::Repositories;
use crate::http::{Finished, Gauges, Handler, Request, RequestBody, Response};
use crate::metrics::{Metrics, Route};
use crate::oci::{self, Code, Problem};
use crate::web::status::About;
use crate::web::{self, TEXT};

/// Everything that a request needs.
#[derive(Debug)]
pub(crate) struct App {
    content: RwLock<Arc<Content>>,
    /// None: everybody may read.
    pub(crate) auth: Option<Auth>,
    pub(crate) metrics: Metrics,
    pub(crate) gauges: Gauges,
    pub(crate) about: About,
    /// The git repositories that are unpacked.
    pub(crate) git: Repositories,
    /// The site CA's certificate as PEM, where TLS is on.
    pub(crate) authority: Option<String>,
}

impl App {
    pub(crate) fn new(
        content: Content,
        auth: Option<Auth>,
        about: About,
        authority: Option<String>,
        git: Repositories,
    ) -> Self {
        let (metrics, gauges) = (Metrics::default(), Gauges::new());
        Self { content: RwLock::new(Arc::new(content)), auth, metrics, gauges, about, git, authority }
    }

    /// What is served now. A request works with the picture that it began with.
    pub(crate) fn content(&self) -> Arc<Content> {
        Arc::clone(&self.content.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn replace(&self, content: Content) {
        self.git.sweep(&content);
        *self.content.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(content);
    }

    async fn route(&self, request: &Request<'_>, body: &mut RequestBody<'_>) -> (Route, Response) {
        // What anybody may know: that the server lives, and the certificate that it can be known by.
        match request.path {
            "/healthz" if request.reads() => return (Route::Health, self.health()),
            "/ca.crt" if request.reads() => return (Route::Status, self.authority()),
            _ => {}
        }
        if let Some(auth) = &self.auth {
            match auth.check(request.fields.authorization, request.peer.ip()).await {
                Verdict::Good => {}
                Verdict::Refused => return (Route::Other, challenge()),
                Verdict::Wait(wait) => return (Route::Other, slow_down(wait)),
            }
        }
        let path = request.path;
        if let Some(rest) = path.strip_prefix("/v2/").or_else(|| (path == "/v2").then_some("")) {
            return oci::handle(&self.content(), request, rest).await;
        }
        if let Some(rest) = path.strip_prefix("/git/") {
            return (Route::Git, web::git::handle(self.repositories(&self.content()), request, rest, body).await);
        }
        if let Some(response) = web::git::by_outside_name(self.repositories(&self.content()), request, body).await {
            return (Route::Git, response);
        }
        if !request.reads() {
            return (Route::Other, read_only());
        }
        if let Some(rest) = path.strip_prefix("/charts/") {
            return (Route::Charts, web::charts::handle(&self.content(), request, rest).await);
        }
        if let Some(rest) = path.strip_prefix("/files/") {
            return (Route::Files, web::files::handle(&self.content(), request, rest).await);
        }
        if let Some(rest) = path.strip_prefix("/apt/") {
            return (Route::Packages, web::packages::handle(&self.content(), request, rest).await);
        }
        if let Some(rest) = path.strip_prefix("/mirrors/") {
            return (Route::Packages, web::mirrors::handle(&self.content(), request, rest).await);
        }
        match path {
            "/" => (Route::Status, web::status::page(&self.content(), &self.about, &self.gauges)),
            "/metrics" => (Route::Metrics, self.metrics_page()),
            "/charts" => (Route::Charts, web::moved("/charts/")),
            "/files" => (Route::Files, web::moved("/files/")),
            "/apt" => (Route::Packages, web::moved("/apt/")),
            "/mirrors" => (Route::Packages, web::moved("/mirrors/")),
            "/git" => (Route::Git, web::moved("/git/")),
            _ => (Route::Other, web::not_found()),
        }
    }

    fn repositories<'a>(&'a self, content: &'a Content) -> web::git::Served<'a> {
        let scheme = if self.authority.is_some() { "https" } else { "http" };
        web::git::Served { git: &self.git, content, scheme }
    }

    /// Good as long as the server answers: a new start would heal none of the problems.
    fn health(&self) -> Response {
        let problems = self.content().count_problems();
        let text = if problems == 0 { "ok\n".to_owned() } else { format!("ok, with {problems} problems: see /\n") };
        Response::text(200, TEXT, text).with_header("Cache-Control", "no-store")
    }

    fn authority(&self) -> Response {
        match &self.authority {
            Some(pem) => Response::text(200, "application/x-pem-file", pem.clone()),
            None => web::not_found(),
        }
    }

    fn metrics_page(&self) -> Response {
        let content = self.content();
        let text = self.metrics.text(&self.gauges, content.sources.len(), content.count_problems());
        Response::text(200, "text/plain; version=0.0.4; charset=utf-8", text)
    }
}

impl Handler for App {
    async fn handle(&self, request: &Request<'_>, body: &mut RequestBody<'_>) -> Response {
        let (route, response) = self.route(request, body).await;
        response.with_label(route as usize)
    }

    fn finished(&self, finished: &Finished) {
        self.metrics.count(finished);
    }
}

/// What apt asks for, and nothing else, for everybody. For a listener without TLS: apt checks the signature of what it
/// gets, so nobody on the way can change it, and there is no credential to be read.
#[derive(Debug)]
pub(crate) struct PackagesOnly(pub(crate) Arc<App>);

impl Handler for PackagesOnly {
    async fn handle(&self, request: &Request<'_>, _: &mut RequestBody<'_>) -> Response {
        let content = self.0.content();
        let (route, response) = if !request.reads() {
            (Route::Other, read_only())
        } else if let Some(rest) = request.path.strip_prefix("/apt/") {
            (Route::Packages, web::packages::handle(&content, request, rest).await)
        } else if let Some(rest) = request.path.strip_prefix("/mirrors/") {
            (Route::Packages, web::mirrors::handle(&content, request, rest).await)
        } else if request.path == "/healthz" {
            (Route::Health, self.0.health())
        } else {
            (Route::Other, web::not_found())
        };
        response.with_label(route as usize)
    }

    fn finished(&self, finished: &Finished) {
        self.0.metrics.count(finished);
    }
}

fn read_only() -> Response {
    Response::text(405, TEXT, "405 this server is read-only\n").with_header("Allow", "GET, HEAD")
}

fn challenge() -> Response {
    Response::from(Problem::new(Code::Unauthorized, "this server wants to know who asks"))
        .with_header("WWW-Authenticate", "Basic realm=\"airgap\", charset=\"UTF-8\"")
}

fn slow_down(wait: std::time::Duration) -> Response {
    let text = "too many wrong credentials from this address";
    Response::from(Problem::new(Code::TooManyRequests, text))
        .with_header("Retry-After", &(wait.as_secs() + 1).to_string())
}
