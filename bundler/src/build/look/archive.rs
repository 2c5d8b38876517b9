//! The archives of charts, as files for Helm.

use std::path::{Path, PathBuf};

use manifests::Digest;

use super::Looker;
use crate::build::error::{BlobFailure, BuildError};
use crate::cache::Tee;
use crate::charts::archive::MAX_ARCHIVE;
use crate::content::{Resolved, WantedBlob};
use crate::http::{MemorySink, Pump};

impl Looker<'_> {
    /// Brings a chart's archive to a file.
    pub(super) async fn archive(&self, found: &Resolved, folder: &Path) -> Result<(Digest, PathBuf), BuildError> {
        let digest = found.item.as_chart().map(|chart| chart.archive).unwrap_or_else(|| Digest::of(b""));
        let path = folder.join(format!("{}.tgz", digest.hex()));
        let blobs: Vec<WantedBlob> = found.blobs.iter().filter(|blob| blob.digest == digest).cloned().collect();
        let limit = usize::try_from(MAX_ARCHIVE).unwrap_or(usize::MAX);
        let mut pump = Pump::new(Tee::new(MemorySink::new(limit, Some(digest))));
        let fetcher = self.sources.fetcher();
        let fetched = match &self.options.cache {
            Some(cache) => cache.fetch_any(&fetcher, &blobs, &mut pump).await,
            None => fetcher.fetch_any(&blobs, &mut pump).await,
        };
        let owner = found.item.reference();
        let failed = |error| BuildError::Unfetched {
            failures: vec![BlobFailure::fetch(digest, owner.as_deref(), error)],
            of: 1,
            help: "a chart's archive is needed to see what it refers to",
        };
        fetched.map_err(failed)?;
        let gone = || BuildError::Temporary(std::io::Error::other("the writer is gone"));
        let sink = pump.into_sink().await.ok_or_else(gone)?;
        tokio::fs::write(&path, sink.into_inner().into_bytes()).await.map_err(BuildError::Temporary)?;
        Ok((digest, path))
    }
}
