//! The images that a bundle vouches for: those that it carries under their names, and those in the archives that its
//! distribution starts with.

use std::collections::BTreeSet;
use std::fmt;

use manifests::bundle::{OpenError, VerifiedBundle};
use manifests::document::{Image, Item};
use manifests::oci::{Descriptor, Index, Manifest};
use manifests::{Digest, ImageReference};
use miette::Diagnostic;
use serde::{Deserialize, Serialize};

use super::archive;
use crate::distribution::Distribution;

/// More than any index or manifest has, in bytes.
const MANIFEST_SIZE: u64 = 8 << 20;

/// The architectures that distributions have releases for, as Debian names them.
const ARCHITECTURES: [&str; 2] = ["amd64", "arm64"];

/// The images that a bundle vouches for.
#[derive(Debug, Clone, Default)]
pub struct CarriedImages {
    /// Their names.
    names: BTreeSet<String>,
    /// The names of those in archives: what an archive becomes on a node has no digest that anybody names before.
    archived: BTreeSet<String>,
    /// The digests of their indexes, manifests and configurations: a node says one of these.
    contents: BTreeSet<Digest>,
    /// The registries of the site's own.
    own: BTreeSet<String>,
}

/// What is thought of an image that a cluster holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The bundle carries it: this very content.
    Carried,
    /// An archive that the distribution starts with holds an image of this name.
    Archived,
    /// It is named but has not run yet; the bundle carries the name.
    Named,
    /// It comes from a registry of the site's own.
    Own,
    /// The bundle carries the name, but this is other content.
    Other,
    /// The bundle knows nothing of it.
    Unknown,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Carried => "carried",
            Self::Archived => "of the release",
            Self::Named => "carried, not run yet",
            Self::Own => "the site's own",
            Self::Other => "OTHER CONTENT",
            Self::Unknown => "NOT CARRIED",
        })
    }
}

impl Verdict {
    /// Whether it is as it should be.
    pub fn is_fine(self) -> bool {
        !matches!(self, Self::Other | Self::Unknown)
    }
}

/// Why it can't be told which images a bundle carries.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum CarriedError {
    /// The bundle can't be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Bundle(#[from] OpenError),
    /// A manifest of it can't be understood.
    #[error("the manifest {digest} of {image} can't be read")]
    Manifest {
        /// The image.
        image: String,
        /// The manifest.
        digest: Digest,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// An archive of images can't be understood.
    #[error("the archive of images {path} can't be read")]
    Archive {
        /// Its path in the bundle.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl CarriedImages {
    /// Reads what `bundle` carries for clusters of `distribution`; `own` are the hosts of the site's own registries.
    ///
    /// # Errors
    /// [`CarriedError`].
    pub fn read(
        bundle: &VerifiedBundle,
        distribution: &dyn Distribution,
        own: impl IntoIterator<Item = String>,
    ) -> Result<Self, CarriedError> {
        let mut images = Self { own: own.into_iter().collect(), ..Self::default() };
        let document = bundle.document();
        for image in document.items.iter().filter_map(Item::as_image) {
            images.add(bundle, image)?;
        }
        let files = document.platform().and_then(|platform| document.file_set(&platform.distribution.files));
        let layouts = ARCHITECTURES.iter().filter_map(|architecture| distribution.layout(architecture));
        for carried in layouts.flat_map(|layout| files.map(|set| layout.archives(set)).unwrap_or_default()) {
            let read = archive::images(&carried.path, bundle.read(&carried.digest)?);
            let read = read.map_err(|source| CarriedError::Archive { path: carried.path.clone(), source })?;
            for image in read {
                // What is no reference can't be asked for.
                images.archived.extend(image.name.parse().ok().map(|name: ImageReference| name.to_string()));
                images.contents.extend(image.content);
            }
        }
        Ok(images)
    }

    fn add(&mut self, bundle: &VerifiedBundle, image: &Image) -> Result<(), CarriedError> {
        self.names.insert(image.reference.to_string());
        self.contents.insert(image.descriptor.digest);
        let mut manifests = vec![image.descriptor.clone()];
        if image.descriptor.is_index() {
            let index: Index = read(bundle, image, &image.descriptor)?;
            // An index names platforms that are not carried, too.
            let carried = |descriptor: &Descriptor| bundle.document().blob(&descriptor.digest).is_some();
            manifests = index.manifests.into_iter().filter(carried).collect();
        }
        for descriptor in manifests.iter().filter(|descriptor| descriptor.is_manifest()) {
            let manifest: Manifest = read(bundle, image, descriptor)?;
            self.contents.extend([descriptor.digest, manifest.config.digest]);
        }
        Ok(())
    }

    /// What is thought of an image by its name and, once it runs, its content.
    pub fn judge(&self, name: &str, content: Option<Digest>) -> Verdict {
        let reference = name.parse::<ImageReference>().ok();
        let said = content.or_else(|| reference.as_ref().and_then(ImageReference::digest));
        if said.is_some_and(|content| self.contents.contains(&content)) {
            return Verdict::Carried;
        }
        let Some(reference) = reference else { return Verdict::Unknown };
        let name = reference.to_string();
        match content {
            _ if self.archived.contains(&name) => Verdict::Archived,
            _ if self.own.contains(reference.repository().registry()) => Verdict::Own,
            None if self.names.contains(&name) => Verdict::Named,
            Some(_) if self.names.contains(&name) => Verdict::Other,
            _ => Verdict::Unknown,
        }
    }
}

fn read<T: serde::de::DeserializeOwned>(
    bundle: &VerifiedBundle,
    image: &Image,
    descriptor: &Descriptor,
) -> Result<T, CarriedError> {
    let digest = descriptor.digest;
    let bytes = bundle.read_to_vec(&digest, MANIFEST_SIZE)?;
    let image = || image.reference.to_string();
    serde_json::from_slice(&bytes).map_err(|source| CarriedError::Manifest { image: image(), digest, source })
}

#[cfg(test)]
impl CarriedImages {
    /// As if a bundle had these.
    pub(super) fn of(names: &[(&str, Digest)], archived: &[&str], own: &[&str]) -> Self {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Self {
            names: names.iter().map(|(name, _)| (*name).to_owned()).collect(),
            contents: names.iter().map(|(_, digest)| *digest).collect(),
            archived: owned(archived),
            own: owned(own),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides_where_it_is_known_and_names_where_it_is_not() {
        let (ours, other) = (Digest::of(b"ours"), Digest::of(b"other"));
        let images = CarriedImages::of(
            &[("docker.io/library/tool:1.0", ours)],
            &["docker.io/rancher/pause:3.6"],
            &["registry.plant.internal"],
        );
        for (name, content, verdict) in [
            ("tool:1.0", Some(ours), Verdict::Carried),
            ("docker.io/library/tool:1.0", None, Verdict::Named),
            ("tool:1.0", Some(other), Verdict::Other),
            ("renamed.example.com/tool:1.0", Some(ours), Verdict::Carried),
            (&format!("docker.io/library/tool@{ours}"), None, Verdict::Carried),
            (&format!("docker.io/library/tool@{other}"), None, Verdict::Unknown),
            ("rancher/pause:3.6", Some(other), Verdict::Archived),
            ("tool:1.1", None, Verdict::Unknown),
            ("registry.plant.internal/app:7", Some(other), Verdict::Own),
            ("NOT A NAME", Some(other), Verdict::Unknown),
        ] {
            assert_eq!(images.judge(name, content), verdict, "{name} {content:?}");
        }
    }
}
