//! Whether a tag exists, with as few questions as it takes: signatures are looked for under many names.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use manifests::Repository;
use tokio::sync::OnceCell;

use super::pages::{TagList, next_page};
use super::{ACCEPTED, OciError, Registries, display_name};
use crate::http::Request;
use crate::oci::round::Round;

/// Tags that are asked for at once.
const PAGE: usize = 1000;
/// Registries that cut a list without saying so cut it at a round number.
const ROUND: usize = 50;

/// The tags of repositories whose whole list is known.
#[derive(Debug, Default)]
pub(super) struct KnownTags {
    repositories: Mutex<HashMap<Repository, Place>>,
}

/// Where a list stands, once one of those who want it has asked for it.
type Place = Arc<OnceCell<Option<HashSet<String>>>>;

impl Registries {
    /// Whether a tag exists; a registry that refuses the question counts as one without it.
    pub(super) async fn has_tag(&self, repository: &Repository, tag: &str) -> Result<bool, OciError> {
        let place = {
            let mut known = self.0.known_tags.repositories.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(known.entry(repository.clone()).or_default())
        };
        match place.get_or_init(|| self.whole_list(repository)).await {
            Some(tags) => Ok(tags.contains(tag)),
            None => self.ask_for_tag(repository, tag).await,
        }
    }

    /// All tags, if they fit into one answer of the registry itself.
    async fn whole_list(&self, repository: &Repository) -> Option<HashSet<String>> {
        let mut endpoints = self.endpoints(repository).ok()?;
        // What a mirror lists may be what passed through it.
        let upstream = endpoints.pop().filter(|_| endpoints.is_empty())?;
        let url = upstream.url(&format!("tags/list?n={PAGE}"));
        let page = self.small(&upstream, url.clone()).await.ok()?;
        let tags = serde_json::from_slice::<TagList>(&page.bytes).ok()?.tags?;
        let is_whole = next_page(&url, &page.headers).is_none() && !tags.len().is_multiple_of(ROUND);
        is_whole.then(|| tags.into_iter().collect())
    }

    /// By HEAD, which is free where reading is counted.
    async fn ask_for_tag(&self, repository: &Repository, tag: &str) -> Result<bool, OciError> {
        let mut round = Round::new(self);
        for endpoint in self.endpoints(repository)? {
            if round.leaves_out(&endpoint) {
                continue;
            }
            let request = self.request(&endpoint, &format!("manifests/{tag}"), Request::head).accept(&ACCEPTED);
            match self.client().head(&request).await {
                Ok(_) => return Ok(true),
                Err(error) => round
                    .failed(&endpoint, error)
                    .map_err(|error| OciError::fetch(&display_name(repository, tag), error))?,
            }
        }
        Ok(false)
    }
}
