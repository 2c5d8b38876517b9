use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use manifests::signature::Signer;
use manifests::{BundleName, Digest};
use serde::{Deserialize, Serialize};

use super::{RECEIPT_SIZE, StoreError};

/// What a site remembers about a bundle that it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// The digest of `bundle.json`: which bundle this is.
    pub bundle: Digest,
    /// The bundle's name.
    pub name: BundleName,
    /// The bundle's version.
    pub version: semver::Version,
    /// When the bundle was defined.
    pub created: Timestamp,
    /// When it was imported, by the site's clock.
    pub imported_at: Timestamp,
    /// Who signed it.
    pub signers: Vec<SignedBy>,
    /// The size of the archive in bytes, over all its volumes.
    pub archive_size: u64,
    /// The bytes of all blobs together.
    pub content_size: u64,
    /// The archive's files: names in the generation's folder, or absolute paths of a bundle that is served in place.
    pub files: Vec<PathBuf>,
}

impl Receipt {
    /// Whether the archive stays where it is, outside of the store.
    pub fn in_place(&self) -> bool {
        self.files.iter().any(|file| file.is_absolute())
    }

    /// The file's inode and the time at which it was written: another receipt has others.
    pub(super) fn stamp(path: &Path) -> Option<(u64, i64, i64)> {
        let file = std::fs::metadata(path).ok()?;
        Some((file.ino(), file.mtime(), file.mtime_nsec()))
    }

    /// Reads a receipt.
    pub(super) fn load(path: &Path) -> Result<Self, StoreError> {
        let mut bytes = Vec::new();
        let read = std::fs::File::open(path).and_then(|file| file.take(RECEIPT_SIZE).read_to_end(&mut bytes));
        read.map_err(StoreError::io("read", path))?;
        serde_json::from_slice(&bytes).map_err(|source| StoreError::Format { path: path.to_owned(), source })
    }
}

/// Who signed a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignedBy {
    /// The principal of the `allowed_signers` line.
    pub principal: String,
    /// `SHA256:…`, as `ssh-keygen -l` prints it.
    pub fingerprint: String,
    /// `ssh-ed25519` and the like.
    pub key_type: String,
}

impl From<&Signer> for SignedBy {
    fn from(signer: &Signer) -> Self {
        let Signer { principal, fingerprint, key_type, .. } = signer.clone();
        Self { principal, fingerprint, key_type }
    }
}
