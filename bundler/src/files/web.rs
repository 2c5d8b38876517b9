//! Files on web servers: their sizes, before they are fetched.

use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::path::Path;

use bytes::Bytes;
use manifests::Digest;
use manifests::digest::Hasher;
use url::Url;

use super::FileProblem;
use crate::content::Origin;
use crate::credentials::Credentials;
use crate::http::{Client, Download, Request, Sink, shown};

/// A file that had to be read for its size is kept when it is not larger, in bytes.
const KEPT: usize = 256 << 10;

/// The size of a file, and where to get it.
///
/// A server that answers HEAD with a size is believed: the digest is checked when the file is fetched. One that does
/// not is asked for the whole file, which then is checked at once.
pub(super) async fn find(
    client: &Client,
    credentials: &Credentials,
    url: &Url,
    expected: Digest,
) -> Result<(u64, Origin), FileProblem> {
    let head = client.head(&Request::head(url.clone()).auth(credentials.auth(url))).await;
    let size = match head {
        // Some servers answer HEAD with 0 for want of knowledge.
        Ok(head) => head.size.filter(|size| *size > 0),
        // Presigned URLs and some servers refuse HEAD alone: GET tells what is the matter.
        Err(error) if error.status().is_some_and(|status| status.is_client_error() || status.as_u16() == 501) => None,
        Err(error) => return Err(error.into()),
    };
    if let Some(size) = size {
        return Ok((size, Origin::Url { url: url.clone() }));
    }
    let request = Request::get(url.clone()).auth(credentials.auth(url));
    let counted = client.download(&Download { request, size: None, verified: false }, Counter::default()).await?;
    let (size, actual, kept) = counted.verdict();
    if actual != expected {
        return Err(FileProblem::Changed { place: shown(url), expected, actual, size });
    }
    let origin = kept.map_or_else(|| Origin::Url { url: url.clone() }, Origin::Bytes);
    Ok((size, origin))
}

/// Downloads a file of which nobody has said what it must be, once: what came is what is carried.
pub(super) async fn take(
    client: &Client,
    credentials: &Credentials,
    url: &Url,
    folder: &Path,
) -> Result<(Digest, u64, Origin), FileProblem> {
    let failed = |source| FileProblem::Work { path: folder.to_owned(), source };
    let request = Request::get(url.clone()).auth(credentials.auth(url));
    let file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    // It goes with the folder.
    let (file, path) = file.keep().map_err(|error| failed(error.error))?;
    let kept = Kept { file, size: 0, hasher: Hasher::new() };
    let kept = client.download(&Download { request, size: None, verified: false }, kept).await?;
    Ok((kept.hasher.finish(), kept.size, Origin::LocalFile { path }))
}

/// Keeps the bytes in a file, and hashes them.
struct Kept {
    file: File,
    size: u64,
    hasher: Hasher,
}

impl Sink for Kept {
    fn position(&self) -> u64 {
        self.size
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
        Ok(())
    }

    fn restart(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        (self.size, self.hasher) = (0, Hasher::new());
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Counts and hashes; keeps the bytes as long as they are few.
#[derive(Default)]
struct Counter {
    size: u64,
    hasher: Hasher,
    kept: Vec<u8>,
}

impl Counter {
    fn verdict(self) -> (u64, Digest, Option<Bytes>) {
        let whole = self.kept.len() as u64 == self.size;
        (self.size, self.hasher.finish(), whole.then(|| Bytes::from(self.kept)))
    }
}

impl Sink for Counter {
    fn position(&self) -> u64 {
        self.size
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        // Once bytes were left out, `kept` never catches up.
        if self.kept.len() as u64 == self.size && self.kept.len() + bytes.len() <= KEPT {
            self.kept.extend_from_slice(bytes);
        }
        self.size += bytes.len() as u64;
        Ok(())
    }

    fn restart(&mut self) -> io::Result<()> {
        *self = Self::default();
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}
