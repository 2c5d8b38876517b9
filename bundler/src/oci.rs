//! Registries: the pull side of the OCI distribution specification, and images resolved to everything they hold.

mod attached;
mod challenge;
mod endpoint;
mod error;
mod manifest;
mod names;
mod pages;
pub(crate) mod platforms;
mod resolve;
mod round;
mod tags;
mod token;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use manifests::oci::{Descriptor, media_type};
use manifests::{Digest, Repository};
use url::Url;

pub use error::OciError;
pub use manifest::{Document, FetchedManifest};
pub use resolve::ImageRequest;

use crate::credentials::Credentials;
use crate::http::{Auth, Client, Download, FetchError, MemorySink, Pump, Request, Sink, Small};
use endpoint::Endpoint;
use names::KnownNames;
use round::OutOfReach;
use tags::KnownTags;
use token::Tokens;

/// The largest manifest that is read: what the distribution specification tells registries to accept.
pub const MANIFEST_LIMIT: usize = 4 << 20;

const ACCEPTED: [&str; 6] = [
    media_type::OCI_INDEX,
    media_type::OCI_MANIFEST,
    media_type::DOCKER_LIST,
    media_type::DOCKER_MANIFEST,
    // Asked for so that a registry sends it as it is, and we can say that we refuse it, instead of a vague 404.
    media_type::DOCKER_SCHEMA_1_SIGNED,
    media_type::DOCKER_SCHEMA_1,
];

/// All registries, with their mirrors and credentials. Cheap to clone.
#[derive(Clone)]
pub struct Registries(Arc<Inner>);

struct Inner {
    client: Client,
    tokens: Arc<Tokens>,
    mirrors: BTreeMap<String, Vec<Url>>,
    known_names: KnownNames,
    known_tags: KnownTags,
    out_of_reach: OutOfReach,
}

impl fmt::Debug for Registries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Registries")
    }
}

impl Registries {
    /// Registries behind `client`; `mirrors` by the registry that they mirror, asked in their order before it.
    pub fn new(client: Client, credentials: Credentials, mirrors: BTreeMap<String, Vec<Url>>) -> Self {
        let tokens = Arc::new(Tokens::new(client.clone(), credentials));
        let (known_names, known_tags) = (KnownNames::default(), KnownTags::default());
        let out_of_reach = OutOfReach::default();
        Self(Arc::new(Inner { client, tokens, mirrors, known_names, known_tags, out_of_reach }))
    }

    /// The client that they are reached with.
    pub fn client(&self) -> &Client {
        &self.0.client
    }

    /// Reads a manifest or an index by tag or digest. Its bytes stay as they are.
    ///
    /// # Errors
    /// [`OciError`] when it can't be had, is no manifest, is of schema 1, or has another digest than it was asked for
    /// by.
    pub async fn manifest(&self, repository: &Repository, name: &str) -> Result<FetchedManifest, OciError> {
        let what = display_name(repository, name);
        let expected: Option<Digest> = name.parse().ok();
        let mut first_error = None;
        for endpoint in self.endpoints(repository)? {
            let request = self.request(&endpoint, &format!("manifests/{name}"), Request::get).accept(&ACCEPTED);
            let read = match self.client().get_small(&request, MANIFEST_LIMIT).await {
                Ok(small) => manifest::read(&what, small, expected),
                Err(error) => Err(OciError::fetch(&what, error)),
            };
            match read {
                Ok(found) => return Ok(found),
                Err(error) if error.is_final() => return Err(error),
                Err(error) => keep_upstreams(&what, &endpoint, error, &mut first_error),
            }
        }
        Err(first_error.unwrap_or_else(|| OciError::nowhere(&what)))
    }

    /// Downloads a blob into a sink that checks it.
    ///
    /// # Errors
    /// [`OciError`] when it can't be had from any mirror nor from the registry.
    pub async fn blob_into<S: Sink>(
        &self,
        repository: &Repository,
        digest: Digest,
        size: u64,
        pump: &mut Pump<S>,
    ) -> Result<(), OciError> {
        let what = format!("{repository}@{digest}");
        let mut upstreams = None;
        for endpoint in self.endpoints(repository)? {
            let request = self.request(&endpoint, &format!("blobs/{digest}"), Request::get);
            let download = Download { request, size: Some(size), verified: true };
            match self.client().download_into(&download, pump).await {
                Ok(()) => return Ok(()),
                Err(error) if error.is_final() => return Err(OciError::fetch(&what, error)),
                Err(error) => keep_upstreams(&what, &endpoint, OciError::fetch(&what, error), &mut upstreams),
            }
        }
        Err(upstreams.unwrap_or_else(|| OciError::nowhere(&what)))
    }

    /// Reads a blob of at most `limit` bytes into memory and checks it.
    ///
    /// # Errors
    /// As [`Registries::blob_into`]; and when it is larger.
    pub async fn small_blob(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
        limit: usize,
    ) -> Result<Bytes, OciError> {
        let what = format!("{repository}@{}", descriptor.digest);
        if descriptor.size > limit as u64 {
            let error = FetchError::TooLarge { url: what.clone(), limit: limit as u64 };
            return Err(OciError::fetch(&what, error));
        }
        let mut pump = Pump::new(MemorySink::new(limit, Some(descriptor.digest)));
        self.blob_into(repository, descriptor.digest, descriptor.size, &mut pump).await?;
        pump.into_sink().await.map(MemorySink::into_bytes).ok_or_else(|| OciError::nowhere(&what))
    }

    /// Every place where a repository can be had: mirrors first, the registry itself last.
    fn endpoints(&self, repository: &Repository) -> Result<Vec<Endpoint>, OciError> {
        let settings = self.client().settings();
        let mirrors = self.0.mirrors.get(repository.registry()).into_iter().flatten();
        let mut endpoints: Vec<Endpoint> = mirrors.map(|mirror| Endpoint::mirror(mirror, repository)).collect();
        endpoints.push(Endpoint::upstream(repository, settings)?);
        Ok(endpoints)
    }

    fn request(&self, endpoint: &Endpoint, rest: &str, method: fn(Url) -> Request) -> Request {
        let auth = Auth::Provider(Arc::new(self.0.tokens.clone().for_endpoint(endpoint)));
        method(endpoint.url(rest)).auth(auth)
    }

    async fn small(&self, endpoint: &Endpoint, url: Url) -> Result<Small, FetchError> {
        let auth = Auth::Provider(Arc::new(self.0.tokens.clone().for_endpoint(endpoint)));
        self.client().get_small(&Request::get(url).auth(auth), MANIFEST_LIMIT).await
    }
}

/// A server that answers, but not with what was asked for: it has none, or does not know the question.
fn is_refusal(error: &FetchError) -> bool {
    error.status().is_some_and(|status| status.is_client_error() && status.as_u16() != 429)
}

/// A mirror's failure is worth a line in the log; what people need to know is why the registry itself failed.
fn keep_upstreams(what: &str, endpoint: &Endpoint, error: OciError, kept: &mut Option<OciError>) {
    if endpoint.is_mirror() {
        tracing::warn!(image = what, mirror = endpoint.host(), %error, "the mirror failed; asking the next place");
    } else {
        *kept = Some(error);
    }
}

fn display_name(repository: &Repository, name: &str) -> String {
    let separator = if name.starts_with("sha256:") { '@' } else { ':' };
    format!("{repository}{separator}{name}")
}
