//! What is served: a picture of all generations together, made once and exchanged as a whole when they change.
//!
//! Later generations come first: where two have the same tag, chart or set of files, the later one's is served. By
//! digest everything of all generations is there.

mod blobs;
mod build;
mod charts;
mod files;
mod manifest;
mod mirror;
mod source;
mod windows;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use manifests::Digest;

use crate::apt;

pub use build::build;
pub(crate) use build::with_causes;
pub use charts::{ChartFile, Charts};
pub use files::{FileSet, ServedGit};
pub use manifest::Manifest;
pub use mirror::{MirrorError, MirrorTree};
pub use source::{BlobError, Source};

/// So many bad blobs of a bundle are told by name.
const FAULTS_SHOWN: usize = 20;

/// Everything that is served at one moment.
#[derive(Debug, Default)]
pub struct Content {
    /// The bundles, the latest first.
    pub sources: Vec<Arc<Source>>,
    /// The repositories by their full names, `docker.io/library/nginx`.
    pub repositories: BTreeMap<String, Repository>,
    /// The charts, as chart repositories.
    pub charts: Charts,
    /// The sets of files by their names.
    pub files: BTreeMap<String, FileSet>,
    /// The package repositories by their places, `<generation>/<series>`.
    pub packages: BTreeMap<String, Arc<apt::Repository>>,
    /// The repositories that upstream signed, those of the latest bundle first.
    pub mirrors: Vec<ServedMirror>,
    /// What could not be served from the start, for people to read.
    pub problems: Vec<String>,
}

/// The word in the place of a generation for the latest that has a mirror.
pub const LATEST: &str = "latest";

/// A mirror of one bundle.
#[derive(Debug, Clone)]
pub struct ServedMirror {
    /// The part of its URIs that is the bundle's own.
    pub generation: String,
    /// Its name.
    pub name: String,
    /// Its files.
    pub tree: Arc<MirrorTree>,
}

/// One repository.
#[derive(Debug, Default)]
pub struct Repository {
    /// The tags in order.
    pub tags: BTreeMap<String, Digest>,
    /// The manifests and indexes, those of an index among them.
    pub manifests: HashMap<Digest, Arc<Manifest>>,
    /// The blobs that its manifests name.
    pub blobs: HashSet<Digest>,
    /// What is attached to a manifest, as descriptors.
    pub referrers: HashMap<Digest, Vec<Referrer>>,
}

/// A manifest that names another as its subject.
#[derive(Debug, Clone, PartialEq)]
pub struct Referrer {
    /// What kind of artifact it is.
    pub artifact_type: Option<String>,
    /// The descriptor, as the referrers API has it.
    pub descriptor: serde_json::Value,
}

impl Content {
    /// The sources that list a blob, the latest first.
    pub fn holders(&self, digest: &Digest) -> impl Iterator<Item = &Arc<Source>> {
        self.sources.iter().filter(|source| source.bundle().document().blob(digest).is_some())
    }

    /// A source that has a blob whole: where a copy is damaged, or can't be read, the next one is looked at.
    ///
    /// # Errors
    /// [`BlobError`] of the last copy, when none is good; [`BlobError::Unknown`] when no bundle lists the blob.
    pub async fn whole(&self, digest: &Digest) -> Result<&Arc<Source>, BlobError> {
        let mut error = BlobError::Unknown(*digest);
        for source in self.holders(digest) {
            match source.check(digest).await {
                Ok(()) => return Ok(source),
                Err(found) => error = found,
            }
        }
        Err(error)
    }

    /// The bytes of a small blob, out of the first copy that is good. A copy that is not is noted, once there is one
    /// that is: without, the item is named as a problem.
    pub(crate) fn read_small(&self, digest: &Digest, limit: u64) -> Result<Vec<u8>, String> {
        let (mut bad, mut error) = (Vec::new(), format!("{digest} is in no bundle"));
        for source in self.holders(digest) {
            match source.read_small(digest, limit) {
                Ok(bytes) => {
                    bad.into_iter().for_each(|source: &Arc<Source>| source.doubt(digest));
                    return Ok(bytes);
                }
                Err(found) => {
                    bad.push(source);
                    error = found;
                }
            }
        }
        Err(error)
    }

    /// How many things are wrong now: what could not be served from the start, and blobs found to be bad since.
    pub fn count_problems(&self) -> usize {
        self.problems.len() + self.sources.iter().map(|source| source.faults().len()).sum::<usize>()
    }

    /// The same for people to read, with the first few blobs of each bundle.
    pub fn tell_problems(&self) -> Vec<String> {
        let mut told = self.problems.clone();
        for source in &self.sources {
            let (name, faults) = (source.name(), source.faults());
            let shown = faults.iter().take(FAULTS_SHOWN);
            told.extend(shown.map(|digest| format!("{name}: {digest} is damaged or can't be read")));
            if faults.len() > FAULTS_SHOWN {
                told.push(format!("{name}: {} more that are damaged or can't be read", faults.len() - FAULTS_SHOWN));
            }
        }
        told
    }
}
