use std::collections::{BTreeSet, HashMap};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use manifests::Digest;
use manifests::bundle::VerifiedBundle;
use tokio::sync::{OnceCell, Semaphore};

use crate::store::Receipt;

/// Blobs that are checked at one time: each takes some megabytes of memory and as much of a disk as it gives.
static CHECKING: Semaphore = Semaphore::const_new(4);

/// An open bundle, and which of its blobs are known to be whole.
pub struct Source {
    bundle: VerifiedBundle,
    number: Option<u32>,
    receipt: Option<Receipt>,
    /// A cell is set once: `true` for a good blob, `false` for one whose bytes are wrong.
    checks: Mutex<HashMap<Digest, Arc<OnceCell<bool>>>>,
    /// Those that could not be read right when they were read last: some of the bundle's own, each once.
    faults: Mutex<BTreeSet<Digest>>,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("number", &self.number).finish_non_exhaustive()
    }
}

/// Why a blob is not served.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// No bundle lists it.
    #[error("{0} is in no bundle")]
    Unknown(Digest),
    /// Its bytes in the archive are not those that were promised.
    #[error("the bytes of {0} in the bundle are damaged")]
    Damaged(Digest),
    /// The archive can't be read.
    #[error("can't read {digest}")]
    Unreadable {
        /// The blob.
        digest: Digest,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

impl Source {
    /// A bundle of the store, or one that is served in place without it.
    pub fn new(bundle: VerifiedBundle, generation: Option<(u32, Receipt)>) -> Arc<Self> {
        let (number, receipt) = generation.unzip();
        Arc::new(Self { bundle, number, receipt, checks: Mutex::default(), faults: Mutex::default() })
    }

    /// The bundle.
    pub fn bundle(&self) -> &VerifiedBundle {
        &self.bundle
    }

    /// The generation's number.
    pub fn number(&self) -> Option<u32> {
        self.number
    }

    /// How people know it: by its generation's number, or by the bundle's name where it has none.
    pub fn name(&self) -> String {
        match self.number {
            Some(number) => format!("generation {number}"),
            None => format!("{}, served in place", self.bundle.document().name),
        }
    }

    /// What the store remembers.
    pub fn receipt(&self) -> Option<&Receipt> {
        self.receipt.as_ref()
    }

    /// Makes sure that a blob's bytes are right: reads all of it on first use and remembers the verdict. Those who
    /// come meanwhile wait for the same reading.
    ///
    /// # Errors
    /// [`BlobError`] for a damaged blob, from now on, and for a read error, which the next use tries again.
    pub async fn check(self: &Arc<Self>, digest: &Digest) -> Result<(), BlobError> {
        let cell = Arc::clone(lock(&self.checks).entry(*digest).or_default());
        let good = match cell.get() {
            Some(good) => *good,
            None => *cell.get_or_try_init(|| self.examine(*digest)).await?,
        };
        if good { Ok(()) } else { Err(BlobError::Damaged(*digest)) }
    }

    /// The blobs that could not be read right when they were read last, in order.
    pub fn faults(&self) -> Vec<Digest> {
        lock(&self.faults).iter().copied().collect()
    }

    /// Reads a blob, and keeps whether that went well.
    async fn examine(self: &Arc<Self>, digest: Digest) -> Result<bool, BlobError> {
        let verdict = self.read_whole(digest).await;
        let mut faults = lock(&self.faults);
        match verdict {
            Ok(true) => faults.remove(&digest),
            Ok(false) | Err(_) => faults.insert(digest),
        };
        verdict
    }

    /// Reads a small blob whole.
    ///
    /// # Errors
    /// Why it can't be had, in one line.
    pub(crate) fn read_small(&self, digest: &Digest, limit: u64) -> Result<Vec<u8>, String> {
        self.bundle.read_to_vec(digest, limit).map_err(|error| super::with_causes(&error))
    }

    /// Notes that a blob could not be read, although it may have been good before: its next use checks it anew.
    pub(crate) fn doubt(&self, digest: &Digest) {
        lock(&self.checks).remove(digest);
        lock(&self.faults).insert(*digest);
    }

    async fn read_whole(self: &Arc<Self>, digest: Digest) -> Result<bool, BlobError> {
        let permit = CHECKING.acquire().await;
        let source = Arc::clone(self);
        let read = move || {
            let _permit = permit;
            let mut reader = source.bundle.read(&digest).map_err(io::Error::other)?;
            io::copy(&mut io::BufReader::with_capacity(256 << 10, &mut reader), &mut io::sink())
        };
        match tokio::task::spawn_blocking(read).await.unwrap_or_else(|error| Err(io::Error::other(error))) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                tracing::error!(%digest, "a blob in the bundle is damaged");
                Ok(false)
            }
            Err(source) => Err(BlobError::Unreadable { digest, source }),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
