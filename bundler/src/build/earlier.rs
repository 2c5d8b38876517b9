//! Earlier bundles as a source: what one of them holds is not fetched again.
//!
//! Its bytes are read once, hashed, and written to their places. The kernel could move them itself
//! (`copy_file_range`), but not without being read for the hash as well: raw blocks have no alignment that file systems
//! could share, so each byte is copied either way. Measured on ext4, a gibibyte costs 1.3 s of a processor so, and 1.4 s
//! this way; and this way what was hashed is what was written, whoever changes the earlier file meanwhile.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use manifests::Digest;
use manifests::bundle::volume;
use manifests::bundle::{OpenError, Plan, UnverifiedBundle, VerifiedBundle};
use manifests::document::Blob;
use tokio_util::sync::CancellationToken;

use super::error::BuildError;
use super::output;
use super::{BuildOptions, ResolveOptions};
use crate::http::Sink;

/// Bytes that are copied at a time.
const CHUNK: usize = 1 << 20;

/// An earlier bundle. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Earlier {
    path: PathBuf,
    bundle: Arc<VerifiedBundle>,
    /// The size that its volumes stay below, in bytes; none for one file.
    volume_size: Option<u64>,
}

impl Earlier {
    /// Opens a bundle to take blobs from.
    ///
    /// Nobody needs to vouch for it: each blob is asked for by a digest that the sources gave, and is hashed on its way.
    fn open(path: &Path) -> Result<Self, OpenError> {
        Self::new(path, UnverifiedBundle::open(&[path])?)
    }

    fn new(path: &Path, bundle: UnverifiedBundle) -> Result<Self, OpenError> {
        let digest = bundle.document_digest();
        let volume_size = bundle.volume_size();
        Ok(Self { path: path.to_owned(), bundle: Arc::new(bundle.verify_pinned(&digest)?), volume_size })
    }

    /// Whether it is the bundle that is planned, in one file or in volumes as asked for, under the output's own names.
    pub(super) fn is_up_to_date(&self, plan: &Plan, options: &BuildOptions) -> bool {
        let files = self.files();
        let in_place = match options.volume_size {
            None => files == [options.output.as_path()],
            Some(_) => volume::names(&options.output).take(files.len()).eq(files),
        };
        in_place && self.volume_size == options.volume_size && self.bundle.document_digest() == plan.document_digest()
    }

    /// Its signatures.
    pub(super) fn signatures(&self) -> &[String] {
        self.bundle.signatures()
    }

    /// The files that hold it.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        self.bundle.files().into_iter().map(|(path, _)| path).collect()
    }

    /// Whether it has a blob.
    pub(super) fn holds(&self, blob: &Blob) -> bool {
        self.bundle.document().blob(&blob.digest).is_some_and(|held| held.size == blob.size)
    }

    /// Copies a blob, from where the sink is. The sink hashes it, so it is not hashed here as well.
    ///
    /// # Errors
    /// `InvalidData` when the blob is damaged here, `Interrupted` after `stop`; any other of the sink.
    pub(super) fn copy(&self, blob: &Blob, sink: &mut impl Sink, stop: &CancellationToken) -> io::Result<()> {
        let rest = sink.position()..blob.size;
        let mut reader = self.bundle.read_range(&blob.digest, rest).map_err(io::Error::other)?;
        let mut buffer = vec![0; CHUNK];
        loop {
            if stop.is_cancelled() {
                return Err(io::ErrorKind::Interrupted.into());
            }
            match reader.read(&mut buffer) {
                Ok(0) => return sink.finish(),
                Ok(count) => sink.write(&buffer[..count])?,
                Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
            }
        }
    }

    /// The path, for messages.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads a small blob; nothing when it is damaged here.
    pub(crate) fn read(&self, digest: &Digest, size: u64) -> Option<Bytes> {
        self.bundle.read_to_vec(digest, size).ok().map(Bytes::from)
    }
}

/// The bundle that has the output's name, if it is sound.
pub(super) fn current(options: &BuildOptions) -> Result<Option<Earlier>, BuildError> {
    let Some(bundle) = output::check(options)? else { return Ok(None) };
    match Earlier::new(&options.output, bundle) {
        Ok(earlier) => Ok(Some(earlier)),
        Err(error) => {
            tracing::debug!(%error, "the bundle under the output's name is not sound");
            Ok(None)
        }
    }
}

/// The bundles that were named as sources.
pub(super) fn reused(options: &ResolveOptions) -> Result<Vec<Earlier>, BuildError> {
    let open = |path: &PathBuf| {
        Earlier::open(path).map_err(|source| BuildError::Reuse { path: path.clone(), source: Box::new(source) })
    };
    options.reuse.iter().map(open).collect()
}
