//! Blobs, from where they are to their places in the bundle.

use std::io;
use std::sync::Arc;

use airgap_console::Task;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use manifests::Digest;
use manifests::bundle::BundleWriter;
use manifests::document::Blob;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

use super::counted::Counted;
use super::earlier::Earlier;
use super::error::BlobFailure;
use super::selection::Selection;
use crate::cache::{Cache, Tee};
use crate::content::{BundleSink, Fetcher};
use crate::http::{MemorySink, Pump, Sink};

/// Compressed blobs up to this size, in bytes, are fetched ahead into memory: they are written one after the other,
/// and without this each would wait for a whole round trip.
const AHEAD_SIZE: u64 = 256 << 10;
/// How many of them are fetched ahead.
const AHEAD: usize = 32;

/// A blob's place in the bundle.
type Place = Counted<BundleSink>;

/// What a transfer works with.
pub(super) struct Transfer {
    pub(super) writer: Arc<BundleWriter>,
    pub(super) selection: Selection,
    pub(super) fetcher: Fetcher,
    /// Where blobs are kept for other builds, if the user wants that.
    pub(super) cache: Option<Cache>,
    /// Earlier bundles, which may hold a blob already.
    pub(super) earlier: Vec<Earlier>,
    /// Blobs at a time.
    pub(super) concurrency: usize,
    pub(super) task: Task,
    /// Stops the transfer when it fires, and is fired by it when going on makes no sense.
    pub(super) stop: CancellationToken,
}

impl Transfer {
    /// Tells the progress of an earlier, killed build. Returns how many blobs are missing.
    pub(super) fn count_what_is_there(&self) -> usize {
        let missing: Vec<Blob> =
            self.writer.pending_raw().into_iter().chain(self.writer.pending_compressed()).collect();
        let bytes: u64 = missing.iter().map(|blob| blob.size).sum();
        self.task.advance(self.writer.plan().document().content_size() - bytes);
        missing.len()
    }

    /// Brings every missing blob to its place. Returns all failures, not the first: what could be had is in place.
    pub(super) async fn run(&self) -> Vec<BlobFailure> {
        let work = async {
            let (mut failures, compressed) = tokio::join!(self.raw(), self.compressed());
            failures.extend(compressed);
            failures
        };
        tokio::pin!(work);
        tokio::select! {
            failures = &mut work => failures,
            () = self.stop.cancelled() => {
                // Whoever waits for a place learns of it, so that all ends in good order.
                self.writer.cancel();
                work.await
            }
        }
    }

    /// Raw blobs have their places: many at a time, the largest first so that none is left alone at the end.
    async fn raw(&self) -> Vec<BlobFailure> {
        let mut blobs = self.writer.pending_raw();
        blobs.sort_by_key(|blob| std::cmp::Reverse(blob.size));
        stream::iter(blobs)
            .map(|blob| async move { self.place(&blob).await })
            .buffer_unordered(self.concurrency.max(1))
            .filter_map(|result| async { result.err() })
            .collect()
            .await
    }

    /// Compressed blobs are appended in order; small ones are fetched ahead. After one that fails no later one can be
    /// placed, but the small ones are still fetched: so that all failures are told.
    async fn compressed(&self) -> Vec<BlobFailure> {
        // Fetching goes on while a blob is placed: a fetch that nobody polls would keep its turn at the host for ever.
        // What is fetched waits with its slot, so there is never more of it than there are slots.
        let slots = Semaphore::new(AHEAD);
        let (sender, mut fetched) = mpsc::unbounded_channel();
        let fetch = async {
            let ahead = stream::iter(self.writer.pending_compressed()).map(async |blob| {
                let slot = slots.acquire().await;
                (blob, self.fetch_ahead(&blob).await, slot)
            });
            ahead.buffered(AHEAD).for_each(async |blob| drop(sender.send(blob))).await;
            drop(sender);
        };
        let place = async {
            let mut failures = Vec::new();
            while let Some((blob, bytes, _slot)) = fetched.recv().await {
                let result = match bytes {
                    Ok(_) if !failures.is_empty() => Ok(()),
                    Ok(Some(bytes)) => self.place_bytes(&blob, bytes).await,
                    Ok(None) => self.place(&blob).await,
                    Err(failure) => Err(failure),
                };
                failures.extend(result.err());
            }
            failures
        };
        tokio::join!(fetch, place).1
    }

