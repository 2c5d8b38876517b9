//! Lists that come in pages, with a `Link` header to the next one.

use std::collections::HashSet;

use manifests::Digest;
use manifests::Repository;
use manifests::oci::{Descriptor, Index, media_type};
use reqwest::header::{HeaderMap, LINK};
use serde::Deserialize;
use url::Url;

use super::round::Round;
use super::{OciError, Registries, display_name};
use crate::http::Small;

/// Pages that are read of one list: an endless one ends here.
const PAGES: usize = 100;
/// Tags that are read of one repository.
const TAGS: usize = 100_000;

#[derive(Deserialize)]
pub(super) struct TagList {
    #[serde(default)]
    pub(super) tags: Option<Vec<String>>,
}

impl Registries {
    /// All tags of a repository, in the registry's order.
    ///
    /// # Errors
    /// [`OciError`] when the list can't be had or has no end.
    pub async fn tags(&self, repository: &Repository) -> Result<Vec<String>, OciError> {
        let what = format!("the tags of {repository}");
        let mut tags = Vec::new();
        // A mirror knows only what passed through it: the registry itself is asked, which stands last.
        let Some(endpoint) = self.endpoints(repository)?.pop() else { return Err(OciError::nowhere(&what)) };
        let mut next = Some(endpoint.url("tags/list?n=1000"));
        let mut pages = 0;
        while let Some(url) = next {
            let page = self.small(&endpoint, url.clone()).await.map_err(|error| OciError::fetch(&what, error))?;
            let list: TagList = serde_json::from_slice(&page.bytes)
                .map_err(|error| OciError::Broken { image: what.clone(), problem: error.to_string() })?;
            tags.extend(list.tags.unwrap_or_default());
            pages += 1;
            if tags.len() > TAGS || pages > PAGES {
                return Err(OciError::TooMany { image: repository.to_string(), what: "tags", limit: TAGS });
            }
            next = next_page(&url, &page.headers);
        }
        Ok(tags)
    }

    /// The manifests that refer to a digest; none where the registry does not know the question (OCI distribution
    /// specification 1.1, "Listing Referrers").
    pub(super) async fn referrers(
        &self,
        repository: &Repository,
        digest: Digest,
    ) -> Result<Option<Vec<Descriptor>>, OciError> {
        let what = display_name(repository, &digest.to_string());
        let mut round = Round::new(self);
        for endpoint in self.endpoints(repository)? {
            if round.leaves_out(&endpoint) {
                continue;
            }
            let mut found = Vec::new();
            let mut seen = HashSet::new();
            let mut next = Some(endpoint.url(&format!("referrers/{digest}")));
            let mut answered = false;
            while let Some(url) = next.take() {
                if seen.len() >= PAGES || !seen.insert(url.to_string()) {
                    break;
                }
                match self.small(&endpoint, url.clone()).await {
                    Ok(page) => {
                        let Some(index) = referrers_page(&page) else { break };
                        answered = true;
                        found.extend(index.manifests);
                        next = next_page(&url, &page.headers);
                    }
                    // Registries without the list answer it with all kinds of refusals.
                    Err(error) if error.status().is_some_and(|status| matches!(status.as_u16(), 500 | 501)) => break,
                    Err(error) => {
                        round
                            .failed(&endpoint, error)
                            .map_err(|error| OciError::fetch(&format!("the referrers of {what}"), error))?;
                        break;
                    }
                }
            }
            if answered {
                round.answered();
            }
            // A mirror that knows of none may just not know.
            if answered && !(found.is_empty() && endpoint.is_mirror()) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

fn referrers_page(page: &Small) -> Option<Index> {
    let fits = matches!(page.media_type(), media_type::OCI_INDEX | "application/json" | "");
    fits.then(|| serde_json::from_slice(&page.bytes).ok()).flatten()
}

/// The URL of `Link: <…>; rel="next"` (RFC 8288), at the same origin only: it is asked with the same credentials.
pub(super) fn next_page(url: &Url, headers: &HeaderMap) -> Option<Url> {
    let links = headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
    let next = links.flat_map(|value| value.split(',')).find_map(|link| {
        let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        let is_next = parameters.split(';').any(|p| matches!(p.trim(), r#"rel="next""# | "rel=next"));
        is_next.then_some(target)
    })?;
    url.join(next).ok().filter(|next| next.origin() == url.origin())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_found_and_stays_at_the_same_server() {
        let url = Url::parse("https://host/v2/a/tags/list?n=2").unwrap();
        let next = |link: &str| next_page(&url, &HeaderMap::from_iter([(LINK, link.parse().unwrap())]));
        let found = next(r#"</v2/a/tags/list?last=b&n=2>; rel="next""#).unwrap();
        assert_eq!(found.as_str(), "https://host/v2/a/tags/list?last=b&n=2");
        assert_eq!(next(r#"<https://elsewhere/v2/a/tags/list>; rel="next""#), None);
        assert_eq!(next(r#"</v2/a/tags/list>; rel="prev""#), None);
    }
}
