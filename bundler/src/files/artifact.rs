//! The artifact of a component's files: an OCI manifest with the empty config and one layer for each file.
//!
//! Source: <https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md#guidelines-for-artifact-usage>.

use std::collections::BTreeMap;

use bytes::Bytes;
use manifests::document::{Encoding, Files};
use manifests::oci::{Descriptor, Manifest, annotation, media_type};
use manifests::{ImageReference, Repository};

use super::{FileProblem, FoundFile};
use crate::charts::artifact::to_json;
use crate::content::{Found, Resolved, WantedBlob};

const LAYER: &str = "application/octet-stream";

pub(super) fn build(
    component: &str,
    version: &semver::Version,
    mut found: Vec<FoundFile>,
) -> Result<Resolved, FileProblem> {
    found.sort_by(|a, b| a.file.path.cmp(&b.file.path));
    let config = Bytes::from_static(b"{}");
    let mut blobs = vec![WantedBlob::here(media_type::OCI_EMPTY, config.clone())];
    let mut layers = Vec::new();
    for FoundFile { file, origin } in &found {
        let mut layer = Descriptor::new(LAYER, file.digest, file.size);
        layer.annotations.insert(annotation::TITLE.to_owned(), file.path.clone());
        layers.push(layer);
        // Two files of one content have to be stored one way.
        let same = blobs.iter().find(|blob| blob.digest == file.digest).map(|blob| blob.encoding);
        let encoding = same.unwrap_or_else(|| Encoding::for_name(&file.path));
        blobs.push(WantedBlob { digest: file.digest, size: file.size, encoding, origin: origin.clone() });
    }
    let manifest = to_json(&Manifest {
        schema_version: 2,
        media_type: Some(media_type::OCI_MANIFEST.to_owned()),
        artifact_type: Some(media_type::FILES.to_owned()),
        config: Descriptor::of(media_type::OCI_EMPTY, &config),
        layers,
        subject: None,
        annotations: BTreeMap::new(),
    });
    let mut descriptor = Descriptor::of(media_type::OCI_MANIFEST, &manifest);
    descriptor.artifact_type = Some(media_type::FILES.to_owned());
    blobs.push(WantedBlob::here(media_type::OCI_MANIFEST, Bytes::from(manifest)));
    let repository = Repository::new("bundle.local", &format!("files/{component}"));
    // `+` can't stand in a tag; charts have the same rule.
    let tag = version.to_string().replace('+', "_");
    let reference = repository.and_then(|repository| ImageReference::with_tag(repository, &tag));
    let item = Files {
        name: component.to_string(),
        reference: reference.map_err(FileProblem::Reference)?,
        descriptor,
        files: found.into_iter().map(|found| found.file).collect(),
    };
    Ok(Resolved { item: item.into(), blobs, found: Found::Plainly })
}
