//! SBOMs that upstream made of an image and that are carried beside it.
//!
//! They come as BuildKit puts them into an index, as cosign attaches them, and as referrers. Who signed them is not looked at
//! here.

mod budget;
mod document;

use manifests::Digest;
use manifests::bundle::VerifiedBundle;
use manifests::oci::{Descriptor, Manifest, annotation};

pub(super) use self::budget::Budget;
use self::document::{Document, Reading};
use super::images::Planned;
use super::inventory::{Format, Source, Unread};
use super::read::field;
use super::tree::merge;

/// The largest manifest that is read, in bytes.
const MAX_MANIFEST: u64 = 4 << 20;
/// The most SBOMs beside one image that are looked at.
const MAX_DOCUMENTS: usize = 20;
/// What statements of in-toto say that they hold.
const PREDICATES: [&str; 2] = ["https://spdx.dev/Document", "https://cyclonedx.org/bom"];
/// Layers that are SBOMs themselves.
const SBOMS: [&str; 4] =
    ["application/spdx+json", "text/spdx+json", "application/vnd.cyclonedx+json", "application/vnd.cyclonedx"];
const STATEMENT: &str = "application/vnd.in-toto+json";
const ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";
const SIGSTORE: &str = "application/vnd.dev.sigstore.bundle";

/// Takes what upstream says is in an image, if it says so. Whether anything was taken.
pub(super) fn take(
    bundle: &VerifiedBundle,
    planned: &mut Planned,
    attached: &[Descriptor],
    budget: &mut Budget,
) -> bool {
    for (manifest, layer) in documents(bundle, planned, attached) {
        match read(bundle, &layer, planned, budget) {
            Ok(None) => {}
            Ok(Some(Reading { format, packages, distribution })) => {
                let document = layer.digest;
                planned.contents.source = Source::Attested { manifest, document, format };
                planned.contents.packages = merge(packages);
                planned.contents.distribution = distribution;
                return true;
            }
            Err(problem) => {
                planned.contents.unread.push(Unread::Attested { document: layer.digest, problem: field(&problem) });
            }
        }
    }
    false
}

/// Layers that may be SBOMs of this image, with the manifests that hold them: those in its index come first.
fn documents(bundle: &VerifiedBundle, planned: &Planned, attached: &[Descriptor]) -> Vec<(Digest, Descriptor)> {
    let of = [planned.contents.manifest, planned.contents.digest];
    let tagged = |descriptor: &&Descriptor| {
        let tag = descriptor.annotations.get(annotation::REF_NAME);
        tag.is_some_and(|tag| of.iter().any(|of| tag.starts_with(&format!("sha256-{}.", of.hex()))))
    };
    let (tagged, others): (Vec<_>, Vec<_>) = attached.iter().partition(tagged);
    let mut found = Vec::new();
    let named = planned.about.iter().copied().chain(tagged.iter().map(|descriptor| descriptor.digest));
    let all = named.map(|digest| (digest, true)).chain(others.iter().map(|descriptor| (descriptor.digest, false)));
    for (digest, is_named) in all {
        let Some(manifest) = manifest(bundle, &digest) else { continue };
        let is_about = |subject: &Descriptor| of.contains(&subject.digest);
        if is_named || manifest.subject.as_ref().is_some_and(is_about) {
            let layers = manifest.layers.into_iter().filter(may_be_sbom);
            found.extend(layers.map(|layer| (digest, layer)));
        }
    }
    found.truncate(MAX_DOCUMENTS);
    found
}

fn manifest(bundle: &VerifiedBundle, digest: &Digest) -> Option<Manifest> {
    serde_json::from_slice(&bundle.read_to_vec(digest, MAX_MANIFEST).ok()?).ok()
}

/// Whether a layer may hold an SBOM: its type says so, or that of what it wraps, where that is said.
fn may_be_sbom(layer: &Descriptor) -> bool {
    let kind = layer.media_type.split(';').next().unwrap_or_default();
    let predicate = ["in-toto.io/predicate-type", "predicateType"].iter().find_map(|key| layer.annotations.get(*key));
    let wraps = kind == STATEMENT || kind == ENVELOPE || kind.starts_with(SIGSTORE);
    SBOMS.contains(&kind) || wraps && predicate.is_none_or(|predicate| is_sbom(predicate))
}

fn is_sbom(predicate: &str) -> bool {
    PREDICATES.iter().any(|known| predicate.starts_with(known))
}

/// Reads a document; none for one that is something else, such as the story of a build.
fn read(
    bundle: &VerifiedBundle,
    layer: &Descriptor,
    planned: &Planned,
    budget: &mut Budget,
) -> Result<Option<Reading>, String> {
    let blob = bundle.read(&layer.digest).map_err(|error| error.to_string())?;
    // Its true size: what a descriptor says of it need not be so.
    let size = bundle.document().blob(&layer.digest).map_or(layer.size, |blob| blob.size);
    budget.read(size)?;
    let Some(document) = Document::read(blob, size)? else { return Ok(None) };
    if let Some(about) = &document.about
        && !about.contains(&planned.contents.manifest.hex())
        && !about.contains(&planned.contents.digest.hex())
    {
        return Err("it is about another image".to_owned());
    }
    let reading = document.sbom.read();
    if reading.packages.is_empty() {
        return Err("it names no packages".to_owned());
    }
    budget.keep(reading.packages.len())?;
    Ok(Some(reading))
}

/// Which format a document is of.
fn format(spdx: bool) -> Format {
    if spdx { Format::Spdx } else { Format::CycloneDx }
}
