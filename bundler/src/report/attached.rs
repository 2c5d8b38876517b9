//! What stood beside an image or a chart upstream, told apart by what its registry says of it.

use manifests::oci::{Descriptor, annotation};

use super::model::{Attached, AttachedKind};
use super::text::Text;

/// Cosign's mark of what a bundle of sigstore says.
const PREDICATE: &str = "dev.sigstore.bundle.predicateType";
/// What cosign says where the statement is the signature of an image.
const SIGNED: &str = "https://sigstore.dev/cosign/sign/v1";
/// BuildKit's mark of an entry of an index that is about another.
pub(super) const REFERENCE_TYPE: &str = "vnd.docker.reference.type";

/// All that stood beside an item.
pub(super) fn attached(descriptors: &[Descriptor]) -> Vec<Attached> {
    descriptors.iter().map(of).collect()
}

/// What an index itself has about its images.
pub(super) fn within(entry: &Descriptor) -> Option<Attached> {
    let what = entry.annotations.get(REFERENCE_TYPE)?;
    Some(Attached { kind: AttachedKind::Attestation, is: Text::of(what), digest: entry.digest })
}

fn of(descriptor: &Descriptor) -> Attached {
    let tag = descriptor.annotations.get(annotation::REF_NAME).map(String::as_str);
    let predicate = descriptor.annotations.get(PREDICATE).map(String::as_str);
    let artifact = descriptor.artifact_type.as_deref();
    let kind = match tag.and_then(|tag| tag.rsplit('.').next()) {
        Some("sig") => AttachedKind::Signature,
        Some("att") => AttachedKind::Attestation,
        Some("sbom") => AttachedKind::Sbom,
        _ => by_type(artifact.unwrap_or_default(), predicate),
    };
    let is = predicate.or(artifact).or(tag).unwrap_or(&descriptor.media_type);
    Attached { kind, is: Text::of(is), digest: descriptor.digest }
}

fn by_type(artifact: &str, predicate: Option<&str>) -> AttachedKind {
    let says = |words: &[&str], text: &str| words.iter().any(|word| text.contains(word));
    match predicate {
        Some(SIGNED) => AttachedKind::Signature,
        Some(predicate) if says(&["spdx", "cyclonedx"], predicate) => AttachedKind::Sbom,
        Some(_) => AttachedKind::Attestation,
        None if says(&["spdx", "cyclonedx", "sbom"], artifact) => AttachedKind::Sbom,
        None if says(&["notary.signature", "cosign", "sigstore.bundle"], artifact) => AttachedKind::Signature,
        None if says(&["in-toto", "attestation", "provenance"], artifact) => AttachedKind::Attestation,
        None => AttachedKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use manifests::Digest;
    use manifests::oci::media_type;

    #[test]
    fn what_registries_say_is_told_apart() {
        for (key, value, artifact, kind) in [
            (annotation::REF_NAME, "sha256-00.sig", None, AttachedKind::Signature),
            (annotation::REF_NAME, "sha256-00.att", None, AttachedKind::Attestation),
            (annotation::REF_NAME, "sha256-00.sbom", None, AttachedKind::Sbom),
            (PREDICATE, SIGNED, Some("application/vnd.dev.sigstore.bundle.v0.3+json"), AttachedKind::Signature),
            (PREDICATE, "https://spdx.dev/Document", None, AttachedKind::Sbom),
            (PREDICATE, "https://slsa.dev/provenance/v1", None, AttachedKind::Attestation),
            ("x", "y", Some("application/vnd.cncf.notary.signature"), AttachedKind::Signature),
            ("x", "y", Some("application/spdx+json"), AttachedKind::Sbom),
            ("x", "y", Some("application/x"), AttachedKind::Other),
        ] {
            let mut descriptor = Descriptor::new(media_type::OCI_MANIFEST, Digest::of(b""), 0);
            descriptor.annotations.insert(key.to_owned(), value.to_owned());
            descriptor.artifact_type = artifact.map(str::to_owned);
            assert_eq!(of(&descriptor).kind, kind, "{key} {value} {artifact:?}");
        }
    }
}
