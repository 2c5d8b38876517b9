//! Repositories that upstream signed, as they are served: paths and digests, nothing made here.

use std::collections::BTreeMap;

use manifests::Digest;
use manifests::bundle::VerifiedBundle;
use manifests::document::{Mirror, check_path};
use manifests::oci::{Descriptor, Index, annotation, media_type};
use serde::Deserialize;

use super::manifest::MANIFEST_SIZE;

/// Manifests of one mirror: far more than its files, of which each has thousands, can need.
const PARTS: usize = 1000;

/// The files of one mirror of one bundle.
#[derive(Debug, Default)]
pub struct MirrorTree {
    files: BTreeMap<Box<str>, Digest>,
}

/// Why a bundle's mirror is not served.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// A manifest can't be read out of the bundle.
    #[error("can't read {digest}")]
    Unreadable {
        /// The manifest.
        digest: Digest,
        /// Why not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It has more manifests than any mirror has.
    #[error("it has {0} manifests; at most {PARTS} are read")]
    TooMany(usize),
    /// A file is not one that can be served.
    #[error("it has a file `{}` that can't be one: {problem}", title.chars().take(120).collect::<String>())]
    File {
        /// Its title.
        title: String,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// A layer, as far as it matters: a mirror has tens of thousands.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Layer {
    #[serde(default)]
    media_type: String,
    digest: Digest,
    size: u64,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Part {
    layers: Vec<Layer>,
}

impl MirrorTree {
    /// Reads the manifests of a mirror, one after the other.
    ///
    /// # Errors
    /// [`MirrorError`] when one can't be read, or names a file that is not carried or has no place in a repository.
    pub fn read(mirror: &Mirror, bundle: &VerifiedBundle) -> Result<Self, MirrorError> {
        let index: Index = parse(bundle, &mirror.descriptor)?;
        if index.manifests.len() > PARTS {
            return Err(MirrorError::TooMany(index.manifests.len()));
        }
        let mut tree = Self::default();
        for part in &index.manifests {
            let Part { layers } = parse(bundle, part)?;
            layers.into_iter().try_for_each(|layer| tree.add(layer, bundle))?;
        }
        Ok(tree)
    }

    fn add(&mut self, mut layer: Layer, bundle: &VerifiedBundle) -> Result<(), MirrorError> {
        let title = layer.annotations.remove(annotation::TITLE).unwrap_or_default();
        if layer.media_type == media_type::PGP_KEYS {
            return Ok(());
        }
        let problem = if check_path(&title).is_err() {
            "it would lie outside"
        } else if bundle.document().blob(&layer.digest).is_none_or(|blob| blob.size != layer.size) {
            "it is not carried"
        } else if self.files.get(title.as_str()).is_some_and(|known| *known != layer.digest) {
            "there are two of that name"
        } else {
            self.files.insert(title.into_boxed_str(), layer.digest);
            return Ok(());
        };
        Err(MirrorError::File { title, problem })
    }

    /// The file at a path.
    pub fn file(&self, path: &str) -> Option<&Digest> {
        self.files.get(path)
    }

    /// All files with their paths, in order.
    pub fn files(&self) -> impl Iterator<Item = (&str, &Digest)> {
        self.files.iter().map(|(path, digest)| (&**path, digest))
    }
}

fn parse<T: for<'de> Deserialize<'de>>(bundle: &VerifiedBundle, descriptor: &Descriptor) -> Result<T, MirrorError> {
    let digest = descriptor.digest;
    let unreadable = |source| MirrorError::Unreadable { digest, source };
    let bytes = bundle.read_to_vec(&digest, MANIFEST_SIZE).map_err(|error| unreadable(error.into()))?;
    serde_json::from_slice(&bytes).map_err(|error| unreadable(error.into()))
}
