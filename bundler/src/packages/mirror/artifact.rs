//! The artifact of a mirror: an OCI index of manifests, each with a part of the files as its layers.
//!
//! Registries take manifests of 4 MiB, and one of a whole archive has five times as much: so it is cut.

use std::collections::BTreeMap;

use bytes::Bytes;
use manifests::debian::Architecture;
use manifests::document::{Content, Encoding, Mirror, MirroredSuite};
use manifests::oci::{Descriptor, Index, Manifest, media_type};
use manifests::reference::ReferenceError;
use manifests::{BundleName, Digest, ImageReference, Repository};

use super::tree::{File, Tree};
use crate::charts::artifact::to_json;
use crate::content::{Found, Origin, Resolved, WantedBlob};
use crate::packages::artifact::{LAYER, Layers};

/// Layers of a manifest: with paths of 250 bytes it has 2 MiB.
const PART: usize = 4000;
/// What the paths of a manifest's layers may have together, in bytes: beyond, it is cut earlier.
const PART_PATHS: usize = 1 << 20;

/// What the item says of a mirror.
pub(super) struct Facts {
    pub(super) name: BundleName,
    pub(super) source: String,
    pub(super) suites: Vec<MirroredSuite>,
    pub(super) components: Vec<String>,
    pub(super) architectures: Vec<Architecture>,
    pub(super) absent: Vec<Architecture>,
    pub(super) translations: bool,
    /// Armoured.
    pub(super) key: String,
}

pub(super) fn build(
    facts: Facts,
    tree: Tree,
    version: &semver::Version,
    found: Found,
) -> Result<Resolved, ReferenceError> {
    let Facts { name, source, suites, components, architectures, absent, translations, key } = facts;
    let (packages, size) = (tree.packages, tree.size);
    let mut parts = Parts::default();
    let content = (Digest::of(key.as_bytes()), key.len() as u64);
    parts.layers.add(media_type::PGP_KEYS, Mirror::KEY, content, Origin::Bytes(key.into()));
    tree.files.into_iter().for_each(|(path, file)| parts.add(&path, file));
    let (manifests, mut blobs) = parts.finish();
    let media_type = Some(media_type::OCI_INDEX.to_owned());
    let index = to_json(&Index { schema_version: 2, media_type, manifests, annotations: BTreeMap::new() });
    let descriptor = Descriptor::of(media_type::OCI_INDEX, &index);
    blobs.push(WantedBlob::here(media_type::OCI_INDEX, index.into()));
    let reference = Repository::new("bundle.local", &format!("mirrors/{name}"))
        // `+` can't stand in a tag; files have the same rule.
        .and_then(|repository| ImageReference::with_tag(repository, &version.to_string().replace('+', "_")))?;
    let key = Content { digest: content.0, size: content.1 };
    let item = Mirror {
        name,
        reference,
        descriptor,
        source,
        suites,
        components,
        architectures,
        absent,
        translations,
        key,
        packages,
        size,
    };
    Ok(Resolved { item: item.into(), blobs, found })
}

/// Cuts layers into manifests.
#[derive(Default)]
struct Parts {
    layers: Layers,
    /// The bytes of the paths of these layers.
    paths: usize,
    manifests: Vec<Descriptor>,
    blobs: Vec<WantedBlob>,
}

impl Parts {
    fn add(&mut self, path: &str, file: File) {
        if self.layers.layers.len() >= PART || self.paths + path.len() > PART_PATHS {
            self.cut();
        }
        let is_deb = Encoding::for_name(path) == Encoding::Raw && path.ends_with(".deb");
        let media_type = if is_deb { media_type::DEB } else { LAYER };
        let content = (file.digest, file.size);
        self.paths += path.len();
        self.layers.add(media_type, path, content, file.origin());
    }

    fn cut(&mut self) {
        let Layers { layers, blobs, .. } = std::mem::take(&mut self.layers);
        self.paths = 0;
        self.blobs.extend(blobs);
        let config = Bytes::from_static(b"{}");
        let manifest = to_json(&Manifest {
            schema_version: 2,
            media_type: Some(media_type::OCI_MANIFEST.to_owned()),
            artifact_type: Some(media_type::MIRROR.to_owned()),
            config: Descriptor::of(media_type::OCI_EMPTY, &config),
            layers,
            subject: None,
            annotations: BTreeMap::new(),
        });
        let mut descriptor = Descriptor::of(media_type::OCI_MANIFEST, &manifest);
        descriptor.artifact_type = Some(media_type::MIRROR.to_owned());
        self.manifests.push(descriptor);
        self.blobs.push(WantedBlob::here(media_type::OCI_EMPTY, config));
        self.blobs.push(WantedBlob::here(media_type::OCI_MANIFEST, manifest.into()));
    }

    fn finish(mut self) -> (Vec<Descriptor>, Vec<WantedBlob>) {
        self.cut();
        (self.manifests, self.blobs)
    }
}
