//! From what was found to a lock.

mod packages;

use std::collections::{BTreeSet, HashMap};

use manifests::document::carried_path;
use manifests::evidence::Purpose;
use manifests::lock::{
    FoundChart, LockedArtifact, LockedAttachment, LockedChart, LockedDiscovery, LockedFile, LockedGit, LockedImage,
    LockedManifest,
};
use manifests::oci::{Descriptor, Index};
use manifests::{Digest, ImageReference, Lock};

use super::request::{chart_source, file_source, git_source, image_source};
use super::{Folder, Pins};
use crate::content::{Found, Origin, Resolved, WantedBlob};
use crate::git::PackedGit;
use crate::resolve::stack::{ResolvedChart, ResolvedGit, ResolvedImage, ResolvedStack};
use crate::resolve::{Resolution, lacks};

/// Makes the lock of a stack: of what was found for it, and, for what was not looked for, of what is pinned.
///
/// `stack` has the images that were found in it too, and `seen` says where.
pub fn make(
    stack: &ResolvedStack,
    seen: &LockedDiscovery,
    resolution: &Resolution,
    pins: &Pins,
    folder: &Folder,
) -> Lock {
    let mut lock = Lock::new(stack.name.clone());
    lock.discovery = seen.is_of_something().then(|| seen.clone());
    for image in &stack.images {
        let found = resolution.image(&image.reference).and_then(|found| locked_image(image, found, folder));
        let locked = found.or_else(|| pins.image(image).cloned());
        let asked = folder.place(&image.location);
        let places = if image.found { places(seen, &image.reference) } else { Vec::new() };
        lock.images.extend(locked.map(|locked| LockedImage { asked, found: places, ..locked }));
    }
    for chart in &stack.charts {
        let found = resolution.chart(chart).and_then(|found| locked_chart(chart, found, folder));
        let kept =
            || pins.chart(chart).cloned().map(|kept| LockedChart { asked: folder.place(&chart.location), ..kept });
        lock.charts.extend(found.or_else(kept));
    }
    for file in &stack.files {
        let sets = resolution.others.iter().filter_map(|found| found.item.as_files());
        let mut own = sets.filter(|set| set.name == file.component.as_str()).flat_map(|set| &set.files);
        let found = own.find(|found| found.path == file.path).map(|found| LockedFile {
            file: file.path.clone(),
            component: file.component.clone(),
            asked: folder.place(&file.location),
            from: file_source(&file.source, folder).0,
            digest: found.digest,
            size: found.size,
        });
        let kept = || pins.file(file).cloned().map(|kept| LockedFile { asked: folder.place(&file.location), ..kept });
        lock.files.extend(found.or_else(kept));
    }
    for git in &stack.git {
        let found = resolution.others.iter().find_map(|set| locked_git(git, set, folder));
        let asked = folder.place(&git.wanted.location);
        lock.git.extend(found.or_else(|| pins.git(git).cloned().map(|kept| LockedGit { asked, ..kept })));
    }
    packages::add(&mut lock, stack, resolution, pins, folder);
    lock.charts.sort_by(|a, b| (&a.chart, &a.from, &a.wanted).cmp(&(&b.chart, &b.from, &b.wanted)));
    lock.files.sort_by(|a, b| (&a.component, &a.file).cmp(&(&b.component, &b.file)));
    lock
}

/// A repository, if it is in this set.
fn locked_git(git: &ResolvedGit, set: &Resolved, folder: &Folder) -> Option<LockedGit> {
    let Found::Git(packed) = &set.found else { return None };
    let files = set.item.as_files().filter(|files| files.name == git.component.as_str())?;
    let path = carried_path(git.wanted.name.as_str());
    let file = files.files.iter().find(|file| file.path == path)?;
    let PackedGit { head, commit, refs, packed_by, lfs } = packed.get(&path)?.clone();
    let wanted = git.wanted.clone();
    Some(LockedGit {
        git: wanted.name,
        component: git.component.clone(),
        asked: folder.place(&wanted.location),
        from: git_source(&wanted.source, folder),
        wanted: wanted.reference,
        at: wanted.commit,
        beside: wanted.refs,
        lfs: wanted.lfs,
        submodules: wanted.submodules,
        head,
        commit,
        refs,
        packed_by,
        digest: file.digest,
        size: file.size,
        in_lfs: lfs.map(|lfs| lfs.locked(|path| folder.path(path))),
    })
}

fn locked_image(image: &ResolvedImage, found: &Resolved, folder: &Folder) -> Option<LockedImage> {
    let item = found.item.as_image()?;
    Some(LockedImage {
        image: image.reference.clone(),
        component: image.component.clone(),
        asked: folder.place(&image.location),
        platforms: image.platforms.clone(),
        lacks: lacks(image, found),
        without_attachments: !image.attachments,
        from: image_source(&image.source, folder),
        digest: item.descriptor.digest,
        found: Vec::new(),
        size: size(&found.blobs),
        manifests: manifests(item.descriptor.digest, &found.blobs),
        attached: attached(&item.attached),
    })
}

