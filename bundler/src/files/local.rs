//! Files on disk.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use manifests::Digest;
use manifests::digest::Hasher;
use tokio_util::sync::CancellationToken;

use super::FileProblem;
use crate::http::FetchError;

/// Bytes that are read at once.
const CHUNK: usize = 256 << 10;

/// Hashes a file, and checks the digest that the component gives for it.
pub(super) async fn find(
    path: &Path,
    expected: Option<Digest>,
    cancel: &CancellationToken,
) -> Result<(Digest, u64), FileProblem> {
    let (owned, cancel) = (path.to_owned(), cancel.clone());
    let hashed = tokio::task::spawn_blocking(move || hash(owned, &cancel)).await;
    let failed = |error| FileProblem::Read { path: path.to_owned(), source: std::io::Error::other(error) };
    let (actual, size) = hashed.map_err(failed)??;
    match expected {
        Some(expected) if expected != actual => {
            Err(FileProblem::Changed { place: path.display().to_string(), expected, actual, size })
        }
        _ => Ok((actual, size)),
    }
}

fn hash(path: PathBuf, cancel: &CancellationToken) -> Result<(Digest, u64), FileProblem> {
    let failed = |source| FileProblem::Read { path: path.clone(), source };
    // Opening a pipe would wait for a writer.
    if !std::fs::metadata(&path).map_err(failed)?.is_file() {
        return Err(FileProblem::NotAFile(path));
    }
    let mut file = File::open(&path).map_err(failed)?;
    let mut hasher = Hasher::new();
    let mut chunk = vec![0; CHUNK];
    let mut size = 0;
    loop {
        if cancel.is_cancelled() {
            return Err(FetchError::Cancelled.into());
        }
        match file.read(&mut chunk).map_err(failed)? {
            0 => return Ok((hasher.finish(), size)),
            count => {
                hasher.update(&chunk[..count]);
                size += count as u64;
            }
        }
    }
}
