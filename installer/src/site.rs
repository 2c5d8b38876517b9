//! What a site holds now: read without changing anything.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use manifests::bundle::VerifiedBundle;
use registry::store::{Generation, Store, StoreError};

use crate::event::BundleId;
use crate::import;
use crate::place::Method;
pub use crate::plan::Held;
use crate::plan::{Offer, SiteState};
use crate::preflight::nearest_existing;
use crate::service::{self, Wish};

/// Reads the state of the site in `store`, as far as the plan for `offer` depends on it.
///
/// # Errors
/// [`StoreError`] when the state is there and can't be read.
pub fn survey(store: &Store, offer: &Offer, wish: &Wish) -> Result<SiteState, StoreError> {
    let generations: Vec<Held> = store.list()?.iter().map(held).collect();
    let imported = store.list()?.into_iter().map(|generation| generation.receipt);
    let newest = imported.filter(|receipt| receipt.name == offer.name).map(|receipt| receipt.version).max();
    Ok(SiteState {
        floor: store.floors()?.get(&offer.name).map(|floor| floor.version.clone()),
        newest,
        next_generation: store.next_number()?,
        identity_lacks: service::site_lacks(store.root(), wish),
        server_lacks: service::server_lacks(store.root(), wish),
        listens: service::server_state(store.root()).listens(),
        generations,
    })
}

/// A generation, for plans and reports.
pub fn held(generation: &Generation) -> Held {
    let receipt = &generation.receipt;
    Held {
        generation: generation.number,
        bundle: BundleId {
            name: receipt.name.to_string(),
            version: receipt.version.to_string(),
            digest: receipt.bundle,
        },
        in_place: receipt.in_place(),
        usable: generation.open().is_ok(),
    }
}

/// What a bundle offers to the site in `store`, and which way it would take.
pub fn offer(store: &Store, bundle: &VerifiedBundle, in_place: bool) -> Offer {
    let document = bundle.document();
    let digest = bundle.document_digest();
    let sources: Vec<PathBuf> = bundle.files().into_iter().map(|(path, _)| path).collect();
    let method = if in_place { Method::InPlace } else { way(store.root(), &sources) };
    let mut public = vec![store.root().to_owned()];
    if in_place {
        public.extend(sources.iter().filter_map(|source| std::fs::canonicalize(source).ok()));
    }
    Offer {
        bundle: BundleId::new(document, digest),
        name: document.name.clone(),
        version: document.version.clone(),
        size: bundle.archive_size(),
        present: import::present(store, &digest),
        method,
        public,
        repositories: document.repositories().map(|git| git.file.size).sum(),
    }
}

fn way(state: &Path, sources: &[PathBuf]) -> Method {
    Method::cheapest(sources, nearest_existing(state))
}

/// The bytes that a folder's files take on the disk. What can't be read counts nothing.
pub fn disk_use(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let size = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => disk_use(&entry.path()),
        Ok(metadata) => metadata.blocks() * 512,
        Err(_) => 0,
    };
    entries.flatten().map(size).sum()
}
