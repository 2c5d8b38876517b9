//! The Helm OCI artifact of a chart: what `helm push` would make of its archive, but the same at any time.

use manifests::Digest;
use manifests::oci::{Descriptor, Manifest, media_type};

use super::metadata::Metadata;

/// A chart's artifact: the documents that are made here, and the layers that come from upstream.
#[derive(Debug, Clone)]
pub struct Artifact {
    /// The manifest.
    pub descriptor: Descriptor,
    /// Its bytes.
    pub manifest: Vec<u8>,
    /// The config, a layer of no file.
    pub config_descriptor: Descriptor,
    /// Its bytes: `Chart.yaml` as JSON.
    pub config: Vec<u8>,
}

impl Artifact {
    /// Describes a chart's archive and its provenance file.
    pub fn new(metadata: &Metadata, archive: (Digest, u64), provenance: Option<(Digest, u64)>) -> Self {
        let config = metadata.to_config();
        let config_descriptor = Descriptor::of(media_type::HELM_CONFIG, &config);
        let layer = |media_type, (digest, size)| Descriptor::new(media_type, digest, size);
        let mut layers = vec![layer(media_type::HELM_CHART, archive)];
        layers.extend(provenance.map(|content| layer(media_type::HELM_PROVENANCE, content)));
        // Helm's library for registries does so.
        layers.sort_by_key(|layer| layer.digest);
        let manifest = to_json(&Manifest {
            schema_version: 2,
            media_type: None,
            artifact_type: None,
            config: config_descriptor.clone(),
            layers,
            subject: None,
            annotations: metadata.oci_annotations(),
        });
        Self { descriptor: Descriptor::of(media_type::OCI_MANIFEST, &manifest), manifest, config_descriptor, config }
    }
}

/// Serialises a document whose keys are all texts, which can't fail.
pub(crate) fn to_json(document: &impl serde::Serialize) -> Vec<u8> {
    let json = serde_json::to_vec(document);
    debug_assert!(json.is_ok(), "a document of texts, numbers, lists and maps of texts can be written");
    json.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_names_the_archive_and_its_provenance_in_helm_s_order() {
        let metadata = Metadata::parse(b"apiVersion: v2\nname: demo\nversion: 1.0.0\n", None).unwrap();
        let (archive, provenance) = (Digest::of(b"an archive"), Digest::of(b"tgz"));
        assert!(provenance < archive);
        let artifact = Artifact::new(&metadata, (archive, 3), Some((provenance, 4)));
        let manifest: Manifest = serde_json::from_slice(&artifact.manifest).unwrap();
        let layers: Vec<_> = manifest.layers.iter().map(|l| (l.media_type.as_str(), l.digest)).collect();
        assert_eq!(layers, [(media_type::HELM_PROVENANCE, provenance), (media_type::HELM_CHART, archive)]);
        assert_eq!(manifest.config.digest, Digest::of(&artifact.config));
        assert_eq!(artifact.descriptor.digest, Digest::of(&artifact.manifest));
    }
}
