//! Repositories: their signed indexes, fetched and verified.
//!
//! ```text
//! keyring ─▶ InRelease (or Release and Release.gpg) ─▶ Packages by SHA-256 ─▶ each .deb by SHA-256
//! ```
//!
//! All pockets of a build are read at one instant: when every index is here, each `InRelease` is asked for once more, and
//! if one of them has changed, everything is read anew. An archive that never stands still is refused.

mod error;
mod index;
mod locked;
pub mod openpgp;
mod place;
mod release;
mod translation;
mod unpack;

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use manifests::Digest;
use manifests::component::{PackageRepository, Suite};
use manifests::debian::{Architecture, Release};
use manifests::lock::{LockedSigned, LockedSuite};
use tokio_util::sync::CancellationToken;

pub use error::{IndexProblem, RepositoryError, RepositoryProblem};
pub use index::PocketIndex;
pub use place::Place;
pub use release::SignedRelease;
pub use translation::Translation;

use crate::build::Earlier;
use crate::cache::Cache;
use crate::content::Fetcher;
use openpgp::Keyring;

/// How often everything is read, if it changes meanwhile.
const ATTEMPTS: u32 = 4;
/// How long to wait for an archive that is being written, the first time.
const PAUSE: Duration = Duration::from_secs(5);
/// Files that are fetched side by side; limits for each host are the client's.
const SIDE_BY_SIDE: usize = 8;

/// Reads repositories. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Archives {
    fetcher: Fetcher,
    cache: Option<Cache>,
    /// Earlier bundles, which hold the indexes that they were built from.
    earlier: Vec<Earlier>,
    now: Timestamp,
}

/// A suite of a repository that is to be read.
#[derive(Debug, Clone)]
pub struct PocketRequest {
    /// The repository as the stack has it.
    pub repository: PackageRepository,
    /// Its number among the repositories of the system, from 0.
    pub number: usize,
    /// The suite.
    pub suite: Suite,
    /// The architectures that packages are wanted for.
    pub architectures: Vec<Architecture>,
    /// Whether the English descriptions of packages are wanted, too.
    pub translations: bool,
    /// The keys that may sign it.
    pub keyring: Arc<Keyring>,
    /// The suite as it is to be; none where it is read as it is now.
    pub locked: Option<LockedSuite>,
}

/// A suite of a repository as it was at one instant.
#[derive(Debug, Clone)]
pub struct Pocket {
    /// What was asked for.
    pub request: PocketRequest,
    /// Where it was read.
    pub place: Place,
    /// What the archive says of the suite.
    pub release: Release,
    /// The same as it was signed.
    pub signed: SignedRelease,
    /// The indexes.
    pub indexes: Vec<PocketIndex>,
    /// The English descriptions of each component that has some; none where they are listed, but can't be had.
    pub translations: Option<Vec<Translation>>,
}

impl Archives {
    /// Repositories behind `fetcher`. `now` is the time that keys and validities are compared with.
    pub fn new(fetcher: Fetcher, cache: Option<Cache>, now: Timestamp) -> Self {
        Self { fetcher, cache, earlier: Vec::new(), now }
    }

    /// The same, which looks for what a lock names in earlier bundles first.
    #[must_use]
    pub(crate) fn with_earlier(self, earlier: Vec<Earlier>) -> Self {
        Self { earlier, ..self }
    }

    /// What ends everything.
    pub fn cancellation(&self) -> &CancellationToken {
        self.fetcher.client().cancellation()
    }

    /// Reads all pockets at one instant, in their order.
    ///
    /// # Errors
    /// One [`RepositoryError`] for each pocket that can't be read.
    pub async fn read(&self, requests: &[PocketRequest]) -> Result<Vec<Pocket>, Vec<RepositoryError>> {
        let mut pause = PAUSE;
        for attempt in 1.. {
            let read = side_by_side(requests.iter().map(|request| self.pocket(request))).await;
            let changed =
                side_by_side(requests.iter().zip(&read).map(|(request, read)| self.changed(request, read))).await;
            let changed: Vec<&PocketRequest> =
                requests.iter().zip(changed).filter(|(_, changed)| *changed).map(|(request, _)| request).collect();
            if changed.is_empty() {
                return collect(requests, read);
            }
            if attempt == ATTEMPTS {
                let error = |request: &PocketRequest| {
                    RepositoryError::new(request, RepositoryProblem::Changing { attempts: ATTEMPTS })
                };
                return Err(changed.into_iter().map(error).collect());
            }
            for request in changed {
                let place = request.place().shown();
                tracing::warn!(repository = %place, "it changed while it was read; reading everything again");
            }
            self.fetcher.client().settings().pace.sleep(pause).await;
            pause *= 2;
        }
        Ok(Vec::new())
    }

