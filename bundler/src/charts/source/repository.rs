//! Charts from chart repositories.

use std::sync::Arc;

use bytes::Bytes;
use manifests::digest::ContentMismatch;
use manifests::lock::LockedChart;
use manifests::{Digest, ImageReference};
use tokio::sync::OnceCell;
use url::Url;

use super::local::MAX_PROVENANCE;
use super::registry::{self, Source};
use super::{ChartProblem, ChartSources, Packed, RepositoryError, assemble, name};
use crate::charts::archive::{self, ArchiveError, MAX_ARCHIVE};
use crate::charts::index::{self, Entry, RepositoryIndex};
use crate::charts::metadata::Metadata;
use crate::content::{Found, Origin, Resolved};
use crate::http::{Auth, Download, FetchError, MemorySink, Request, shown};
use crate::resolve::stack::ResolvedChart;

/// The index of a repository, read once for all of its charts.
pub(super) type Indexes = Arc<OnceCell<Result<Arc<RepositoryIndex>, Arc<RepositoryError>>>>;

/// How a provenance file begins; a page that a server shows for what it has not begins otherwise.
const SIGNED: &[u8] = b"-----BEGIN PGP SIGNED MESSAGE-----";

pub(super) async fn find(
    sources: &ChartSources,
    chart: &ResolvedChart,
    url: &Url,
    range: &str,
) -> Result<Resolved, ChartProblem> {
    let cell = sources.indexes(url);
    let index = cell.get_or_init(|| async { read_index(sources, url).await.map(Arc::new).map_err(Arc::new) }).await;
    let index = index.as_ref().map_err(|error| ChartProblem::repository(shown(url), Arc::clone(error)))?;
    let entry = index.select(&chart.name, Some(range))?;
    let first = entry.urls.first().map(String::as_str).unwrap_or_default();
    if let Some(place) = first.strip_prefix("oci://") {
        return from_registry(sources, chart, url, entry, place).await;
    }
    let place = place(url, first).ok_or_else(|| bad_url(entry, first))?;
    let (digest, bytes) = download(sources, url, &place, entry.digest).await?;
    let metadata = read_metadata(&bytes, &place)?;
    check_version(entry, &metadata.version, &place)?;
    let provenance = provenance(sources, url, &place).await?;
    pack(sources, chart, url, Downloaded { text: first, place, digest, bytes, metadata, provenance })
}

/// The archive that a lock names, where the index had it then.
pub(super) async fn find_locked(
    sources: &ChartSources,
    chart: &ResolvedChart,
    url: &Url,
    locked: &LockedChart,
    text: &str,
) -> Result<Resolved, ChartProblem> {
    let bad = || ChartProblem::Url { version: locked.version.clone(), url: text.chars().take(200).collect() };
    let place = place(url, text).ok_or_else(bad)?;
    let (digest, bytes) = download(sources, url, &place, Some(locked.digest)).await?;
    let metadata = read_metadata(&bytes, &place)?;
    let provenance = match locked.provenance {
        None => None,
        Some(expected) => {
            let found = provenance(sources, url, &place).await?;
            Some(found.filter(|bytes| Digest::of(bytes) == expected).ok_or(ChartProblem::NoProvenance { expected })?)
        }
    };
    pack(sources, chart, url, Downloaded { text, place, digest, bytes, metadata, provenance })
}

/// An archive that is here, and where it was found.
struct Downloaded<'a> {
    /// As the index has it.
    text: &'a str,
    place: Url,
    digest: Digest,
    bytes: Bytes,
    metadata: Metadata,
    provenance: Option<Bytes>,
}

fn pack(
    sources: &ChartSources,
    chart: &ResolvedChart,
    url: &Url,
    downloaded: Downloaded<'_>,
) -> Result<Resolved, ChartProblem> {
    let Downloaded { text, place, digest, bytes, metadata, provenance } = downloaded;
    let size = bytes.len() as u64;
    let kept = sources.may_keep(size);
    let packed = Packed {
        reference: name::of_repository(url, &metadata)?,
        metadata,
        archive: (digest, size),
        origin: if kept { Origin::Bytes(bytes) } else { Origin::Url { url: place } },
        provenance,
        repository: Some(shown(url)),
        found: Found::Archive(without_login(text)),
    };
    assemble(chart, packed)
}

