//! `bundle.json`, the document that is signed: what a bundle is and everything that it holds.

mod git;
mod item;
mod platform;
mod validate;

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use git::{CarriedGit, carried_name, carried_path, object_name, object_path, other_names};
pub use item::{
    CarriedFile, CarriedPackage, Chart, Files, Image, Item, Mirror, MirroredSuite, Packages, PackagesIndex,
    WantedPackage,
};
pub use platform::{
    DEFAULT_TIMEOUT, Distribution, FailurePolicy, LONGEST_TIMEOUT, Namespace, Platform, PlatformComponent, Readiness,
    Release, SITE_CA_KEY, SiteCa, SiteCredentials, WorkloadKind,
};
pub(crate) use validate::has_group;
pub use validate::{DocumentError, check_path};

use crate::Digest;

/// The media type of `bundle.json`, which tells it apart from every other document that is signed.
pub const DOCUMENT_MEDIA_TYPE: &str = "application/vnd.airgap.bundle.v1+json";

/// The whole of `bundle.json`. See `FORMAT.md` for the normative text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// [`DOCUMENT_MEDIA_TYPE`].
    pub media_type: String,
    /// What a reader must know to read this bundle rightly, beyond version 1: a reader refuses a bundle that requires
    /// what it does not know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requires: Vec<String>,
    /// The bundle's name: versions of one name replace each other.
    pub name: BundleName,
    /// The bundle's version, a semantic version.
    pub version: semver::Version,
    /// When the bundle was defined: `SOURCE_DATE_EPOCH` or the stack's date, never the clock of the build.
    pub created: Timestamp,
    /// For a delta: the bundle that a site must hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<Base>,
    /// `SHA256SUMS`, the checksum file for `sha256sum -c`.
    pub checksums: Content,
    /// `index.json` of the image layout.
    pub index: Content,
    /// Everything that is carried, in the order of their names.
    pub items: Vec<Item>,
    /// How it is deployed; none for a bundle that only carries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) platform: Option<Platform>,
    /// Every blob, in the order in which the archive holds them.
    pub blobs: Vec<Blob>,
    /// What was resolved to what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<serde_json::Value>,
}

/// The bundle that a delta is made against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// The base's name.
    pub name: BundleName,
    /// The base's version.
    pub version: semver::Version,
    /// The digest of the base's `bundle.json`.
    pub digest: Digest,
}

/// A member of the archive that stands outside of `blobs/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// The digest of its bytes.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
}

impl Content {
    /// Describes `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self { digest: Digest::of(bytes), size: bytes.len() as u64 }
    }
}

/// A blob that the archive holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blob {
    /// The digest of the blob's own bytes, however they are stored.
    pub digest: Digest,
    /// The size of the blob's own bytes.
    pub size: u64,
    /// How the archive stores them.
    pub encoding: Encoding,
}

/// How a blob's bytes are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// In zstd's raw blocks: content that is compressed already. Where it lies follows from the sizes alone.
    Raw,
    /// In compressed zstd frames.
    Zstd,
}

impl Encoding {
    /// The encoding for content of a media type, or of a file name: what is compressed already stays as it is.
    /// Never decided by the content, so that a build knows it before the content is there.
    pub fn for_name(media_type_or_file_name: &str) -> Self {
        const COMPRESSED: [&str; 17] = [
            "gzip", "+zstd", ".gz", ".tgz", ".zst", ".zstd", ".tzst", ".xz", ".txz", ".bz2", ".lz4", ".zip", ".deb",
            ".rpm", ".apk", ".jar", ".whl",
        ];
        let name = media_type_or_file_name.to_ascii_lowercase();
        if COMPRESSED.iter().any(|ending| name.ends_with(ending)) { Self::Raw } else { Self::Zstd }
    }
}

/// A bundle's name: 1 to 63 lower-case letters, digits and `-`, with a letter or digit at both ends.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct BundleName(#[schemars(regex(pattern = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"))] String);

impl BundleName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BundleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for BundleName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let bytes = text.as_bytes();
        let good = (1..=63).contains(&bytes.len())
            && bytes.iter().all(|b| word(b) || *b == b'-')
            && bytes.first().is_some_and(word)
            && bytes.last().is_some_and(word);
        if good { Ok(Self(text.to_owned())) } else { Err(NameError(text.chars().take(80).collect())) }
    }
}

impl<'de> Deserialize<'de> for BundleName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A text that is no bundle's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a name: expected 1 to 63 lower-case letters, digits and `-`, with no `-` at its ends")]
pub struct NameError(String);

impl Document {
    /// Parses and validates the bytes of a `bundle.json`.
    ///
    /// # Errors
    /// [`DocumentError`] for what is no document, is of another version, requires what this reader does not know, or
    /// breaks a rule of the format.
    pub fn parse(bytes: &[u8]) -> Result<Self, DocumentError> {
        validate::parse(bytes)
    }

    /// The blob with a digest.
    pub fn blob(&self, digest: &Digest) -> Option<&Blob> {
        // Blobs are sorted within each encoding.
        let raw = self.blobs.partition_point(|blob| blob.encoding == Encoding::Raw);
        let (raw, compressed) = self.blobs.split_at(raw);
        [raw, compressed].into_iter().find_map(|blobs| {
            let found = blobs.binary_search_by_key(digest, |blob| blob.digest).ok()?;
            blobs.get(found)
        })
    }

    /// The bytes of all blobs together.
    pub fn content_size(&self) -> u64 {
        self.blobs.iter().map(|blob| blob.size).sum()
    }
}
