//! The set document: which volumes make up a bundle, for people and for a site that waits for the last medium.
//!
//! `<base>.set.json` lies beside the volumes, with its signature in `<base>.set.json.sig`. Reading needs neither: the
//! volumes say of themselves what they are, and the bundle's own signature covers their content.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::bundle::limits;
use crate::bundle::reader::UnverifiedBundle;
use crate::{BundleName, Digest};

/// The media type of a set document.
pub const SET_MEDIA_TYPE: &str = "application/vnd.airgap.volume-set.v1+json";

/// The names of the set document and of its signatures, beside the first volume: `<base>.set.json` and
/// `<base>.set.json.sig`.
pub fn set_names(first: &Path) -> [PathBuf; 2] {
    ["set.json", "set.json.sig"].map(|ending| first.with_extension(ending))
}

/// Which volumes make up a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetDocument {
    /// [`SET_MEDIA_TYPE`].
    pub media_type: String,
    /// The bundle.
    pub bundle: SetBundle,
    /// The volumes in order.
    pub volumes: Vec<SetVolume>,
}

/// The bundle of a set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetBundle {
    /// The digest of `bundle.json`.
    pub digest: Digest,
    /// The bundle's name.
    pub name: BundleName,
    /// The bundle's version.
    pub version: semver::Version,
}

/// A volume of a set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetVolume {
    /// From 1.
    pub number: u32,
    /// The file's name, without a folder.
    pub name: String,
    /// The file's size in bytes.
    pub size: u64,
}

/// A text that is no set document.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum SetError {
    /// It is not JSON, or a field is missing or of another type.
    #[error("the set document can't be read")]
    Json(#[source] serde_json::Error),
    /// It is larger than a reader accepts.
    #[error("the set document has {0} bytes; at most {limit} are read", limit = limits::SET_DOCUMENT_SIZE)]
    TooLarge(usize),
    /// It is another kind of document.
    #[error("the set document is of type `{0}`, but this version reads `{SET_MEDIA_TYPE}`")]
    MediaType(String),
    /// Its volumes are not numbered 1, 2, 3, …, or one has a name that is a path.
    #[error("the set document names wrong volumes")]
    Volumes,
}

impl SetDocument {
    /// Describes the set that `bundle` was opened from; nothing for a bundle in one file.
    pub fn of(bundle: &UnverifiedBundle) -> Option<Self> {
        if bundle.volumes() == 0 || !bundle.absent().is_empty() {
            return None;
        }
        let claimed = bundle.claimed();
        let volumes = (1..).zip(bundle.volume_sizes()).map(|(number, (path, size))| SetVolume {
            number,
            name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            size,
        });
        Some(Self {
            media_type: SET_MEDIA_TYPE.to_owned(),
            bundle: SetBundle {
                digest: bundle.document_digest(),
                name: claimed.name.clone(),
                version: claimed.version.clone(),
            },
            volumes: volumes.collect(),
        })
    }

    /// The bytes to write and to sign.
    ///
    /// # Errors
    /// [`SetError::Json`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, SetError> {
        let mut bytes = serde_json::to_vec_pretty(self).map_err(SetError::Json)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Reads a set document, whose signature was verified before.
    ///
    /// # Errors
    /// [`SetError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, SetError> {
        if bytes.len() as u64 > limits::SET_DOCUMENT_SIZE {
            return Err(SetError::TooLarge(bytes.len()));
        }
        let set: Self = serde_json::from_slice(bytes).map_err(SetError::Json)?;
        if set.media_type != SET_MEDIA_TYPE {
            return Err(SetError::MediaType(set.media_type.chars().take(120).collect()));
        }
        let numbered = (1..).zip(&set.volumes).all(|(number, volume)| volume.number == number);
        let named =
            |volume: &SetVolume| !volume.name.contains('/') && crate::document::check_path(&volume.name).is_ok();
        if !numbered || set.volumes.len() > limits::VOLUMES || !set.volumes.iter().all(named) {
            return Err(SetError::Volumes);
        }
        Ok(set)
    }
}
