//! The small content that signatures are in: what is here already, and what has to be fetched.

use bytes::Bytes;
use manifests::Digest;

use crate::content::{Fetcher, Origin, Resolved, WantedBlob};
use crate::http::{MemorySink, Pump};

/// Reads the content of one item.
pub(super) struct Content<'a> {
    pub(super) fetcher: &'a Fetcher,
    pub(super) item: &'a Resolved,
}

impl Content<'_> {
    /// A blob of at most `limit` bytes, which is what its digest says.
    ///
    /// # Errors
    /// Why it can't be had, in words.
    pub(super) async fn read(&self, digest: &Digest, limit: u64) -> Result<Bytes, String> {
        let wanted: Vec<&WantedBlob> = self.item.blobs.iter().filter(|blob| blob.digest == *digest).collect();
        let here = wanted.iter().find_map(|blob| match &blob.origin {
            Origin::Bytes(bytes) => Some(bytes.clone()),
            _ => None,
        });
        if let Some(bytes) = here.filter(|bytes| bytes.len() as u64 <= limit) {
            return Ok(bytes);
        }
        let first = wanted.first().ok_or_else(|| format!("{digest} is not among what is carried of it"))?;
        if first.size > limit {
            return Err(format!("{digest} has {} bytes; at most {limit} are read to verify a signature", first.size));
        }
        let size = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut pump = Pump::new(MemorySink::new(size, Some(*digest)));
        let blobs: Vec<WantedBlob> = wanted.into_iter().cloned().collect();
        self.fetcher.fetch_any(&blobs, &mut pump).await.map_err(|error| in_words(&error))?;
        let sink = pump.into_sink().await.ok_or_else(|| format!("{digest} can't be read"))?;
        Ok(sink.into_bytes())
    }
}

/// An error with all that lies behind it.
fn in_words(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
