//! The OCI distribution specification 1.1: pull and content discovery.
//! <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md>

mod endpoint;
mod error;
mod listing;
mod names;
mod pull;

use crate::content::Content;
use crate::http::{Request, Response};
use crate::metrics::Route;

pub(crate) use endpoint::Endpoint;
pub(crate) use error::{Code, Problem};
pub(crate) use pull::{Lifetime, serve_blob, serve_blob_for};

/// Answers a request below `/v2/`; `path` is what stands behind that, still encoded.
pub(crate) async fn handle(content: &Content, request: &Request<'_>, path: &str) -> (Route, Response) {
    let endpoint = match Endpoint::parse(path) {
        Ok(endpoint) => endpoint,
        Err(problem) => return (Route::Other, problem.into()),
    };
    if !request.reads() {
        return (Route::Other, error::unsupported());
    }
    match endpoint {
        Endpoint::Base => (Route::Base, pull::base()),
        Endpoint::Catalog => (Route::Catalog, listing::catalog(content, request)),
        Endpoint::Tags { name } => (Route::Tags, listing::tags(content, request, &name)),
        Endpoint::Manifest { name, reference } => {
            (Route::Manifest, pull::manifest(content, request, &name, &reference).await)
        }
        Endpoint::Blob { name, digest } => (Route::Blob, pull::blob(content, request, &name, &digest).await),
        Endpoint::Referrers { name, digest } => {
            (Route::Referrers, listing::referrers(content, request, &name, &digest))
        }
        Endpoint::Upload => (Route::Other, error::unsupported()),
    }
}
