//! Files on web servers: their sizes, before they are fetched.

use std::io;

use bytes::Bytes;
use manifests::Digest;
use manifests::digest::Hasher;
use url::Url;

use super::FileProblem;
use crate::content::Origin;
use crate::credentials::Credentials;
use crate::http::{Auth, Client, Download, Request, Sink, shown};

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
    let auth = || credentials.for_url(url).map_or(Auth::None, Auth::Fixed);
    let head = client.head(&Request::head(url.clone()).auth(auth())).await;
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
    let request = Request::get(url.clone()).auth(auth());
    let counted = client.download(&Download { request, size: None, verified: false }, Counter::default()).await?;
    let (size, actual, kept) = counted.verdict();
    if actual != expected {
        return Err(FileProblem::Changed { place: shown(url), expected, actual, size });
    }
    let origin = kept.map_or_else(|| Origin::Url { url: url.clone() }, Origin::Bytes);
    Ok((size, origin))
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