/// What an index says of a place, without a user and password, which it is not to be asked with.
fn without_login(text: &str) -> String {
    let Ok(mut url) = text.parse::<Url>() else { return text.to_owned() };
    match url.set_username("").and_then(|()| url.set_password(None)) {
        Ok(()) => url.into(),
        Err(()) => text.to_owned(),
    }
}

fn read_metadata(bytes: &Bytes, place: &Url) -> Result<Metadata, ChartProblem> {
    let wrong = |source| ChartProblem::Archive { place: shown(place), source };
    archive::read_metadata(&**bytes).map_err(wrong)
}

async fn read_index(sources: &ChartSources, url: &Url) -> Result<RepositoryIndex, RepositoryError> {
    let mut place = url.clone();
    place.set_path(&format!("{}/index.yaml", url.path().trim_end_matches('/')));
    let limit = usize::try_from(index::MAX_SIZE).unwrap_or(usize::MAX);
    let small =
        sources.client().get_small(&request(sources, url, place), limit).await.map_err(RepositoryError::Fetch)?;
    // Megabytes of YAML take a while: others may go on in the meantime.
    let parsed = tokio::task::spawn_blocking(move || RepositoryIndex::parse(&small.bytes)).await;
    let (index, skipped) = match parsed {
        Ok(parsed) => parsed.map_err(RepositoryError::Index)?,
        Err(_) => return Err(RepositoryError::Fetch(FetchError::Cancelled)),
    };
    for entry in skipped.iter().take(20) {
        tracing::warn!(repository = %shown(url), "{entry}");
    }
    if skipped.len() > 20 {
        tracing::warn!(repository = %shown(url), "and {} more bad entries", skipped.len() - 20);
    }
    Ok(index)
}

/// Credentials are looked up by the host that is asked: another host than the repository's gets its own, or none.
fn request(sources: &ChartSources, repository: &Url, url: Url) -> Request {
    let login = sources.0.helm.for_url(repository, &url).or_else(|| sources.0.credentials.for_url(&url));
    Request::get(url).auth(login.map_or(Auth::None, Auth::Fixed))
}

/// Where an archive is: relative to the repository, as if its URL ended with a slash. A query of the repository's URL,
/// which some use for access, goes along within the same host.
fn place(repository: &Url, text: &str) -> Option<Url> {
    let mut base = repository.clone();
    base.set_path(&format!("{}/", repository.path().trim_end_matches('/')));
    let mut url = base.join(text).ok().filter(|_| !text.is_empty())?;
    if !matches!(url.scheme(), "http" | "https") || (repository.scheme() == "https" && url.scheme() == "http") {
        return None;
    }
    // The index is the repository's word; a user and password in it would end up in the bundle's document.
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    if url.origin() == repository.origin() && url.query().is_none() {
        url.set_query(repository.query());
    }
    Some(url)
}

fn bad_url(entry: &Entry, url: &str) -> ChartProblem {
    ChartProblem::Url { version: entry.version.to_string(), url: url.chars().take(200).collect() }
}

async fn download(
    sources: &ChartSources,
    repository: &Url,
    place: &Url,
    expected: Option<Digest>,
) -> Result<(Digest, Bytes), ChartProblem> {
    let limit = usize::try_from(MAX_ARCHIVE).unwrap_or(usize::MAX);
    let request = request(sources, repository, place.clone());
    let download = Download { request, size: None, verified: expected.is_some() };
    match sources.client().download(&download, MemorySink::new(limit, expected)).await {
        Ok(sink) => {
            let bytes = sink.into_bytes();
            Ok((expected.unwrap_or_else(|| Digest::of(&bytes)), bytes))
        }
        Err(FetchError::Sink { source, .. }) if source.kind() == std::io::ErrorKind::FileTooLarge => {
            Err(ChartProblem::Archive { place: shown(place), source: ArchiveError::TooLarge })
        }
        Err(error) => match mismatch(&error) {
            Some((expected, actual)) => Err(ChartProblem::Changed { url: shown(place), expected, actual }),
            None => Err(error.into()),
        },
    }
}

