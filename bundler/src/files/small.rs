//! Files that are read here and now, because they say what else is wanted: small ones.

use std::io::{ErrorKind, Read as _};
use std::path::Path;

use bytes::Bytes;
use manifests::Digest;
use manifests::component::FileSource;

use super::{FileProblem, FileSources};
use crate::credentials::Credentials;
use crate::http::{Client, Download, FetchError, MemorySink, Request, shown};

impl FileSources {
    /// Reads a file of at most `limit` bytes, and holds it against its digest, if there is one.
    ///
    /// # Errors
    /// [`FileProblem`] when it can't be had, is larger, or is another one.
    pub async fn small(&self, source: &FileSource, limit: u64) -> Result<Bytes, FileProblem> {
        let (bytes, place, expected) = match source {
            FileSource::Url { url, sha256 } => {
                let bytes = download(&self.client, &self.credentials, url, limit).await?;
                (bytes, shown(url), *sha256)
            }
            FileSource::Local { path, sha256 } => (on_disk(path, limit)?, path.display().to_string(), *sha256),
        };
        let actual = Digest::of(&bytes);
        match expected.filter(|expected| *expected != actual) {
            Some(expected) => Err(FileProblem::Changed { place, expected, actual, size: bytes.len() as u64 }),
            None => Ok(bytes),
        }
    }
}

async fn download(
    client: &Client,
    credentials: &Credentials,
    url: &url::Url,
    limit: u64,
) -> Result<Bytes, FileProblem> {
    let request = Request::get(url.clone()).auth(credentials.auth(url));
    let sink = MemorySink::new(usize::try_from(limit).unwrap_or(usize::MAX), None);
    match client.download(&Download { request, size: None, verified: false }, sink).await {
        Ok(sink) => Ok(sink.into_bytes()),
        Err(FetchError::Sink { source, .. }) if source.kind() == ErrorKind::FileTooLarge => {
            Err(FileProblem::TooLarge { place: shown(url), limit })
        }
        Err(error) => Err(error.into()),
    }
}

fn on_disk(path: &Path, limit: u64) -> Result<Bytes, FileProblem> {
    let failed = |source| FileProblem::Read { path: path.to_owned(), source };
    // Opening a pipe would wait for a writer.
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(FileProblem::NotAFile(path.to_owned()));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path).map_err(failed)?.take(limit + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limit {
        return Err(FileProblem::TooLarge { place: path.display().to_string(), limit });
    }
    Ok(bytes.into())
}
