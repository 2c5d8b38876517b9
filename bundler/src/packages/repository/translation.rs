//! `Translation-en`: the descriptions of packages, which archives keep out of `Packages`.

use bytes::Bytes;
use manifests::debian::Release;

use super::index::{MAX_PACKED, download};
use super::{Archives, IndexProblem, Place, PocketRequest, RepositoryProblem};

/// The forms that apt reads, those that are small first. What it is in is not looked at.
const ENDINGS: [&str; 5] = [".xz", ".zst", ".bz2", ".gz", ""];

/// The English descriptions of a component, of the digest that the signed release lists.
#[derive(Debug, Clone)]
pub struct Translation {
    /// Its path below the suite's folder.
    pub path: String,
    /// Its bytes as they were fetched.
    pub content: Bytes,
}

/// Fetches those of all components. Packages install without them: an archive that lists some which it does not have is
/// taken all the same, with none.
pub(super) async fn fetch_all(
    archives: &Archives,
    place: &Place,
    release: &Release,
    request: &PocketRequest,
) -> Result<Option<Vec<Translation>>, RepositoryProblem> {
    if request.locked.as_ref().is_some_and(|locked| locked.translations.is_none()) {
        return Ok(None);
    }
    let mut found = Vec::new();
    for component in &request.repository.components {
        match fetch(archives, place, release, request, component).await? {
            Fetched::Unlisted => {}
            Fetched::There(translation) => found.push(translation),
            Fetched::Missing => {
                tracing::warn!(repository = %place.shown(), component, "its Translation-en can't be had; going on without");
                return Ok(None);
            }
        }
    }
    Ok(Some(found))
}

enum Fetched {
    /// The release has none.
    Unlisted,
    /// The release has some, but the archive does not give them.
    Missing,
    There(Translation),
}

async fn fetch(
    archives: &Archives,
    place: &Place,
    release: &Release,
    request: &PocketRequest,
    component: &str,
) -> Result<Fetched, RepositoryProblem> {
    let mut listed = false;
    for ending in ENDINGS {
        let path = format!("{component}/i18n/Translation-en{ending}");
        let known = release.files.get(&path).filter(|file| file.size <= MAX_PACKED && request.takes(&path));
        let Some(file) = known else { continue };
        listed = true;
        match download(archives, place, release.acquire_by_hash, &path, *file).await {
            Ok(content) => return Ok(Fetched::There(Translation { path, content })),
            Err(error) if error.is_final() => {
                return Err(RepositoryProblem::Index { path, source: IndexProblem::Fetch(error).into() });
            }
            Err(_) => {}
        }
    }
    Ok(if listed { Fetched::Missing } else { Fetched::Unlisted })
}