fn mismatch(error: &FetchError) -> Option<(Digest, Digest)> {
    let FetchError::Content { source, .. } = error else { return None };
    match source.get_ref()?.downcast_ref()? {
        ContentMismatch::Digest { expected, actual } => Some((*expected, *actual)),
        ContentMismatch::Size { .. } => None,
    }
}

/// An index and its archive may spell a version in two ways (`1.2.3`, `v1.2.3`), but not mean two.
fn check_version(entry: &Entry, actual: &str, place: &Url) -> Result<(), ChartProblem> {
    let same = actual.parse::<crate::charts::Version>().is_ok_and(|actual| actual.meaning() == entry.version.meaning());
    if same {
        return Ok(());
    }
    let expected = entry.version.to_string();
    Err(ChartProblem::OtherVersion { place: shown(place), expected, actual: actual.to_owned() })
}

/// The provenance file, where there is one: many servers answer with a page, or a refusal, for what they have not.
async fn provenance(sources: &ChartSources, repository: &Url, archive: &Url) -> Result<Option<Bytes>, ChartProblem> {
    let mut url = archive.clone();
    url.set_path(&format!("{}.prov", archive.path()));
    let limit = usize::try_from(MAX_PROVENANCE).unwrap_or(usize::MAX);
    match sources.client().get_small(&request(sources, repository, url), limit).await {
        Ok(small) if small.bytes.trim_ascii_start().starts_with(SIGNED) => Ok(Some(small.bytes)),
        Ok(_) | Err(FetchError::TooLarge { .. } | FetchError::Redirect { .. }) => Ok(None),
        Err(error) if error.status().is_some_and(|s| s.is_client_error() && s.as_u16() != 429) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Some repositories list archives that are in a registry. The site has the chart under the repository's name.
async fn from_registry(
    sources: &ChartSources,
    chart: &ResolvedChart,
    url: &Url,
    entry: &Entry,
    place: &str,
) -> Result<Resolved, ChartProblem> {
    // A `+` in the version is a `_` in the tag; an index may have either.
    let reference: ImageReference =
        place.replace('+', "_").parse().map_err(|_| bad_url(entry, &format!("oci://{place}")))?;
    let found = registry::read(sources, chart, reference.repository(), &reference.manifest_name(), None).await?;
    let source = Source { repository: Some(shown(url)), artifact: reference };
    found.into_resolved(chart, |metadata| Ok(name::of_repository(url, metadata)?), source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_is_found_relative_to_its_repository() {
        for (repository, text, expected) in [
            ("https://host/charts", "demo.tgz", Some("https://host/charts/demo.tgz")),
            ("https://host/charts/", "sub/demo.tgz", Some("https://host/charts/sub/demo.tgz")),
            ("https://host/charts", "/demo.tgz", Some("https://host/demo.tgz")),
            ("https://host/charts", "https://cdn/x.tgz?a=1", Some("https://cdn/x.tgz?a=1")),
            ("https://host/charts?token=1", "demo.tgz", Some("https://host/charts/demo.tgz?token=1")),
            ("https://host/charts?token=1", "https://cdn/x.tgz", Some("https://cdn/x.tgz")),
            ("https://host", "https://user:pass@host/x.tgz", Some("https://host/x.tgz")),
            ("https://host", "http://host/x.tgz", None),
            ("https://host", "file:///etc/passwd", None),
            ("https://host", "", None),
        ] {
            let found = place(&repository.parse().unwrap(), text);
            assert_eq!(found.as_ref().map(Url::as_str), expected, "{repository} {text}");
        }
    }
}
