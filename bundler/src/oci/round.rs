//! A question that may have no answer, asked at one place after the other.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use super::endpoint::Endpoint;
use super::{Registries, is_refusal};
use crate::http::FetchError;

/// Registries that can't be reached, although their mirrors can.
#[derive(Debug, Default)]
pub(super) struct OutOfReach(Mutex<HashSet<String>>);

/// One round through the places of a repository, for something that need not exist.
///
/// Where only a mirror can be reached, as in many companies, its word has to be enough.
pub(super) struct Round<'a> {
    registries: &'a Registries,
    answered: bool,
}

impl<'a> Round<'a> {
    pub(super) fn new(registries: &'a Registries) -> Self {
        Self { registries, answered: false }
    }

    /// A place answered that it has nothing.
    pub(super) fn answered(&mut self) {
        self.answered = true;
    }

    /// Whether a place need not be asked: it was out of reach before, and a mirror has answered.
    pub(super) fn leaves_out(&self, endpoint: &Endpoint) -> bool {
        let known = self.registries.0.out_of_reach.0.lock().unwrap_or_else(PoisonError::into_inner);
        self.answered && known.contains(&endpoint.origin())
    }

    /// Takes a failure at a place: nothing if the next can be asked, the error if the round ends with it.
    pub(super) fn failed(&mut self, endpoint: &Endpoint, error: FetchError) -> Result<(), FetchError> {
        if error.is_final() {
            return Err(error);
        }
        if is_refusal(&error) {
            tracing::trace!(%error, "nothing there");
            self.answered = true;
            return Ok(());
        }
        if endpoint.is_mirror() {
            tracing::debug!(%error, "the mirror failed");
            return Ok(());
        }
        if self.answered && error.is_unreachable() {
            let mut known = self.registries.0.out_of_reach.0.lock().unwrap_or_else(PoisonError::into_inner);
            if known.insert(endpoint.origin()) {
                tracing::warn!(
                    registry = endpoint.host(),
                    "it can't be reached: signatures and other attachments come from its mirrors alone"
                );
            }
            return Ok(());
        }
        Err(error)
    }
}
