//! Writing a bundle: straight to its final places, beside its final name.
//!
//! While it is written, a bundle is `<path>.partial` (or `<path>.NNN.partial` for each volume), with a journal beside
//! it. What stood under the final name stays until the new bundle is whole and synced; then it is replaced by a rename.
//! A build that was killed goes on: blobs that the journal names are in place, and large raw blobs go on in the middle.

mod close;
mod compressed;
mod error;
mod finish;
mod flusher;
pub(super) mod journal;
mod output;
mod plan;
mod raw;
mod resume;
mod salvage;
mod sink;
mod state;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) use close::close;
pub use error::WriteError;
pub(crate) use journal::lock;
pub(crate) use output::Output;
pub use plan::Plan;
pub use sink::BlobSink;

use state::Shared;

use crate::Digest;
use crate::document::{Blob, Encoding};

/// A bundle that is being written, beside its final name: `<path>.partial` and `<path>.partial.journal`.
#[derive(Debug)]
pub struct BundleWriter {
    shared: Arc<Shared>,
}

impl BundleWriter {
    /// Starts, or goes on where an earlier build of the same plan was. What an earlier, killed build of another plan
    /// wrote at this place is taken over where it fits, which may take a while. Volumes are smaller than `volume_size` bytes.
    ///
    /// # Errors
    /// [`WriteError::Locked`] while another process writes the same bundle, [`WriteError::NoSpace`] when it is certain
    /// not to fit, [`WriteError::VolumeTooSmall`].
    pub fn create(path: &Path, plan: &Plan, volume_size: Option<u64>) -> Result<Self, WriteError> {
        let shared = Arc::new(Shared::open(path, plan, volume_size)?);
        salvage::take_over(path, &shared)?;
        Ok(Self { shared })
    }

    /// What is being written.
    pub fn plan(&self) -> &Plan {
        self.shared.plan()
    }

    /// Blobs not yet in place: the raw ones, which may be written in any order and many at a time.
    pub fn pending_raw(&self) -> Vec<Blob> {
        self.shared.pending(Encoding::Raw)
    }

    /// Blobs not yet in place: the compressed ones, which are written one after the other in this order.
    pub fn pending_compressed(&self) -> Vec<Blob> {
        self.shared.pending(Encoding::Zstd)
    }

    /// A place to write a blob's own bytes to, in order. Raw sinks may be used from many threads at once; a sink for
    /// a compressed blob waits here until all before it are finished.
    ///
    /// # Errors
    /// [`WriteError::Unknown`] and [`WriteError::Taken`]; [`WriteError::Cancelled`] after [`Self::cancel`].
    pub fn sink(&self, digest: &Digest) -> Result<BlobSink, WriteError> {
        BlobSink::open(&self.shared, digest)
    }

    /// Wakes everybody who waits for a sink with [`WriteError::Cancelled`]. What is in place stays for the next build.
    pub fn cancel(&self) {
        self.shared.cancel();
    }

    /// Writes signatures (armoured SSHSIG), the end and the seek table, syncs and gives it the final name. Returns the
    /// files: one, or the volumes in order.
    ///
    /// # Errors
    /// [`WriteError::Incomplete`] while blobs are missing; whatever fails, nothing has changed under the final name.
    pub fn finish(self, signatures: &[String]) -> Result<Vec<PathBuf>, WriteError> {
        finish::finish(&self.shared, signatures)
    }
}

/// `path` with `ending` behind its whole name.
pub(crate) fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    PathBuf::from(name)
}
