//! An OCI image layout, in a folder or in a tar.
//!
//! Source: <https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md>.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use manifests::Digest;
use manifests::digest::{ContentMismatch, Verifier};
use manifests::oci::{Descriptor, Index};

use super::tar_index::TarIndex;
use super::{LocalImageError, MAX_DOCUMENT, Store};
use crate::content::Origin;

/// A layout that was found.
#[derive(Debug)]
pub(super) struct Layout {
    path: PathBuf,
    /// None for a folder.
    archive: Option<TarIndex>,
}

impl Layout {
    pub(super) fn folder(path: &Path) -> Result<Self, LocalImageError> {
        fs::metadata(path).map_err(|source| LocalImageError::Read { path: path.to_owned(), source })?;
        let layout = Self { path: path.to_owned(), archive: None };
        let present = |name: &str| path.join(name).is_file();
        if present("oci-layout") && present("index.json") {
            return Ok(layout);
        }
        Err(LocalImageError::NotALayout(path.to_owned()))
    }

    /// None where the archive holds no layout.
    pub(super) fn archive(path: &Path) -> Result<Option<Self>, LocalImageError> {
        let archive = TarIndex::open(path)?;
        let complete = archive.find("oci-layout").is_some() && archive.find("index.json").is_some();
        Ok(complete.then(|| Self { path: path.to_owned(), archive: Some(archive) }))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn index(&self) -> Result<Index, LocalImageError> {
        let failed = |source| self.unreadable(source);
        let bytes = match &self.archive {
            None => bounded(File::open(self.path.join("index.json")).map_err(failed)?),
            Some(archive) => {
                let place = archive.find("index.json").ok_or_else(|| LocalImageError::NotALayout(self.path.clone()))?;
                bounded(archive.reader(place))
            }
        };
        let bytes = bytes.map_err(failed)?.ok_or_else(|| self.too_large("index.json".to_owned()))?;
        serde_json::from_slice(&bytes).map_err(|source| LocalImageError::Json {
            path: self.path.clone(),
            what: "index.json".to_owned(),
            source,
        })
    }

    fn unreadable(&self, source: io::Error) -> LocalImageError {
        LocalImageError::Read { path: self.path.clone(), source }
    }

    fn damaged(&self, digest: Digest, mismatch: ContentMismatch) -> LocalImageError {
        LocalImageError::Damaged { path: self.path.clone(), digest, source: Box::new(mismatch) }
    }

    fn too_large(&self, what: String) -> LocalImageError {
        LocalImageError::TooLarge { path: self.path.clone(), what, limit: MAX_DOCUMENT }
    }
}

impl Store for Layout {
    fn read(&self, descriptor: &Descriptor) -> Result<Vec<u8>, LocalImageError> {
        if descriptor.size > MAX_DOCUMENT {
            return Err(self.too_large(descriptor.digest.to_string()));
        }
        let bytes = match self.origin(descriptor)? {
            Origin::LocalFile { path } => {
                let failed = |source| LocalImageError::Read { path: path.clone(), source };
                bounded(File::open(&path).map_err(failed)?).map_err(failed)?
            }
            _ => match self.archive.as_ref().and_then(|archive| Some((archive, archive.find(&name(descriptor))?))) {
                Some((archive, place)) => bounded(archive.reader(place)).map_err(|source| self.unreadable(source))?,
                None => None,
            },
        };
        let bytes = bytes.ok_or_else(|| self.too_large(descriptor.digest.to_string()))?;
        let mut verifier = Verifier::new(descriptor.digest, descriptor.size);
        verifier
            .update(&bytes)
            .and_then(|()| verifier.finish())
            .map_err(|mismatch| self.damaged(descriptor.digest, mismatch))?;
        Ok(bytes)
    }

    fn origin(&self, descriptor: &Descriptor) -> Result<Origin, LocalImageError> {
        let missing = || LocalImageError::MissingBlob { path: self.path.clone(), digest: descriptor.digest };
        let (origin, actual) = match &self.archive {
            None => {
                let path = self.path.join(name(descriptor));
                let size = match fs::metadata(&path) {
                    Ok(metadata) if metadata.is_file() => metadata.len(),
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        return Err(LocalImageError::Read { path, source: error });
                    }
                    _ => return Err(missing()),
                };
                (Origin::LocalFile { path }, size)
            }
            Some(archive) => {
                let place = archive.find(&name(descriptor)).ok_or_else(missing)?;
                (Origin::ArchiveMember { path: self.path.clone(), offset: place.offset }, place.size)
            }
        };
        let (digest, expected) = (descriptor.digest, descriptor.size);
        if actual != expected {
            return Err(self.damaged(digest, ContentMismatch::Size { digest, expected, actual }));
        }
        Ok(origin)
    }
}

fn name(descriptor: &Descriptor) -> String {
    format!("blobs/sha256/{}", descriptor.digest.hex())
}

/// Reads a document; none when it is too large.
pub(super) fn bounded(reader: impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let count = reader.take(MAX_DOCUMENT + 1).read_to_end(&mut bytes)?;
    Ok((count as u64 <= MAX_DOCUMENT).then_some(bytes))
}
