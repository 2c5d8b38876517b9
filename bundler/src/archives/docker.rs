//! What `docker save` wrote before Docker 25, and what `skopeo copy … docker-archive:` writes: `manifest.json`, and
//! layers that mostly are uncompressed.
//!
//! The manifest that the image has at its registry is not in there, so an OCI manifest is made, by fixed rules: the
//! config as it is, the layers in their order with the digest of the bytes in the archive.

use std::io::{self, Read};
use std::path::Path;

use bytes::Bytes;
use manifests::digest::Hasher;
use manifests::document::Image;
use manifests::oci::{Descriptor, Manifest, media_type};
use manifests::{Digest, ImageReference, Platform};
use serde::Deserialize;

use super::layout::bounded;
use super::tar_index::{Place, TarIndex};
use super::{LocalImageError, MAX_DOCUMENT, check_pin, graph, select};
use crate::charts::artifact::to_json;
use crate::content::{Found, Origin, Resolved, WantedBlob};
use crate::resolve::stack::ResolvedImage;

const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// An image in `manifest.json`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    #[serde(default)]
    layers: Option<Vec<String>>,
}

/// What of an image's config says which layers it is made of.
#[derive(Debug, Deserialize)]
struct Config {
    rootfs: RootFs,
}

#[derive(Debug, Deserialize)]
struct RootFs {
    #[serde(default)]
    diff_ids: Vec<Digest>,
}

pub(super) fn resolve(path: &Path, image: &ResolvedImage, name: Option<&str>) -> Result<Resolved, LocalImageError> {
    let archive = Archive { tar: TarIndex::open(path)? };
    let entries: Vec<Entry> = match archive.tar.find("manifest.json") {
        Some(place) => archive.parse("manifest.json", &archive.document("manifest.json", place)?)?,
        None => return Err(LocalImageError::NotAnArchive(path.to_owned())),
    };
    let entry = pick(path, &entries, &image.reference, name)?;
    let config = archive.document(&entry.config, archive.member(&entry.config)?)?;
    let platforms = archive.platforms(&config, entry, &image.platforms)?;
    let mut blobs = vec![WantedBlob::here(CONFIG, Bytes::copy_from_slice(&config))];
    let mut layers = Vec::new();
    for (descriptor, offset) in archive.layers(entry, &config)? {
        let origin = Origin::ArchiveMember { path: path.to_owned(), offset };
        blobs.push(WantedBlob::described(&descriptor, origin));
        layers.push(descriptor);
    }
    let manifest = to_json(&Manifest {
        schema_version: 2,
        media_type: Some(media_type::OCI_MANIFEST.to_owned()),
        artifact_type: None,
        config: Descriptor::of(CONFIG, &config),
        layers,
        subject: None,
        annotations: Default::default(),
    });
    let descriptor = Descriptor::of(media_type::OCI_MANIFEST, &manifest);
    check_pin(image, &descriptor, path)?;
    blobs.push(WantedBlob::here(media_type::OCI_MANIFEST, Bytes::from(manifest)));
    let item = Image {
        reference: image.reference.clone(),
        descriptor,
        platforms,
        attached: Vec::new(),
        component: Some(image.component.to_string()),
    };
    Ok(Resolved { item: item.into(), blobs, found: Found::Plainly })
}

/// The entry with the name; a single one without any name is it, too.
fn pick<'a>(
    path: &Path,
    entries: &'a [Entry],
    reference: &ImageReference,
    name: Option<&str>,
) -> Result<&'a Entry, LocalImageError> {
    let wanted = name.map_or_else(|| reference.to_string(), str::to_owned);
    let tags = |entry: &'a Entry| entry.repo_tags.iter().flatten();
    let matches =
        |entry: &&Entry| entry.repo_tags.iter().flatten().any(|tag| *tag == wanted || select::same(tag, &wanted));
    if let Some(entry) = entries.iter().find(matches) {
        return Ok(entry);
    }
    match entries {
        [only] if name.is_none() && tags(only).next().is_none() => Ok(only),
        _ => Err(LocalImageError::NoImage {
            path: path.to_owned(),
            name: wanted,
            available: entries.iter().flat_map(tags).take(10).cloned().collect(),
        }),
    }
}

