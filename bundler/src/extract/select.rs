//! Which blobs belong to what, and under which names.

use std::collections::BTreeSet;

use manifests::bundle::VerifiedBundle;
use manifests::document::{Chart, Files, Image, Item};
use manifests::oci::{Descriptor, Index, Manifest, annotation, media_type};
use manifests::{Digest, ImageReference};

use super::{ExtractError, Extraction};

/// The largest manifest or index that is read, in bytes: the bound that registries have.
const MAX_MANIFEST: u64 = 4 << 20;
/// The marker file of an image layout.
const LAYOUT: &str = r#"{"imageLayoutVersion":"1.0.0"}"#;

pub(super) fn everything(bundle: &VerifiedBundle) -> Result<Extraction<'_>, ExtractError> {
    let digests = bundle.document().blobs.iter().map(|blob| blob.digest).collect();
    Ok(layout(bundle, bundle.layout_index()?, digests))
}

pub(super) fn item<'a>(bundle: &'a VerifiedBundle, name: &str) -> Result<Extraction<'a>, ExtractError> {
    let item = find(&bundle.document().items, name)?;
    if let Some(image) = item.as_image() {
        return one_image(bundle, image);
    }
    if let Some(chart) = item.as_chart() {
        return Ok(one_chart(bundle, chart));
    }
    match item.as_files() {
        Some(files) => Ok(one_set(bundle, files)),
        None => Err(ExtractError::UnknownKind(name.to_owned())),
    }
}

fn find<'a>(items: &'a [Item], name: &str) -> Result<&'a Item, ExtractError> {
    let whole = name.parse::<ImageReference>().map(|reference| reference.to_string()).ok();
    let exact = |item: &&Item| item.reference().is_some_and(|r| r == name || whole.as_ref() == Some(&r));
    if let Some(found) = items.iter().find(exact) {
        return Ok(found);
    }
    let by_name = |item: &&Item| {
        let chart = item.as_chart().is_some_and(|c| c.name == name || format!("{}:{}", c.name, c.version) == name);
        chart || item.as_files().is_some_and(|files| files.name == name)
    };
    let found: Vec<&Item> = items.iter().filter(by_name).collect();
    let names = |items: &[&Item]| items.iter().filter_map(|item| item.reference()).take(5).collect::<Vec<_>>();
    match found.as_slice() {
        [only] => Ok(only),
        [] => {
            let last = name.rsplit('/').next().and_then(|last| last.split([':', '@']).next()).unwrap_or(name);
            let like = |item: &&Item| !last.is_empty() && item.reference().is_some_and(|r| r.contains(last));
            let near: Vec<&Item> = items.iter().filter(like).collect();
            Err(ExtractError::NoItem { name: name.to_owned(), near: names(&near) })
        }
        several => Err(ExtractError::Several { name: name.to_owned(), names: names(several) }),
    }
}

fn one_image<'a>(bundle: &'a VerifiedBundle, image: &Image) -> Result<Extraction<'a>, ExtractError> {
    let mut root = image.descriptor.clone();
    root.annotations.insert(annotation::REF_NAME.to_owned(), image.reference.to_string());
    let manifests: Vec<Descriptor> = std::iter::once(root).chain(image.attached.iter().cloned()).collect();
    let digests = reachable(bundle, &manifests)?;
    let media_type = Some(media_type::OCI_INDEX.to_owned());
    let index = Index { schema_version: 2, media_type, manifests, annotations: Default::default() };
    let index =
        serde_json::to_vec_pretty(&index).map_err(|error| ExtractError::Manifest(image.descriptor.digest, error))?;
    Ok(layout(bundle, index, digests))
}

/// All that manifests and indexes lead to, as far as the bundle carries it: of an index, other platforms may be absent.
fn reachable(bundle: &VerifiedBundle, roots: &[Descriptor]) -> Result<BTreeSet<Digest>, ExtractError> {
    let mut found = BTreeSet::new();
    let mut open = roots.to_vec();
    while let Some(descriptor) = open.pop() {
        let digest = descriptor.digest;
        if bundle.document().blob(&digest).is_none() || !found.insert(digest) {
            continue;
        }
        let broken = |error| ExtractError::Manifest(digest, error);
        if descriptor.is_index() {
            let bytes = bundle.read_to_vec(&digest, MAX_MANIFEST)?;
            open.extend(serde_json::from_slice::<Index>(&bytes).map_err(broken)?.manifests);
        } else if descriptor.is_manifest() {
            let bytes = bundle.read_to_vec(&digest, MAX_MANIFEST)?;
            let manifest: Manifest = serde_json::from_slice(&bytes).map_err(broken)?;
            open.push(manifest.config);
            open.extend(manifest.layers);
        }
    }
    Ok(found)
}

fn layout(bundle: &VerifiedBundle, index: Vec<u8>, digests: BTreeSet<Digest>) -> Extraction<'_> {
    let texts = vec![("oci-layout".to_owned(), LAYOUT.into()), ("index.json".to_owned(), index)];
    let blobs = digests.into_iter().map(|digest| (format!("blobs/sha256/{}", digest.hex()), digest)).collect();
    Extraction { bundle, texts, blobs, into_folder: false }
}

fn one_chart<'a>(bundle: &'a VerifiedBundle, chart: &Chart) -> Extraction<'a> {
    // As `helm package` names it. A `/` in a name or version must not lead elsewhere.
    let name = format!("{}-{}.tgz", chart.name, chart.version).replace('/', "_");
    let provenance = chart.provenance.map(|digest| (format!("{name}.prov"), digest));
    let blobs = std::iter::once((name, chart.archive)).chain(provenance).collect();
    Extraction { bundle, texts: Vec::new(), blobs, into_folder: true }
}

fn one_set<'a>(bundle: &'a VerifiedBundle, files: &Files) -> Extraction<'a> {
    let blobs = files.files.iter().map(|file| (file.path.clone(), file.digest)).collect();
    Extraction { bundle, texts: Vec::new(), blobs, into_folder: false }
}
