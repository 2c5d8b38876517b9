//! Mirrors: what upstream signed, and the source by which apt takes it from the site.

use std::collections::BTreeSet;
use std::fmt;

use manifests::bundle::{OpenError, VerifiedBundle};
use manifests::document::Mirror;
use registry::apt::generation_id;
use registry::content::LATEST;
use registry::store::{Generation, Store, StoreError};

use super::source::write_key;

/// A mirror of the latest bundle that has it.
#[derive(Debug)]
pub struct MirrorOffer {
    /// The generation.
    pub generation: Generation,
    /// Its bundle.
    pub bundle: VerifiedBundle,
    /// The mirror.
    pub mirror: Mirror,
}

/// Why there is no mirror to offer.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum MirrorOfferError {
    /// No bundle has it.
    #[error("no bundle of this site has a mirror `{name}`")]
    #[diagnostic(help("{}", help_with_names(known)))]
    NoMirror {
        /// The mirror that was asked for.
        name: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// Its key can't be read.
    #[error("can't read the key of the mirror `{name}`")]
    Key {
        /// The mirror.
        name: String,
        /// Why.
        #[source]
        source: Box<OpenError>,
    },
    /// The store can't be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Store(#[from] StoreError),
}

fn help_with_names(known: &[String]) -> String {
    if known.is_empty() {
        "none has any: a stack names them under `mirrors`".to_owned()
    } else {
        format!("there are {}", known.join(", "))
    }
}

/// The mirrors that bundles of a site have, in order.
///
/// # Errors
/// [`MirrorOfferError`] when the store can't be read.
pub fn known_mirrors(store: &Store) -> Result<Vec<String>, MirrorOfferError> {
    let mut known = BTreeSet::new();
    for generation in store.list()? {
        let bundle = generation.open()?;
        known.extend(bundle.document().items.iter().filter_map(|item| Some(item.as_mirror()?.name.to_string())));
    }
    Ok(known.into_iter().collect())
}

impl MirrorOffer {
    /// The latest of a name.
    ///
    /// # Errors
    /// [`MirrorOfferError`] when no bundle has it, or the store can't be read.
    pub fn latest(store: &Store, name: &str) -> Result<Self, MirrorOfferError> {
        for generation in store.list()?.into_iter().rev() {
            let bundle = generation.open()?;
            let mut mirrors = bundle.document().items.iter().filter_map(|item| item.as_mirror());
            if let Some(mirror) = mirrors.find(|mirror| mirror.name.as_str() == name).cloned() {
                return Ok(Self { generation, bundle, mirror });
            }
        }
        Err(MirrorOfferError::NoMirror { name: name.to_owned(), known: known_mirrors(store)? })
    }

    /// Where it is on the site's server, behind its address: of this bundle, or of whichever is the latest.
    pub fn path(&self, standing: bool) -> String {
        let own = generation_id(&self.bundle.document_digest());
        format!("/mirrors/{}/{}", if standing { LATEST } else { &own }, self.mirror.name)
    }

    /// What apt reads to find it at an address.
    ///
    /// # Errors
    /// [`MirrorOfferError::Key`] when upstream's key can't be read out of the bundle.
    pub fn source(&self, uri: String) -> Result<MirrorSource, MirrorOfferError> {
        let key = &self.mirror.key;
        let bytes = self.bundle.read_to_vec(&key.digest, key.size);
        let failed = |error| MirrorOfferError::Key { name: self.mirror.name.to_string(), source: Box::new(error) };
        let bytes = bytes.map_err(failed)?;
        let key = String::from_utf8_lossy(&bytes).into_owned();
        Ok(MirrorSource { uri, mirror: self.mirror.clone(), key })
    }
}

/// What apt reads to find a mirror: a source in the deb822 format, with upstream's key in it.
#[derive(Debug, Clone)]
pub struct MirrorSource {
    uri: String,
    mirror: Mirror,
    key: String,
}

/// apt gives a whole repository up when it can't get a single file that its `Release` lists, and asks for more than what is
/// carried: other architectures that a node has enabled, other languages, what tools for searching have added. The source says
/// that it need not. `Check-Valid-Until` is off because what was carried is as old as it is: that it is the right one, the
/// bundle's signature says.
impl fmt::Display for MirrorSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { uri, mirror, key } = self;
        let suites: Vec<&str> = mirror.suites.iter().map(|suite| suite.suite.as_str()).collect();
        writeln!(f, "Types: deb\nURIs: {uri}\nSuites: {}", suites.join(" "))?;
        if !mirror.components.is_empty() {
            writeln!(f, "Components: {}", mirror.components.join(" "))?;
        }
        if !mirror.absent.is_empty() {
            let absent: Vec<&str> = mirror.absent.iter().map(AsRef::as_ref).collect();
            writeln!(f, "Architectures-Remove: {}", absent.join(" "))?;
        }
        writeln!(f, "Languages: {}", if mirror.translations { "en" } else { "none" })?;
        writeln!(f, "Targets: Packages Translations\nPDiffs: no\nCheck-Date: no\nCheck-Valid-Until: no")?;
        write_key(f, key)
    }
}