struct Archive {
    tar: TarIndex,
}

impl Archive {
    fn member(&self, name: &str) -> Result<Place, LocalImageError> {
        let missing = || LocalImageError::MissingMember { path: self.tar.path().to_owned(), member: printable(name) };
        self.tar.find(name).ok_or_else(missing)
    }

    fn document(&self, name: &str, place: Place) -> Result<Vec<u8>, LocalImageError> {
        let path = || self.tar.path().to_owned();
        let read = bounded(self.tar.reader(place));
        let bytes = read.map_err(|source| LocalImageError::Read { path: path(), source })?;
        bytes.ok_or_else(|| LocalImageError::TooLarge { path: path(), what: printable(name), limit: MAX_DOCUMENT })
    }

    fn parse<T: serde::de::DeserializeOwned>(&self, name: &str, bytes: &[u8]) -> Result<T, LocalImageError> {
        serde_json::from_slice(bytes).map_err(|source| LocalImageError::Json {
            path: self.tar.path().to_owned(),
            what: printable(name),
            source,
        })
    }

    fn platforms(&self, config: &[u8], entry: &Entry, wanted: &[Platform]) -> Result<Vec<Platform>, LocalImageError> {
        let platform = graph::platform_of(config).map_err(|source| LocalImageError::Json {
            path: self.tar.path().to_owned(),
            what: printable(&entry.config),
            source,
        })?;
        let Some(platform) = platform else { return Ok(Vec::new()) };
        // One image for one platform is all that such an archive holds.
        let found: Vec<Platform> = wanted.iter().filter(|wanted| wanted.accepts(&platform)).cloned().collect();
        match wanted.first().filter(|_| found.is_empty()) {
            Some(missing) => Err(LocalImageError::NoPlatform {
                path: self.tar.path().to_owned(),
                platform: missing.clone(),
                available: vec![platform.to_string()],
            }),
            None => Ok(found),
        }
    }

    /// The layers with their places. An uncompressed layer has the digest that the config names; only one that is
    /// compressed has to be read for its digest.
    fn layers(&self, entry: &Entry, config: &[u8]) -> Result<Vec<(Descriptor, u64)>, LocalImageError> {
        let names = entry.layers.as_deref().unwrap_or_default();
        let config: Config = self.parse(&entry.config, config)?;
        let diff_ids = config.rootfs.diff_ids;
        if diff_ids.len() != names.len() {
            return Err(LocalImageError::Invalid {
                path: self.tar.path().to_owned(),
                what: printable(&entry.config),
                problem: "it names another number of layers than manifest.json",
            });
        }
        let mut layers = Vec::new();
        for (name, diff_id) in names.iter().zip(diff_ids) {
            let place = self.member(name)?;
            let read = |source| LocalImageError::Read { path: self.tar.path().to_owned(), source };
            let descriptor = match self.compression(place).map_err(read)? {
                Some(suffix) => {
                    let mut hasher = Hasher::new();
                    io::copy(&mut self.tar.reader(place), &mut hasher).map_err(read)?;
                    Descriptor::new(&format!("{LAYER}+{suffix}"), hasher.finish(), place.size)
                }
                None => Descriptor::new(LAYER, diff_id, place.size),
            };
            layers.push((descriptor, place.offset));
        }
        Ok(layers)
    }

    fn compression(&self, place: Place) -> io::Result<Option<&'static str>> {
        let mut magic = Vec::new();
        self.tar.reader(place).take(4).read_to_end(&mut magic)?;
        Ok(match magic.as_slice() {
            [0x1f, 0x8b, ..] => Some("gzip"),
            [0x28, 0xb5, 0x2f, 0xfd] => Some("zstd"),
            _ => None,
        })
    }
}

fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(120).collect()
}
