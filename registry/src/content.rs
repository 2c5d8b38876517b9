//! What is served: a picture of all generations together, made once and exchanged as a whole when they change.
//!
//! Later generations come first: where two have the same tag, chart or set of files, the later one's is served. By
//! digest everything of all generations is there.

mod blobs;
mod build;
mod charts;
mod files;
mod manifest;
mod source;
mod windows;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use manifests::Digest;

use crate::apt;

pub use build::build;
pub(crate) use build::with_causes;
pub use charts::{ChartFile, Charts};
pub use files::FileSet;
pub use manifest::Manifest;
pub use source::Source;

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
    /// What could not be served from the start, for people to read.
    pub problems: Vec<String>,
}

/// One repository.
#[derive(Debug, Default)]
pub struct Repository {
    /// The tags in order.
    pub tags: BTreeMap<String, Digest>,
    /// The manifests and indexes, those of an index among them.
    pub manifests: HashMap<Digest, Arc<Manifest>>,
    /// The blobs, each with the number of its source.
    pub blobs: HashMap<Digest, usize>,
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
    /// The source that holds a blob.
    pub fn locate(&self, digest: &Digest) -> Option<&Arc<Source>> {
        self.sources.iter().find(|source| source.bundle().document().blob(digest).is_some())
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
