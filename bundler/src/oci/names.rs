//! What names stand for: asked for once, so that a tag that moves meanwhile stands for one thing in all of a run.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use manifests::{Digest, Repository};
use tokio::sync::OnceCell;

use super::{FetchedManifest, OciError, Registries};

/// The manifests that tags stood for when they were first asked for.
#[derive(Debug, Default)]
pub(super) struct KnownNames(Mutex<HashMap<(Repository, String), Cell>>);

/// It is set once the manifest is there.
type Cell = Arc<OnceCell<FetchedManifest>>;

impl KnownNames {
    fn cell(&self, repository: &Repository, name: &str) -> Cell {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry((repository.clone(), name.to_owned())).or_default())
    }
}

impl Registries {
    /// Reads the manifest or index that a tag or a digest stands for. Of a tag, what it stood for at first.
    ///
    /// # Errors
    /// As [`Registries::manifest`].
    pub async fn named(&self, repository: &Repository, name: &str) -> Result<FetchedManifest, OciError> {
        if name.parse::<Digest>().is_ok() {
            return self.manifest(repository, name).await;
        }
        let cell = self.0.known_names.cell(repository, name);
        cell.get_or_try_init(|| self.manifest(repository, name)).await.cloned()
    }
}
