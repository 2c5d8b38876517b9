//! `Packages`: the index of a component for an architecture.

use bytes::Bytes;
use manifests::Digest;
use manifests::debian::release::IndexFile;
use manifests::debian::{Architecture, Release, Stanzas};
use manifests::document::Encoding;

use super::unpack::Form;
use super::{Archives, IndexProblem, Place, PocketRequest, RepositoryProblem, SignedRelease};
use crate::cache::Tee;
use crate::content::{BlobError, Origin, WantedBlob};
use crate::http::{MemorySink, Pump};

/// The largest index that is fetched, in bytes.
pub(super) const MAX_PACKED: u64 = 128 << 20;
/// The largest index that is read, unpacked, in bytes: that of Debian's `main` has some 50 MB.
const MAX_UNPACKED: u64 = 512 << 20;

/// An index as it was fetched, of the digest that the signed release lists.
#[derive(Debug, Clone)]
pub struct PocketIndex {
    /// The component; empty in a flat repository.
    pub component: String,
    /// The architecture; none in a flat repository, which has one index for all.
    pub architecture: Option<Architecture>,
    /// Its path below the suite's folder.
    pub path: String,
    /// Its bytes as they were fetched.
    pub content: Bytes,
    form: Form,
    /// What it unpacks to, where the release says so.
    unpacked: Option<IndexFile>,
}

impl PocketIndex {
    /// The text of the index. Unpacking takes a while.
    ///
    /// # Errors
    /// [`IndexProblem`] when it can't be unpacked, or is something else than the release says.
    pub fn text(&self) -> Result<Vec<u8>, IndexProblem> {
        let limit = self.unpacked.map_or(MAX_UNPACKED, |file| file.size.min(MAX_UNPACKED));
        let text = self.form.unpack(&self.content, limit).map_err(IndexProblem::Unpack)?;
        match self.unpacked {
            Some(file) if Digest::of(&text) != file.digest => Err(IndexProblem::OtherContent),
            _ => Ok(text),
        }
    }
}

/// An index that is to be fetched.
pub(super) struct WantedIndex {
    component: String,
    architecture: Option<Architecture>,
    /// The path of its plain form.
    path: String,
}

/// The indexes that a release has for a request: each component for each architecture.
pub(super) fn wanted(
    request: &PocketRequest,
    release: &Release,
    signed: &SignedRelease,
) -> Result<Vec<WantedIndex>, RepositoryProblem> {
    if request.suite.is_flat() {
        let path = "Packages".to_owned();
        return Ok(vec![WantedIndex { component: String::new(), architecture: None, path }]);
    }
    let mut found = Vec::new();
    let all = (release.architectures.iter().any(Architecture::is_all) && !says_no_all(signed)).then(Architecture::all);
    for component in &request.repository.components {
        // A security archive may call `main` `updates/main`, but its folders are `main`, as apt knows.
        let known = release
            .components
            .iter()
            .any(|known| known == component || known.rsplit('/').next() == component.rsplit('/').next());
        let before = found.len();
        for architecture in request.architectures.iter().chain(&all) {
            let path = format!("{component}/binary-{architecture}/Packages");
            if forms(release, &path).is_empty() {
                if !architecture.is_all() {
                    let place = request.place().shown();
                    tracing::warn!(repository = %place, component, %architecture, "it has no packages for these");
                }
                continue;
            }
            let architecture = Some(architecture.clone());
            found.push(WantedIndex { component: component.clone(), architecture, path });
        }
        if found.len() == before && !known {
            let offered = release.components.clone();
            return Err(RepositoryProblem::NoComponent { component: component.clone(), offered });
        }
    }
    if found.is_empty() {
        let wanted = request.architectures.iter().map(ToString::to_string).collect();
        let offered = release.architectures.iter().map(ToString::to_string).collect();
        return Err(RepositoryProblem::NoArchitecture { wanted, offered });
    }
    Ok(found)
}

/// Whether packages of the architecture `all` are in the indexes of the others, though they have an index of their own.
fn says_no_all(signed: &SignedRelease) -> bool {
    let text = signed.text();
    let stanza = Stanzas::new(&text).next();
    let mut fields = stanza.iter().flatten().flat_map(|stanza| stanza.fields().flatten());
    fields.any(|field| field.name == "No-Support-for-Architecture-all" && field.value == "Packages")
}

/// The forms in which a release has an index, the smallest first.
fn forms(release: &Release, path: &str) -> Vec<(Form, String, IndexFile)> {
    let mut forms: Vec<_> = Form::ALL
        .into_iter()
        .filter_map(|form| {
            let path = format!("{path}{}", form.ending());
            let file = *release.files.get(&path)?;
            Some((form, path, file))
        })
        .collect();
    forms.sort_by_key(|(_, _, file)| file.size);
    forms
}

/// Fetches an index in the smallest form that can be had: by its digest where the archive offers that, then by its name.
pub(super) async fn fetch(
    archives: &Archives,
    place: &Place,
    release: &Release,
    request: &PocketRequest,
    wanted: WantedIndex,
) -> Result<PocketIndex, RepositoryProblem> {
    let WantedIndex { component, architecture, path } = wanted;
    let unpacked = release.files.get(&path).copied();
    let mut first = None;
    for (form, path, file) in forms(release, &path).into_iter().filter(|(_, path, _)| request.takes(path)) {
        let result = if file.size > MAX_PACKED {
            Err(IndexProblem::TooLarge { size: file.size, limit: MAX_PACKED })
        } else {
            download(archives, place, release.acquire_by_hash, &path, file).await.map_err(IndexProblem::Fetch)
        };
        match result {
            Ok(content) => return Ok(PocketIndex { component, architecture, path, content, form, unpacked }),
            Err(IndexProblem::Fetch(error)) if error.is_final() => {
                return Err(RepositoryProblem::Index { path, source: IndexProblem::Fetch(error).into() });
            }
            Err(source) => drop(first.get_or_insert(RepositoryProblem::Index { path, source: source.into() })),
        }
    }
    Err(first.unwrap_or_else(|| RepositoryProblem::Index { path, source: IndexProblem::NoForm.into() }))
}

/// Fetches a file that the release lists, by its digest where the archive offers that.
pub(super) async fn download(
    archives: &Archives,
    place: &Place,
    by_hash: bool,
    path: &str,
    file: IndexFile,
) -> Result<Bytes, BlobError> {
    if let Some(bytes) = super::locked::earlier(archives, file.digest, file.size).await {
        return Ok(bytes);
    }
    let blob =
        |url| WantedBlob { digest: file.digest, size: file.size, encoding: Encoding::Raw, origin: Origin::Url { url } };
    let hashed = by_hash.then(|| place.by_hash(path, &file.digest));
    let origins: Vec<_> = hashed.into_iter().chain([place.file(path)]).map(blob).collect();
    let limit = usize::try_from(file.size).unwrap_or(usize::MAX);
    let mut pump = Pump::new(Tee::new(MemorySink::new(limit, Some(file.digest))));
    match &archives.cache {
        Some(cache) => cache.fetch_any(&archives.fetcher, &origins, &mut pump).await?,
        None => archives.fetcher.fetch_any(&origins, &mut pump).await?,
    }
    let sink = pump.into_sink().await.ok_or_else(|| BlobError::Store(std::io::Error::other("the sink is gone")))?;
    Ok(sink.into_inner().into_bytes())
}
