//! `InRelease`, or `Release` with its signature beside it: fetched, verified, and not too old or too new.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use manifests::debian::Release;
use manifests::debian::release::MAX_SIZE;
use reqwest::StatusCode;
use reqwest::header::{CACHE_CONTROL, HeaderValue};

use super::openpgp::{Clearsigned, Keyring};
use super::{Place, RepositoryProblem};
use crate::content::Fetcher;
use crate::http::{FetchError, Request};

/// The largest detached signature that is read, in bytes.
const SIGNATURE_SIZE: usize = 1 << 20;
/// How far an archive's clock may be ahead of ours, as for apt.
const AHEAD: SignedDuration = SignedDuration::from_secs(10);

/// What an archive says of a suite, as it is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignedRelease {
    /// `InRelease`.
    Inline(Bytes),
    /// `Release` and `Release.gpg`.
    Detached {
        /// `Release`.
        release: Bytes,
        /// `Release.gpg`.
        signature: Bytes,
    },
}

impl SignedRelease {
    /// Verifies the signature and reads what is signed, nothing else.
    pub(super) fn verify(&self, keyring: &Keyring, now: Timestamp) -> Result<Release, RepositoryProblem> {
        let (file, text, signature) = match self {
            Self::Inline(bytes) => {
                let parts = Clearsigned::parse(bytes);
                let parts = parts.map_err(|source| RepositoryProblem::Clearsigned { source })?;
                ("InRelease", parts.text.into(), parts.signature.into())
            }
            Self::Detached { release, signature } => ("Release", release.clone(), signature.clone()),
        };
        let text: Bytes = text;
        let signature: Bytes = signature;
        keyring.verify(&text, &signature, now).map_err(|source| RepositoryProblem::Signature { file, source })?;
        let release = Release::parse(&text).map_err(|source| RepositoryProblem::Release { file, source })?;
        if release.files.is_empty() {
            return Err(RepositoryProblem::NoSha256 { file });
        }
        Ok(release)
    }

    /// The signed text, where its fields are needed beyond those of [`Release`].
    pub(super) fn text(&self) -> Bytes {
        match self {
            Self::Inline(bytes) => Clearsigned::parse(bytes).map(|parts| parts.text.into()).unwrap_or_default(),
            Self::Detached { release, .. } => release.clone(),
        }
    }

    /// The files by their names, as they were fetched.
    pub fn files(&self) -> Vec<(&'static str, Bytes)> {
        match self {
            Self::Inline(bytes) => vec![("InRelease", bytes.clone())],
            Self::Detached { release, signature } => {
                vec![("Release", release.clone()), ("Release.gpg", signature.clone())]
            }
        }
    }
}

/// Fetches a file of a suite that is small, asking every proxy on the way whether it changed, as apt does.
pub(super) async fn fetch_file(fetcher: &Fetcher, place: &Place, name: &str) -> Result<Bytes, FetchError> {
    let limit = if name == "Release.gpg" { SIGNATURE_SIZE } else { MAX_SIZE };
    let url = place.file(name);
    let auth = fetcher.auth(&url);
    let request = Request::get(url).auth(auth).header(CACHE_CONTROL, HeaderValue::from_static("max-age=0"));
    Ok(fetcher.client().get_small(&request, limit).await?.bytes)
}

/// Fetches `InRelease`, or where there is none, `Release` with `Release.gpg`.
pub(super) async fn fetch(fetcher: &Fetcher, place: &Place) -> Result<SignedRelease, RepositoryProblem> {
    match fetch_file(fetcher, place, "InRelease").await {
        Ok(bytes) => return Ok(SignedRelease::Inline(bytes)),
        Err(error) if is_absent(&error) => {}
        Err(error) => return Err(error.into()),
    }
    let release = fetch_file(fetcher, place, "Release").await?;
    match fetch_file(fetcher, place, "Release.gpg").await {
        Ok(signature) => Ok(SignedRelease::Detached { release, signature }),
        Err(error) if is_absent(&error) => Err(RepositoryProblem::Unsigned),
        Err(error) => Err(error.into()),
    }
}

/// Stores of objects answer 403 for what they don't have.
pub(super) fn is_absent(error: &FetchError) -> bool {
    error
        .status()
        .is_some_and(|status| matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE | StatusCode::FORBIDDEN))
}

/// Neither from the future nor past its validity.
pub(super) fn check_dates(release: &Release, now: Timestamp, allow_expired: bool) -> Result<(), RepositoryProblem> {
    if release.date > now + AHEAD {
        return Err(RepositoryProblem::FromTheFuture { date: release.date, now });
    }
    match release.valid_until {
        Some(until) if until < now && !allow_expired => Err(RepositoryProblem::Expired { until, now }),
        _ => Ok(()),
    }
}