    /// Fetches a small blob into memory; nothing for a large one.
    async fn fetch_ahead(&self, blob: &Blob) -> Result<Option<Bytes>, BlobFailure> {
        if blob.size > AHEAD_SIZE || self.stop.is_cancelled() {
            return Ok(None);
        }
        if let Some(bytes) = self.read_earlier(blob).await {
            return Ok(Some(bytes));
        }
        let limit = usize::try_from(blob.size).unwrap_or(usize::MAX);
        let mut pump = Pump::new(Tee::new(MemorySink::new(limit, Some(blob.digest))));
        self.fetch(blob, &mut pump).await?;
        match pump.into_sink().await {
            Some(sink) => Ok(Some(sink.into_inner().into_bytes())),
            None => Err(self.write_failed(blob.digest, gone())),
        }
    }

    async fn place_bytes(&self, blob: &Blob, bytes: Bytes) -> Result<(), BlobFailure> {
        let open = self.opener(blob, self.task.clone());
        let written = tokio::task::spawn_blocking(move || {
            let mut place = open()?;
            place.write(&bytes)?;
            place.finish()
        });
        let result = written.await.unwrap_or_else(|_| Err(gone()));
        result.map_err(|source| self.write_failed(blob.digest, source))
    }

    /// Streams one blob to its place.
    async fn place(&self, blob: &Blob) -> Result<(), BlobFailure> {
        if self.stop.is_cancelled() {
            return Err(BlobFailure::stopped(blob.digest));
        }
        let task = self.task.child(blob.digest.short(), blob.size);
        let opened = tokio::task::spawn_blocking(self.opener(blob, task.clone())).await;
        let place = opened.unwrap_or_else(|_| Err(gone())).map_err(|source| self.write_failed(blob.digest, source))?;
        let place = match self.copy_earlier(blob, place).await {
            Copied::All => return Ok(()),
            Copied::Nothing(place) => *place,
            Copied::Failed(source) => return Err(self.write_failed(blob.digest, source)),
        };
        self.fetch(blob, &mut Pump::new(Tee::new(place))).await?;
        task.finish();
        Ok(())
    }

    /// Opens a blob's place. What an earlier, killed build left there is hashed again, and a compressed blob waits for
    /// those before it: so this blocks.
    fn opener(&self, blob: &Blob, task: Task) -> impl FnOnce() -> io::Result<Place> + Send + 'static {
        let (writer, digest) = (Arc::clone(&self.writer), blob.digest);
        move || Ok(Counted::new(BundleSink::open(writer, digest)?, task))
    }

    async fn fetch<S: Sink>(&self, blob: &Blob, pump: &mut Pump<Tee<S>>) -> Result<(), BlobFailure> {
        let origins = self.selection.origins(&blob.digest);
        let fetched = match &self.cache {
            Some(cache) => cache.fetch_any(&self.fetcher, &origins, pump).await,
            None => self.fetcher.fetch_any(&origins, pump).await,
        };
        let Err(error) = fetched else { return Ok(()) };
        if error.is_final() {
            // Stopped, or the disk is full or broken: no other blob will fare better.
            self.stop.cancel();
        }
        Err(BlobFailure::fetch(blob.digest, self.selection.owner(&blob.digest), error))
    }

    /// Takes the blob from an earlier bundle, if one has it whole.
    async fn copy_earlier(&self, blob: &Blob, mut place: Place) -> Copied {
        let Some(earlier) = self.earlier.iter().find(|earlier| earlier.holds(blob)) else {
            return Copied::Nothing(Box::new(place));
        };
        let (earlier, blob, stop) = (earlier.clone(), *blob, self.stop.clone());
        let copied = tokio::task::spawn_blocking(move || match earlier.copy(&blob, &mut place, &stop) {
            Ok(()) => Copied::All,
            // The older bundle is damaged there: fetch the blob instead.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                tracing::warn!(path = %earlier.path().display(), digest = %blob.digest, %error, "damaged; fetching it");
                match place.restart() {
                    Ok(()) => Copied::Nothing(Box::new(place)),
                    Err(error) => Copied::Failed(error),
                }
            }
            Err(error) => Copied::Failed(error),
        });
        copied.await.unwrap_or_else(|_| Copied::Failed(gone()))
    }

    async fn read_earlier(&self, blob: &Blob) -> Option<Bytes> {
        let earlier = self.earlier.iter().find(|earlier| earlier.holds(blob))?.clone();
        let (digest, size) = (blob.digest, blob.size);
        tokio::task::spawn_blocking(move || earlier.read(&digest, size)).await.ok()?
    }

    fn write_failed(&self, digest: Digest, source: io::Error) -> BlobFailure {
        let stopped = self.stop.is_cancelled();
        self.stop.cancel();
        if stopped {
            BlobFailure::stopped(digest)
        } else {
            BlobFailure::write(digest, self.selection.owner(&digest), source)
        }
    }
}

enum Copied {
    All,
    Nothing(Box<Place>),
    Failed(io::Error),
}

/// Only after a panic in a thread that writes.
fn gone() -> io::Error {
    io::Error::other("the writer is gone")
}
