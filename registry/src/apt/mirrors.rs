use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use manifests::Digest;
use manifests::document::{Mirror, Packages};

use super::repository::{MakeError, Repository};
use crate::content::{MirrorError, MirrorTree, ServedMirror, Source};
use crate::site::PackagesKey;

/// How much of a bundle's digest stands in its URIs: enough that no two of a site are alike.
const ID_LENGTH: usize = 16;

/// The part of the URIs that is a bundle's own.
pub fn generation_id(bundle: &Digest) -> String {
    let hex = bundle.hex();
    hex.get(..ID_LENGTH).unwrap_or(&hex).to_owned()
}

/// The repositories of a server. Each is made once and kept as long as its bundle is served.
#[derive(Debug)]
pub struct Mirrors {
    state: PathBuf,
    key: Option<PackagesKey>,
    /// By `<generation>/<series>`.
    made: HashMap<String, Arc<Repository>>,
    /// Those that upstream signed.
    read: Vec<ServedMirror>,
}

impl Mirrors {
    /// None yet. The key is looked for in `state`, or made there, when the first packages come.
    pub fn new(state: PathBuf) -> Self {
        Self { state, key: None, made: HashMap::new(), read: Vec::new() }
    }

    /// The repository of a bundle's packages, with the place that it is served at.
    ///
    /// # Errors
    /// [`MakeError`] when it can't be made.
    pub fn repository(&mut self, set: &Packages, source: &Source) -> Result<(String, Arc<Repository>), MakeError> {
        let bundle = source.bundle();
        let place = format!("{}/{}", generation_id(&bundle.document_digest()), set.series);
        if let Some(repository) = self.made.get(&place) {
            return Ok((place, Arc::clone(repository)));
        }
        let key = match self.key.take() {
            Some(key) => key,
            None => PackagesKey::load_or_create(&self.state)?,
        };
        let repository = Repository::make(set, bundle, self.key.insert(key)).map(Arc::new)?;
        self.made.insert(place.clone(), Arc::clone(&repository));
        Ok((place, repository))
    }

    /// A mirror of a bundle, as upstream signed it.
    ///
    /// # Errors
    /// [`MirrorError`] when it can't be served.
    pub fn mirror(&mut self, mirror: &Mirror, source: &Source) -> Result<ServedMirror, MirrorError> {
        let bundle = source.bundle();
        let (generation, name) = (generation_id(&bundle.document_digest()), mirror.name.to_string());
        if let Some(known) = self.read.iter().find(|known| known.generation == generation && known.name == name) {
            return Ok(known.clone());
        }
        let tree = Arc::new(MirrorTree::read(mirror, bundle)?);
        let served = ServedMirror { generation, name, tree };
        self.read.push(served.clone());
        Ok(served)
    }

    /// Forgets those that nobody serves any more.
    pub(crate) fn keep_only(&mut self, served: impl Fn(&str) -> bool, mirrors: &[ServedMirror]) {
        self.made.retain(|place, _| served(place));
        self.read = mirrors.to_vec();
    }
}
