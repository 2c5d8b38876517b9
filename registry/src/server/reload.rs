use std::collections::HashMap;
use std::sync::Arc;

use crate::apt::Mirrors;
use crate::content::{Content, Source, build};
use crate::store::{Mark, Store, StoreError};

/// Notices what generations there are and makes the picture of them.
#[derive(Debug)]
pub(crate) struct Reloader {
    store: Store,
    in_place: Vec<Arc<Source>>,
    mirrors: Mirrors,
    /// Those that are open: they stay open, with what is known of their blobs.
    open: HashMap<u32, Arc<Source>>,
    /// What was there at the last look, and which of it could not be opened.
    seen: Vec<Mark>,
    broken: Vec<u32>,
}

impl Reloader {
    pub(crate) fn new(store: Store, in_place: Vec<Arc<Source>>) -> Self {
        let mirrors = Mirrors::new(store.root().to_owned());
        Self { store, in_place, mirrors, open: HashMap::new(), seen: Vec::new(), broken: Vec::new() }
    }

    /// Whether a look at the store would show something else than last time.
    pub(crate) fn is_stale(&self) -> bool {
        if self.store.fingerprint() != self.seen {
            return true;
        }
        // A medium may have been put in since.
        !self.broken.is_empty()
            && self.store.list().is_ok_and(|all| {
                all.iter().any(|generation| self.broken.contains(&generation.number) && generation.open().is_ok())
            })
    }

    /// Reads the store and makes the picture, the latest generation first. A generation that can't be opened is named
    /// among the problems: the others are served all the same.
    pub(crate) fn load(&mut self) -> Result<Content, StoreError> {
        let fingerprint = self.store.fingerprint();
        let mut problems = Vec::new();
        let mut broken = Vec::new();
        let mut open = HashMap::new();
        let mut sources = self.in_place.clone();
        let (generations, unreadable) = self.store.look()?;
        for error in unreadable {
            tracing::error!(error = &error as &dyn std::error::Error, "a generation is not served");
            problems.push(crate::content::with_causes(&error));
        }
        for generation in generations.into_iter().rev() {
            let kept = self.open.get(&generation.number);
            let kept = kept.filter(|source| source.receipt() == Some(&generation.receipt)).cloned();
            let number = generation.number;
            let open_now = || Ok(Source::new(generation.open()?, Some((number, generation.receipt.clone()))));
            let source = match kept.map_or_else(open_now, Ok) {
                Ok(source) => source,
                Err(error) => {
                    let error: StoreError = error;
                    tracing::error!(error = &error as &dyn std::error::Error, "a generation is not served");
                    problems.push(crate::content::with_causes(&error));
                    broken.push(number);
                    continue;
                }
            };
            open.insert(number, Arc::clone(&source));
            sources.push(source);
        }
        let mut content = build(sources, &mut self.mirrors);
        content.problems.splice(0..0, problems);
        (self.seen, self.broken, self.open) = (fingerprint, broken, open);
        Ok(content)
    }
}
