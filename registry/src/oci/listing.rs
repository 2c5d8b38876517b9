//! What there is: tags, repositories, referrers.

use std::fmt::Write as _;

use manifests::Digest;
use manifests::oci::media_type;
use serde_json::json;

use super::error::{Code, Problem};
use super::names;
use crate::content::Content;
use crate::http::{Request, Response, encode_segment};

/// Repositories that a page of the catalog has at most.
const CATALOG_PAGE: usize = 1000;
/// Tags that a page has at most.
const TAGS_PAGE: usize = 10_000;

pub(super) fn tags(content: &Content, request: &Request<'_>, name: &str) -> Response {
    let repository = match names::find(content, request, name) {
        Ok(repository) => repository,
        Err(problem) => return problem.into(),
    };
    let path: Vec<String> = name.split('/').map(encode_segment).collect();
    let page = match Page::of(request, TAGS_PAGE) {
        Ok(page) => page,
        Err(problem) => return problem.into(),
    };
    let (tags, link) = page.cut(repository.tags.keys(), &format!("/v2/{}/tags/list", path.join("/")));
    listed(&json!({"name": name, "tags": tags}), link)
}

pub(super) fn catalog(content: &Content, request: &Request<'_>) -> Response {
    let page = match Page::of(request, CATALOG_PAGE) {
        Ok(page) => page,
        Err(problem) => return problem.into(),
    };
    let (names, link) = page.cut(content.repositories.keys(), "/v2/_catalog");
    listed(&json!({"repositories": names}), link)
}

fn listed(body: &serde_json::Value, link: Option<String>) -> Response {
    let response = Response::text(200, "application/json", format!("{body}\n"));
    match link {
        Some(link) => response.with_header("Link", &link),
        None => response,
    }
}

/// Which part of a list is asked for.
struct Page {
    count: usize,
    last: Option<String>,
    registry: Option<String>,
}

impl Page {
    fn of(request: &Request<'_>, limit: usize) -> Result<Self, Problem> {
        let count = match request.parameter("n") {
            None => limit,
            Some(text) => text
                .parse()
                .map(|count: usize| count.min(limit))
                .map_err(|_| Problem::new(Code::PaginationNumberInvalid, "n is not a number of entries"))?,
        };
        Ok(Self { count, last: request.parameter("last"), registry: request.parameter("ns") })
    }

    /// The part, and the `Link` to the next one where there is more.
    fn cut<'t>(&self, all: impl Iterator<Item = &'t String>, path: &str) -> (Vec<&'t str>, Option<String>) {
        let behind = |name: &&String| self.last.as_ref().is_none_or(|last| *name > last);
        let mut rest = all.filter(behind).map(String::as_str);
        let part: Vec<&str> = rest.by_ref().take(self.count).collect();
        let link = part.last().filter(|_| rest.next().is_some()).map(|last| {
            let mut link = format!("<{path}?n={}&last={}", self.count, encode_segment(last).replace('+', "%2B"));
            if let Some(registry) = &self.registry {
                let _ = write!(link, "&ns={}", encode_segment(registry));
            }
            link.push_str(">; rel=\"next\"");
            link
        });
        (part, link)
    }
}

pub(super) fn referrers(content: &Content, request: &Request<'_>, name: &str, digest: &str) -> Response {
    let repository = match names::find(content, request, name) {
        Ok(repository) => repository,
        Err(problem) => return problem.into(),
    };
    let Ok(digest) = digest.parse::<Digest>() else {
        return Problem::new(Code::DigestInvalid, "only digests of the form sha256:<64 hex digits> are known").into();
    };
    let filter = request.parameter("artifactType").filter(|kind| !kind.is_empty());
    let all = repository.referrers.get(&digest).map(Vec::as_slice).unwrap_or_default();
    let wanted = all.iter().filter(|referrer| filter.is_none() || referrer.artifact_type == filter);
    let descriptors: Vec<_> = wanted.map(|referrer| &referrer.descriptor).collect();
    let body = json!({"schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": descriptors});
    let response = Response::text(200, media_type::OCI_INDEX, format!("{body}\n"));
    if filter.is_some() { response.with_header("OCI-Filters-Applied", "artifactType") } else { response }
}
