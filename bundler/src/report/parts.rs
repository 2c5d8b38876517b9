//! What a bundle is made of: each blob counted once, so that the parts add up to the whole.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use manifests::Digest;
use manifests::document::{Document, Item};

use super::model::{Chart, Image, Part, PartKind};
use super::text::{Size, Text};
use crate::compare::Sizes;

/// What tells parts apart.
type Key = (PartKind, String);

/// The parts of a bundle, the largest first. What several need is a part of its own.
pub(super) fn parts(document: &Document, sizes: &Sizes<'_>, images: &[Image], charts: &[Chart]) -> Vec<Part> {
    let mut parts: BTreeMap<Key, Part> = BTreeMap::new();
    let mut owners: HashMap<Digest, BTreeSet<Key>> = HashMap::new();
    let mut items: Vec<(&Item, Vec<Digest>)> = Vec::new();
    for item in &document.items {
        let key = key(item);
        count(parts.entry(key.clone()).or_insert_with(|| Part::new(&key)), item);
        // Where a volume is missing, what is in it is not known to belong to anything.
        let blobs: Vec<Digest> = sizes.blobs(item).unwrap_or_default().into_keys().collect();
        for blob in &blobs {
            owners.entry(*blob).or_default().insert(key.clone());
        }
        items.push((item, blobs));
    }
    add_sizes(document, &owners, &mut parts);
    add_items(document, &owners, &items, &mut parts);
    add_licences(images, charts, &mut parts);
    let mut parts: Vec<Part> =
        parts.into_values().filter(|part| part.size.0 > 0 || part.kind != PartKind::Other).collect();
    parts.sort_by(|a, b| b.size.cmp(&a.size).then_with(|| a.name.cmp(&b.name)));
    parts
}

impl Part {
    fn new((kind, name): &Key) -> Self {
        let (none, licences, items) = (Size(0), Vec::new(), Vec::new());
        let name = Text::of(name);
        Self { kind: *kind, name, size: none, images: 0, charts: 0, files: 0, packages: 0, licences, items }
    }
}

fn key(item: &Item) -> Key {
    if let Some(set) = item.as_packages() {
        return (PartKind::Packages, set.series.to_string());
    }
    if let Some(mirror) = item.as_mirror() {
        return (PartKind::Mirror, mirror.name.to_string());
    }
    let component = item.as_image().and_then(|image| image.component.clone());
    let component = component.or_else(|| item.as_chart()?.component.clone());
    match component.or_else(|| Some(item.as_files()?.name.clone())) {
        Some(component) => (PartKind::Component, component),
        None => other(),
    }
}

fn other() -> Key {
    (PartKind::Other, "of no component".to_owned())
}

fn count(part: &mut Part, item: &Item) {
    part.images += usize::from(item.as_image().is_some());
    part.charts += usize::from(item.as_chart().is_some());
    part.files += item.as_files().map_or(0, |set| set.files.len());
    part.packages += item.as_packages().map_or(0, |set| set.packages.len());
    part.packages += item.as_mirror().map_or(0, |mirror| usize::try_from(mirror.packages).unwrap_or(usize::MAX));
}

fn add_sizes(document: &Document, owners: &HashMap<Digest, BTreeSet<Key>>, parts: &mut BTreeMap<Key, Part>) {
    for blob in &document.blobs {
        let key = match owners.get(&blob.digest) {
            Some(keys) if keys.len() > 1 => (PartKind::Shared, "shared by several".to_owned()),
            keys => keys.and_then(|keys| keys.first().cloned()).unwrap_or_else(other),
        };
        parts.entry(key.clone()).or_insert_with(|| Part::new(&key)).size.0 += blob.size;
    }
}

/// What is in each part, each blob counted with the first item that needs it.
fn add_items(
    document: &Document,
    owners: &HashMap<Digest, BTreeSet<Key>>,
    items: &[(&Item, Vec<Digest>)],
    parts: &mut BTreeMap<Key, Part>,
) {
    let mut counted = BTreeSet::new();
    for (item, blobs) in items {
        let own = blobs.iter().filter(|blob| owners.get(blob).is_some_and(|keys| keys.len() == 1));
        let sizes = own.filter(|blob| counted.insert(**blob)).filter_map(|blob| document.blob(blob));
        let size = sizes.map(|blob| blob.size).sum();
        if let Some(part) = parts.get_mut(&key(item)) {
            part.items.push((Text::of(&item.reference().unwrap_or_default()), Size(size)));
        }
    }
    for part in parts.values_mut() {
        part.items.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    }
}

fn add_licences(images: &[Image], charts: &[Chart], parts: &mut BTreeMap<Key, Part>) {
    let of_images = images.iter().map(|image| (&image.component, &image.licences));
    let of_charts = charts.iter().map(|chart| (&chart.component, &chart.licences));
    for (component, licences) in of_images.chain(of_charts) {
        let key = component.as_ref().map_or_else(other, |name| (PartKind::Component, name.to_string()));
        if let Some(part) = parts.get_mut(&key) {
            part.licences.extend(licences.iter().cloned());
        }
    }
    for part in parts.values_mut() {
        part.licences.sort();
        part.licences.dedup();
    }
}