/// The files in which an image was seen that runs, and the lines of lists that name it.
fn places(seen: &LockedDiscovery, image: &ImageReference) -> Vec<String> {
    let own = seen.references.iter().filter(|reference| reference.image == *image);
    let runs = own.flat_map(|reference| &reference.seen).filter(|seen| seen.purpose == Purpose::Run);
    let places: BTreeSet<String> = runs
        .map(|seen| match (&seen.file, &seen.chart) {
            (Some(file), _) if seen.is_of_list() => format!("{}: {file}, {}", seen.component, seen.path),
            (Some(file), _) => format!("{}: {file}", seen.component),
            (None, Some(chart)) => format!("{}: chart {chart}", seen.component),
            (None, None) => seen.component.to_string(),
        })
        .collect();
    places.into_iter().collect()
}

fn locked_chart(chart: &ResolvedChart, found: &Resolved, folder: &Folder) -> Option<LockedChart> {
    let item = found.item.as_chart()?;
    let (from, wanted) = chart_source(&chart.source, folder);
    let place = match &found.found {
        Found::Archive(place) => Some(FoundChart::Archive(place.clone())),
        Found::Artifact(reference) => Some(FoundChart::Artifact(LockedArtifact {
            reference: reference.clone(),
            digest: item.descriptor.digest,
            attached: attached(&item.attached),
        })),
        _ => None,
    };
    Some(LockedChart {
        chart: chart.name.clone(),
        component: chart.component.clone(),
        asked: folder.place(&chart.location),
        from,
        wanted,
        version: item.version.clone(),
        found: place,
        digest: item.archive,
        size: size(&found.blobs),
        provenance: item.provenance,
    })
}

fn attached(descriptors: &[Descriptor]) -> Vec<LockedAttachment> {
    let locked = |descriptor: &Descriptor| LockedAttachment {
        digest: descriptor.digest,
        artifact_type: descriptor.artifact_type.clone(),
        annotations: descriptor.annotations.clone(),
    };
    descriptors.iter().map(locked).collect()
}

/// Bytes of everything that an item needs, each blob once.
fn size(blobs: &[WantedBlob]) -> u64 {
    blobs.iter().map(|blob| (blob.digest, blob.size)).collect::<HashMap<_, _>>().values().sum()
}

/// The manifests that an index has for platforms, of those that are carried.
fn manifests(root: Digest, blobs: &[WantedBlob]) -> Vec<LockedManifest> {
    let here: HashMap<Digest, &WantedBlob> = blobs.iter().map(|blob| (blob.digest, blob)).collect();
    let (mut found, mut queue) = (BTreeSet::new(), vec![root]);
    while let Some(digest) = queue.pop() {
        let Some(Origin::Bytes(bytes)) = here.get(&digest).map(|blob| &blob.origin) else { continue };
        let Ok(index) = serde_json::from_slice::<Index>(bytes) else { continue };
        for entry in index.manifests.iter().filter(|entry| here.contains_key(&entry.digest)) {
            let platform = entry.platform.as_ref().and_then(manifests::oci::DescribedPlatform::known);
            match platform {
                // An index is not within itself, or its digest would not be its own.
                _ if entry.is_index() => queue.push(entry.digest),
                Some(platform) => {
                    found.insert((platform, entry.digest));
                }
                None => {}
            }
        }
    }
    found.into_iter().map(|(platform, digest)| LockedManifest { platform, digest }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use manifests::oci::media_type;
    use serde_json::{Value, json};

    fn described(blob: &WantedBlob, media_type: &str) -> Value {
        json!({"mediaType": media_type, "digest": blob.digest, "size": blob.size})
    }

    fn for_platform(blob: &WantedBlob, os: &str, architecture: &str) -> Value {
        let mut entry = described(blob, media_type::OCI_MANIFEST);
        entry["platform"] = json!({"os": os, "architecture": architecture});
        entry
    }

    fn index(entries: &[Value]) -> WantedBlob {
        let index = json!({"schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": entries});
        WantedBlob::here(media_type::OCI_INDEX, index.to_string().into_bytes().into())
    }

    #[test]
    fn of_an_index_the_manifests_that_are_carried_are_named_each_once() {
        let manifest = |text: &'static str| WantedBlob::here(media_type::OCI_MANIFEST, text.as_bytes().into());
        let (amd64, arm64, absent, attestation) = (manifest("{}"), manifest("{ }"), manifest("[]"), manifest("[ ]"));
        let inner = index(&[for_platform(&arm64, "linux", "arm64")]);
        let root = index(&[
            described(&inner, media_type::OCI_INDEX),
            for_platform(&amd64, "linux", "amd64"),
            for_platform(&amd64, "linux", "amd64"),
            for_platform(&absent, "linux", "s390x"),
            for_platform(&attestation, "unknown", "unknown"),
        ]);
        let digests = (root.digest, [amd64.digest, arm64.digest]);
        let found = manifests(digests.0, &[root, inner, amd64, arm64, attestation]);
        let found: Vec<_> = found.iter().map(|found| (found.platform.to_string(), found.digest)).collect();
        assert_eq!(found, [("linux/amd64".to_owned(), digests.1[0]), ("linux/arm64".to_owned(), digests.1[1])]);
    }
}
