//! Asks a server of LFS where objects are.
//!
//! Source: <https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md>.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use manifests::Digest;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::super::GitProblem;
use crate::credentials::Credentials;
use crate::http::{Auth, Authorization, Client, Download, Request, Secret, shown};

/// What requests and answers are.
const MEDIA_TYPE: &str = "application/vnd.git-lfs+json";
/// Objects that are asked for at once.
const BATCH: usize = 100;
/// Bytes of an answer that are read at most.
const ANSWER: usize = 4 << 20;

/// The answer to a request.
#[derive(Debug, Deserialize)]
struct Answer {
    objects: Vec<Object>,
}

#[derive(Debug, Deserialize)]
struct Object {
    oid: String,
    actions: Option<Actions>,
    error: Option<Refusal>,
}

#[derive(Debug, Deserialize)]
struct Actions {
    download: Option<Action>,
}

#[derive(Debug, Deserialize)]
struct Action {
    href: String,
    #[serde(default)]
    header: BTreeMap<String, String>,
}

/// Where an object is, and what is sent along to get it.
struct Place {
    url: Url,
    header: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct Refusal {
    #[serde(default)]
    message: String,
}

/// Makes sure that a server has objects.
///
/// # Errors
/// [`GitProblem`]: those that it does not have, all together.
pub(crate) async fn check(
    client: &Client,
    credentials: &Credentials,
    server: &Url,
    objects: &BTreeMap<Digest, u64>,
) -> Result<(), GitProblem> {
    let mut missing = Vec::new();
    for batch in objects.iter().collect::<Vec<_>>().chunks(BATCH) {
        let mut found = ask(client, credentials, server, batch).await?;
        missing.extend(batch.iter().filter_map(|(digest, _)| match found.remove(*digest) {
            Some(Ok(_)) => None,
            Some(Err(said)) => Some(said),
            None => Some(digest.to_string()),
        }));
    }
    if missing.is_empty() { Ok(()) } else { Err(GitProblem::LfsAbsent { place: shown(server), missing }) }
}

/// How an object is downloaded, now.
///
/// # Errors
/// [`GitProblem`] when the server does not have it.
pub(crate) async fn download(
    client: &Client,
    credentials: &Credentials,
    server: &Url,
    (digest, size): (Digest, u64),
) -> Result<Download, GitProblem> {
    let mut found = ask(client, credentials, server, &[(&digest, &size)]).await?;
    let found = found.remove(&digest).unwrap_or_else(|| Err(digest.to_string()));
    let place = found.map_err(|missing| GitProblem::LfsAbsent { place: shown(server), missing: vec![missing] })?;
    Ok(Download { request: request(credentials, place), size: Some(size), verified: true })
}

/// Where each of some objects is, or what the server says of it.
async fn ask(
    client: &Client,
    credentials: &Credentials,
    server: &Url,
    objects: &[(&Digest, &u64)],
) -> Result<BTreeMap<Digest, Result<Place, String>>, GitProblem> {
    let mut url = server.clone();
    url.set_path(&format!("{}/objects/batch", server.path()));
    let wanted: Vec<_> = objects.iter().map(|(digest, size)| json!({"oid": digest.hex(), "size": size})).collect();
    let body = json!({"operation": "download", "transfers": ["basic"], "hash_algo": "sha256", "objects": wanted});
    let request = Request::post_json(url, MEDIA_TYPE, Bytes::from(body.to_string())).accept(&[MEDIA_TYPE]);
    let answer = client.get_small(&request.auth(credentials.auth(server)), ANSWER).await?;
    let answer: Answer = serde_json::from_slice(&answer.bytes)
        .map_err(|source| GitProblem::LfsAnswer { place: shown(server), source })?;
    // What is asked for over TLS does not come without it.
    let may = |url: &Url| url.scheme() == "https" || server.scheme() == "http";
    let told = |object: Object| {
        let digest = Digest::from_hex(&object.oid).ok()?;
        let action = object.actions.and_then(|actions| actions.download);
        let place = action.and_then(|Action { href, header }| Some(Place { url: Url::parse(&href).ok()?, header }));
        let told = match (place.filter(|place| may(&place.url)), object.error) {
            (Some(place), None) => Ok(place),
            (_, Some(error)) => Err(format!("{digest} ({})", line(&error.message))),
            (None, None) => Err(digest.to_string()),
        };
        Some((digest, told))
    };
    Ok(answer.objects.into_iter().filter_map(told).collect())
}

/// What a server says, as it may be shown.
fn line(said: &str) -> String {
    said.split_whitespace().collect::<Vec<_>>().join(" ").chars().filter(|c| !c.is_control()).take(200).collect()
}

fn request(credentials: &Credentials, place: Place) -> Request {
    let auth = credentials.auth(&place.url);
    let mut request = Request::get(place.url).auth(auth);
    for (name, value) in place.header {
        let (Ok(name), Ok(mut header)) = (name.parse::<HeaderName>(), HeaderValue::from_str(&value)) else { continue };
        // All of it is for this place alone, as every authorization is.
        header.set_sensitive(true);
        request = if name == AUTHORIZATION {
            request.auth(Auth::Fixed(authorization(&value)))
        } else {
            request.header(name, header)
        };
    }
    request
}

/// What a server says that a client shall log in with.
fn authorization(value: &str) -> Authorization {
    let basic = value.strip_prefix("Basic ").and_then(|coded| String::from_utf8(STANDARD.decode(coded).ok()?).ok());
    match basic.as_deref().and_then(|text| text.split_once(':')) {
        Some((user, password)) => Authorization::basic(user, password),
        None => Authorization::Other(Secret::new(value)),
    }
}