    async fn pocket(&self, request: &PocketRequest) -> (Option<SignedRelease>, Result<Pocket, RepositoryProblem>) {
        let place = request.place();
        let signed = match &request.locked {
            Some(locked) => locked::signed(self, &place, locked).await,
            None => release::fetch(&self.fetcher, &place).await,
        };
        let signed = match signed {
            Ok(signed) => signed,
            Err(problem) => return (None, Err(problem)),
        };
        let read = self.indexes(request, place, signed.clone()).await;
        if read.is_ok() {
            locked::keep(self, &signed).await;
        }
        (Some(signed), read)
    }

    async fn indexes(
        &self,
        request: &PocketRequest,
        place: Place,
        signed: SignedRelease,
    ) -> Result<Pocket, RepositoryProblem> {
        let release = signed.verify(&request.keyring, self.now)?;
        // What a lock names is old on purpose.
        let allow_expired = request.repository.allow_expired || request.locked.is_some();
        release::check_dates(&release, self.now, allow_expired)?;
        let wanted = index::wanted(request, &release, &signed)?;
        let fetched =
            side_by_side(wanted.into_iter().map(|wanted| index::fetch(self, &place, &release, request, wanted))).await;
        let indexes = fetched.into_iter().collect::<Result<Vec<_>, _>>()?;
        let translations = match request.translations {
            true => translation::fetch_all(self, &place, &release, request).await?,
            false => None,
        };
        Ok(Pocket { request: request.clone(), place, release, signed, indexes, translations })
    }

    /// Whether the archive has another `InRelease` now. One that can't be had now was not changed: what was read counts.
    async fn changed(
        &self,
        request: &PocketRequest,
        (signed, _): &(Option<SignedRelease>, Result<Pocket, RepositoryProblem>),
    ) -> bool {
        let Some(before) = signed.as_ref().filter(|_| request.locked.is_none()) else { return false };
        let now = release::fetch(&self.fetcher, &request.place()).await;
        now.is_ok_and(|now| now != *before)
    }
}

impl Pocket {
    /// What a lock says of it.
    pub fn lock(&self) -> LockedSuite {
        let signed = self.signed.files().into_iter().map(|(file, bytes)| LockedSigned {
            file: file.to_owned(),
            digest: Digest::of(&bytes),
            size: bytes.len() as u64,
        });
        let paths = |translations: &Vec<Translation>| translations.iter().map(|found| found.path.clone()).collect();
        LockedSuite {
            suite: self.request.suite.to_string(),
            date: Some(self.release.date),
            signed: signed.collect(),
            indexes: self.indexes.iter().map(|index| index.path.clone()).collect(),
            translations: self.translations.as_ref().map(paths),
        }
    }
}

impl PocketRequest {
    /// Whether a file that the signed release lists is to be read: with a lock, only what was read then.
    fn takes(&self, path: &str) -> bool {
        self.locked.as_ref().is_none_or(|locked| {
            locked.indexes.iter().chain(locked.translations.iter().flatten()).any(|known| known == path)
        })
    }

    /// Where the pocket is read: from the snapshot where there is one.
    pub fn place(&self) -> Place {
        let url = self.repository.snapshot.as_ref().unwrap_or(&self.repository.url);
        Place::new(url, &self.suite)
    }
}

type Read = (Option<SignedRelease>, Result<Pocket, RepositoryProblem>);

fn collect(requests: &[PocketRequest], read: Vec<Read>) -> Result<Vec<Pocket>, Vec<RepositoryError>> {
    let (mut pockets, mut errors) = (Vec::new(), Vec::new());
    for (request, (_, read)) in requests.iter().zip(read) {
        match read {
            Ok(pocket) => pockets.push(pocket),
            Err(problem) => errors.push(RepositoryError::new(request, problem)),
        }
    }
    if errors.is_empty() { Ok(pockets) } else { Err(errors) }
}

async fn side_by_side<T>(work: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    stream::iter(work).buffered(SIDE_BY_SIDE).collect().await
}
