//! Where charts come from: chart repositories, registries, folders and archives.

mod error;
mod local;
mod name;
mod registry;
mod repository;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::StreamExt;
use jiff::Timestamp;
use manifests::component::ChartSource;
use manifests::document::Chart;
use manifests::lock::{FoundChart, LockedChart};
use manifests::oci::media_type;
use manifests::{Digest, ImageReference};
use url::Url;

pub use error::{ChartError, ChartProblem, RepositoryError};
pub(crate) use name::of_locked as name_of_locked;

use super::artifact::Artifact;
use super::helm_repositories::HelmRepositories;
use super::metadata::Metadata;
use crate::content::{Found, Origin, Resolved, WantedBlob};
use crate::credentials::Credentials;
use crate::http::Client;
use crate::oci::Registries;
use crate::resolve::stack::ResolvedChart;
use repository::Indexes;

/// Charts that are looked at side by side; limits for each host are the client's.
const SIDE_BY_SIDE: usize = 8;
/// Archives that had to be read for their metadata are kept in memory up to this many bytes in all; what comes beyond
/// is fetched again when the bundle is written.
const KEPT: u64 = 16 << 20;

/// Finds charts. Cheap to clone; clones share what was read of chart repositories.
#[derive(Clone)]
pub struct ChartSources(Arc<Inner>);

struct Inner {
    registries: Registries,
    credentials: Credentials,
    helm: HelmRepositories,
    created: Timestamp,
    indexes: Mutex<HashMap<Url, Indexes>>,
    kept: AtomicU64,
}

/// A chart whose artifact is made here.
struct Packed {
    metadata: Metadata,
    archive: (Digest, u64),
    origin: Origin,
    provenance: Option<Bytes>,
    reference: ImageReference,
    repository: Option<String>,
    found: Found,
}

impl fmt::Debug for ChartSources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChartSources")
    }
}

impl ChartSources {
    /// Charts behind these registries and their client, with these credentials for web servers. Charts that are
    /// packaged here get the time `created`.
    pub fn new(registries: Registries, credentials: Credentials, created: Timestamp) -> Self {
        Self::with_helm(registries, credentials, HelmRepositories::default(), created)
    }

    /// The same, with the logins that helm has for chart repositories. They go before the credentials of the host.
    pub fn with_helm(
        registries: Registries,
        credentials: Credentials,
        helm: HelmRepositories,
        created: Timestamp,
    ) -> Self {
        let (indexes, kept) = (Mutex::default(), AtomicU64::new(0));
        Self(Arc::new(Inner { registries, credentials, helm, created, indexes, kept }))
    }

    /// Resolves all charts, in their order.
    ///
    /// # Errors
    /// One [`ChartError`] for each chart that can't be had.
    pub async fn resolve(&self, charts: &[ResolvedChart]) -> Result<Vec<Resolved>, Vec<ChartError>> {
        let results: Vec<_> = futures_util::stream::iter(charts.iter().map(|chart| self.resolve_one(chart)))
            .buffered(SIDE_BY_SIDE)
            .collect()
            .await;
        let (mut resolved, mut errors) = (Vec::new(), Vec::new());
        for result in results {
            match result {
                Ok(chart) => resolved.push(chart),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(resolved) } else { Err(errors) }
    }

    /// Resolves one chart: its version, its archive and everything of its artifact.
    ///
    /// # Errors
    /// [`ChartError`] when it can't be had.
    pub async fn resolve_one(&self, chart: &ResolvedChart) -> Result<Resolved, ChartError> {
        let result = match &chart.source {
            ChartSource::Repository { url, version } => repository::find(self, chart, url, &version.to_string()).await,
            ChartSource::Oci { repository, version } => {
                registry::find(self, chart, repository, &version.to_string()).await
            }
            ChartSource::Local { path } => local::find(self, chart, path).await,
        };
        result.map_err(|problem| ChartError::new(chart, problem))
    }

    /// Resolves one chart of which a lock says what it is: neither an index nor tags are asked for.
    ///
    /// # Errors
    /// [`ChartError`] when it can't be had any more.
    pub async fn resolve_locked(&self, chart: &ResolvedChart, locked: &LockedChart) -> Result<Resolved, ChartError> {
        let result = match (&chart.source, &locked.found) {
            (ChartSource::Repository { url, .. }, Some(FoundChart::Archive(place))) => {
                repository::find_locked(self, chart, url, locked, place).await
            }
            (source, Some(FoundChart::Artifact(artifact))) => {
                registry::find_locked(self, chart, source, artifact).await
            }
            // What is on disk is compared with the lock when it is found.
            _ => return self.resolve_one(chart).await,
        };
        let gone = |problem: ChartProblem| problem.gone_since(locked);
        result.map_err(|problem| ChartError::new(chart, gone(problem)))
    }

    fn client(&self) -> &Client {
        self.0.registries.client()
    }

    /// The one place for the index of a repository.
    fn indexes(&self, url: &Url) -> Indexes {
        let mut indexes = self.0.indexes.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(indexes.entry(url.clone()).or_default())
    }

    /// Whether there is room in memory to keep an archive.
    fn may_keep(&self, size: u64) -> bool {
        let room = |kept: u64| kept.checked_add(size).filter(|kept| *kept <= KEPT);
        self.0.kept.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room).is_ok()
    }
}

/// The item and the blobs of an artifact that is made here.
fn assemble(chart: &ResolvedChart, packed: Packed) -> Result<Resolved, ChartProblem> {
    let Packed { metadata, archive, origin, provenance, reference, repository, found } = packed;
    check_name(chart, &metadata)?;
    let provenance_content = provenance.as_ref().map(|bytes| (Digest::of(bytes), bytes.len() as u64));
    let artifact = Artifact::new(&metadata, archive, provenance_content);
    let (digest, size) = archive;
    let encoding = manifests::document::Encoding::for_name(media_type::HELM_CHART);
    let mut blobs = vec![
        WantedBlob::here(media_type::OCI_MANIFEST, artifact.manifest.into()),
        WantedBlob::here(media_type::HELM_CONFIG, artifact.config.into()),
        WantedBlob { digest, size, encoding, origin },
    ];
    blobs.extend(provenance.map(|bytes| WantedBlob::here(media_type::HELM_PROVENANCE, bytes)));
    let item = Chart {
        name: metadata.name,
        version: metadata.version,
        reference,
        repository,
        descriptor: artifact.descriptor,
        archive: digest,
        provenance: provenance_content.map(|(digest, _)| digest),
        attached: Vec::new(),
        component: Some(chart.component.to_string()),
    };
    Ok(Resolved { item: item.into(), blobs, found })
}

/// The site asks by the name that the component says; another chart under that name helps nobody.
fn check_name(chart: &ResolvedChart, metadata: &Metadata) -> Result<(), ChartProblem> {
    if metadata.name == chart.name {
        return Ok(());
    }
    Err(ChartProblem::OtherName { expected: chart.name.clone(), actual: metadata.name.clone() })
}

#[cfg(test)]
mod tests;
