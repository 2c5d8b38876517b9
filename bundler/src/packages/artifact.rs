//! The artifact of a system's packages: an OCI manifest with the empty config and one layer for each file of the
//! repository, titled with its path.
//!
//! Source: <https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md#guidelines-for-artifact-usage>.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use manifests::debian::{Architecture, PackageName, Series, Version};
use manifests::document::{Encoding, Packages, PackagesIndex, WantedPackage};
use manifests::oci::{Descriptor, Manifest, annotation, media_type};
use manifests::reference::ReferenceError;
use manifests::{Digest, ImageReference, Repository};

use super::pool::Placed;
use super::repository::Pocket;
use crate::charts::artifact::to_json;
use crate::content::{Found, FoundPackages, Origin, Resolved, WantedBlob};

pub(super) const LAYER: &str = "application/octet-stream";

/// Everything that is carried for a system.
pub(super) struct Content<'a> {
    pub(super) series: Series,
    /// The architectures of nodes.
    pub(super) architectures: Vec<Architecture>,
    pub(super) wanted: Vec<WantedPackage>,
    pub(super) placed: Vec<Placed>,
    /// The index of each architecture of nodes and each foreign one.
    pub(super) indexes: Vec<(Architecture, Bytes)>,
    pub(super) pockets: &'a [Pocket],
    /// Names and texts of the profiles.
    pub(super) profiles: Vec<(String, Bytes)>,
    pub(super) unproved: Option<String>,
    /// What each profile that is a file has, and what each request stood for.
    pub(super) base: Vec<Option<Digest>>,
    pub(super) requests: Vec<(PackageName, Version)>,
}

/// Gathers layers and the blobs below them.
#[derive(Default)]
pub(super) struct Layers {
    pub(super) layers: Vec<Descriptor>,
    pub(super) blobs: Vec<WantedBlob>,
    /// One content is stored one way, whatever it is called.
    encodings: HashMap<Digest, Encoding>,
}

impl Layers {
    pub(super) fn add(&mut self, media_type: &str, title: &str, (digest, size): (Digest, u64), origin: Origin) {
        let mut layer = Descriptor::new(media_type, digest, size);
        layer.annotations.insert(annotation::TITLE.to_owned(), title.to_owned());
        self.layers.push(layer);
        let encoding = *self.encodings.entry(digest).or_insert_with(|| Encoding::for_name(title));
        self.blobs.push(WantedBlob { digest, size, encoding, origin });
    }

    pub(super) fn add_bytes(&mut self, title: &str, bytes: Bytes) -> (Digest, u64) {
        let content = (Digest::of(&bytes), bytes.len() as u64);
        self.add(LAYER, title, content, Origin::Bytes(bytes));
        content
    }
}

/// Makes the item, and names its blobs.
pub(super) fn build(content: Content<'_>, version: &semver::Version) -> Result<Resolved, ReferenceError> {
    let Content { series, architectures, wanted, mut placed, indexes, pockets, profiles, unproved, base, requests } =
        content;
    let found = FoundPackages {
        base,
        suites: pockets.iter().map(|pocket| (pocket.request.number, pocket.lock())).collect(),
        wanted: requests,
        from: placed.iter().map(|placed| placed.from.clone()).collect(),
    };
    let mut layers = Layers::default();
    for Placed { package, url, .. } in &placed {
        let origin = Origin::Url { url: url.clone() };
        layers.add(media_type::DEB, &package.path, (package.digest, package.size), origin);
    }
    let mut listed = Vec::new();
    for (architecture, text) in indexes {
        let path = Packages::index_path(&series, &architecture);
        let (digest, size) = layers.add_bytes(&path, text);
        listed.push(PackagesIndex { architecture, digest, size });
    }
    pockets.iter().for_each(|pocket| add_provenance(&mut layers, pocket));
    let names = profiles.iter().map(|(name, _)| name.clone()).collect();
    for (name, text) in profiles {
        layers.add_bytes(&format!("profiles/{name}"), text);
    }
    let config = Bytes::from_static(b"{}");
    let manifest = to_json(&Manifest {
        schema_version: 2,
        media_type: Some(media_type::OCI_MANIFEST.to_owned()),
        artifact_type: Some(media_type::PACKAGES.to_owned()),
        config: Descriptor::of(media_type::OCI_EMPTY, &config),
        layers: layers.layers,
        subject: None,
        annotations: BTreeMap::new(),
    });
    let mut descriptor = Descriptor::of(media_type::OCI_MANIFEST, &manifest);
    descriptor.artifact_type = Some(media_type::PACKAGES.to_owned());
    let mut blobs = layers.blobs;
    blobs.push(WantedBlob::here(media_type::OCI_EMPTY, config));
    blobs.push(WantedBlob::here(media_type::OCI_MANIFEST, Bytes::from(manifest)));
    let repository = Repository::new("bundle.local", &format!("packages/{series}"))?;
    // `+` can't stand in a tag; files have the same rule.
    let reference = ImageReference::with_tag(repository, &version.to_string().replace('+', "_"))?;
    let packages = placed.drain(..).map(|placed| placed.package).collect();
    let item = Packages {
        series,
        reference,
        descriptor,
        architectures,
        wanted,
        packages,
        indexes: listed,
        profiles: names,
        unproved,
    };
    Ok(Resolved { item: item.into(), blobs, found: Found::Packages(Box::new(found)) })
}

/// What upstream signed, as it was fetched.
fn add_provenance(layers: &mut Layers, pocket: &Pocket) {
    let suite: Vec<&str> = pocket.request.suite.parts().collect();
    let number = pocket.request.number.to_string();
    let folder = ["provenance", &number].into_iter().chain(suite).collect::<Vec<_>>().join("/");
    for (name, bytes) in pocket.signed.files() {
        layers.add_bytes(&format!("{folder}/{name}"), bytes);
    }
    for index in &pocket.indexes {
        layers.add_bytes(&format!("{folder}/{}", index.path), index.content.clone());
    }
}
