//! Brings the bytes of a blob from wherever they are into a sink.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use miette::Diagnostic;
use thiserror::Error;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{Origin, WantedBlob};
use crate::credentials::Credentials;
use crate::git::{GitProblem, download_lfs};
use crate::http::{Auth, Client, Download, FetchError, Pump, Request, Sink};
use crate::oci::{OciError, Registries};

/// Bytes that are read from a local file at once.
const CHUNK: usize = 256 << 10;

/// A blob that could not be brought.
#[derive(Debug, Error, Diagnostic)]
pub enum BlobError {
    /// From a registry.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Registry(#[from] OciError),
    /// From a web server.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Web(#[from] FetchError),
    /// From a local file.
    #[error("can't read {}", path.display())]
    Local {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// From a local file that is not what it was when it was looked at.
    #[error("{} has changed since the build began", path.display())]
    #[diagnostic(help("run the build again when nothing writes to it"))]
    Changed {
        /// Which one.
        path: PathBuf,
        /// What was expected and what is there.
        #[source]
        source: io::Error,
    },
    /// From a git repository.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Git(#[from] GitProblem),
    /// The bytes could not be stored.
    #[error("can't store a blob")]
    Store(#[source] io::Error),
}

impl BlobError {
    /// Whether another origin of the same blob is of no use: the work was stopped, or the bytes can't be stored.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Registry(error) => error.is_final(),
            Self::Web(error) => error.is_final(),
            Self::Local { .. } | Self::Changed { .. } | Self::Git(_) => false,
            Self::Store(_) => true,
        }
    }
}

/// Brings blobs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Fetcher {
    registries: Registries,
    credentials: Credentials,
}

impl Fetcher {
    /// A fetcher that uses these registries, and these credentials for web servers.
    pub fn new(registries: Registries, credentials: Credentials) -> Self {
        Self { registries, credentials }
    }

    /// The client behind it.
    pub fn client(&self) -> &Client {
        self.registries.client()
    }

    /// How a web server is asked: with the credentials for it, if there are any.
    pub fn auth(&self, url: &Url) -> Auth {
        self.credentials.auth(url)
    }

    /// Brings a blob into a sink, which checks it. After an error the pump still holds the sink, and what is in it:
    /// another origin of the same blob can go on from there.
    ///
    /// # Errors
    /// [`BlobError`] when it can't be had or stored.
    pub async fn fetch<S: Sink>(&self, blob: &WantedBlob, pump: &mut Pump<S>) -> Result<(), BlobError> {
        match &blob.origin {
            Origin::Bytes(bytes) => whole(bytes, pump).await,
            Origin::Registry { repository } => {
                Ok(self.registries.blob_into(repository, blob.digest, blob.size, pump).await?)
            }
            Origin::Url { url } => Ok(self.download(url, blob.size, pump).await?),
            Origin::LocalFile { path } => self.copy_file(path, 0, blob.size, pump).await,
            Origin::ArchiveMember { path, offset } => self.copy_file(path, *offset, blob.size, pump).await,
            Origin::Lfs { server } => {
                let wanted = (blob.digest, blob.size);
                let download = download_lfs(self.client(), &self.credentials, server, wanted).await?;
                Ok(self.client().download_into(&download, pump).await?)
            }
            Origin::Git(git) => self.copy_file(git.file().await?, 0, blob.size, pump).await,
        }
    }

    /// Brings a blob from the first of several origins that works.
    ///
    /// # Errors
    /// The first origin's, when none works.
    pub async fn fetch_any<S: Sink>(&self, blobs: &[WantedBlob], pump: &mut Pump<S>) -> Result<(), BlobError> {
        let mut first = None;
        for blob in blobs {
            match self.fetch(blob, pump).await {
                Ok(()) => return Ok(()),
                Err(error) if error.is_final() => return Err(error),
                Err(error) => {
                    tracing::debug!(digest = %blob.digest, %error, "trying another origin");
                    first.get_or_insert(error);
                }
            }
        }
        Err(first.unwrap_or_else(|| BlobError::Store(io::Error::other("no origin is known"))))
    }

    async fn download<S: Sink>(&self, url: &Url, size: u64, pump: &mut Pump<S>) -> Result<(), FetchError> {
        let request = Request::get(url.clone()).auth(self.auth(url));
        self.client().download_into(&Download { request, size: Some(size), verified: true }, pump).await
    }

    async fn copy_file<S: Sink>(
        &self,
        path: &Path,
        offset: u64,
        size: u64,
        pump: &mut Pump<S>,
    ) -> Result<(), BlobError> {
        let cancel = self.client().cancellation().clone();
        let owned = path.to_owned();
        let failed = |source| BlobError::Local { path: path.to_owned(), source };
        let copied = pump.blocking(move |sink| Ok(copy(&owned, offset, size, sink, &cancel))).await;
        match copied.map_err(BlobError::Store)? {
            Copied::All => {}
            Copied::Cancelled => return Err(FetchError::Cancelled.into()),
            Copied::ReadFailed(error) => return Err(failed(error)),
            Copied::WriteFailed(error) => return Err(BlobError::Store(error)),
        }
        match pump.finish().await {
            Err(source) if source.kind() == io::ErrorKind::InvalidData => {
                pump.restart().await.map_err(BlobError::Store)?;
                Err(BlobError::Changed { path: path.to_owned(), source })
            }
            other => other.map_err(BlobError::Store),
        }
    }
}

async fn whole<S: Sink>(bytes: &Bytes, pump: &mut Pump<S>) -> Result<(), BlobError> {
    let position = usize::try_from(pump.position()).unwrap_or(usize::MAX).min(bytes.len());
    pump.push(bytes.slice(position..)).await.map_err(BlobError::Store)?;
    pump.finish().await.map_err(BlobError::Store)
}

enum Copied {
    All,
    Cancelled,
    ReadFailed(io::Error),
    WriteFailed(io::Error),
}

fn copy<S: Sink>(path: &Path, offset: u64, size: u64, sink: &mut S, cancel: &CancellationToken) -> Copied {
    let position = sink.position().min(size);
    let opened = File::open(path).and_then(|mut file| file.seek(SeekFrom::Start(offset + position)).map(|_| file));
    let mut reader = match opened {
        Ok(file) => file.take(size - position),
        Err(error) => return Copied::ReadFailed(error),
    };
    let mut chunk = vec![0; CHUNK];
    loop {
        if cancel.is_cancelled() {
            return Copied::Cancelled;
        }
        match reader.read(&mut chunk) {
            Ok(0) => return Copied::All,
            Ok(count) => {
                if let Err(error) = sink.write(&chunk[..count]) {
                    return Copied::WriteFailed(error);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Copied::ReadFailed(error),
        }
    }
}
