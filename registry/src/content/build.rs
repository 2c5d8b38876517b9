//! Makes the picture: walks what the items name.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use manifests::document::{Chart, Item, Mirror};
use manifests::oci::{Descriptor, annotation, media_type};
use manifests::{Digest, ImageReference};

use crate::apt::Mirrors;

use super::manifest::{MANIFEST_SIZE, Parsed, representation};
use super::{Content, FileSet, Manifest, Repository, Source, charts};

/// Manifests up to this many bytes in all are kept in memory: some thousands of images.
const KEPT: u64 = 12 << 20;
/// Indexes of indexes are followed this deep.
const DEPTH: usize = 4;

/// Makes the picture of some bundles, the latest first. What can't be read is left out and named in
/// [`Content::problems`]: the rest is served all the same. Reads from disk.
pub fn build(sources: Vec<Arc<Source>>, mirrors: &mut Mirrors) -> Content {
    let content = Content { sources, ..Content::default() };
    let mut builder = Builder { content, mirrors, known: HashMap::new(), kept: 0 };
    for number in 0..builder.content.sources.len() {
        let source = Arc::clone(&builder.content.sources[number]);
        for item in &source.bundle().document().items {
            if let Err(problem) = builder.add(item, &source) {
                let name = item.reference().unwrap_or_default();
                tracing::error!(item = name, problem, "can't serve");
                builder.content.problems.push(format!("{} {name}: {problem}", item.kind()));
            }
        }
    }
    let mut content = builder.content;
    content.charts.finish();
    mirrors.keep_only(|place| content.packages.contains_key(place), &content.mirrors);
    content
}

type Known = Arc<(Arc<Manifest>, Parsed)>;

struct Builder<'m> {
    content: Content,
    mirrors: &'m mut Mirrors,
    known: HashMap<Digest, Known>,
    kept: u64,
}

impl Builder<'_> {
    fn add(&mut self, item: &Item, source: &Arc<Source>) -> Result<(), String> {
        if let Some(image) = item.as_image() {
            self.add_with_attached(&image.reference, &image.descriptor, &image.attached)
        } else if let Some(chart) = item.as_chart() {
            self.add_with_attached(&chart.reference, &chart.descriptor, &chart.attached)?;
            self.add_chart(chart, source)
        } else if let Some(files) = item.as_files() {
            self.add_artifact(&files.reference, &files.descriptor)?;
            let version = source.bundle().document().version.to_string();
            let content = &mut self.content;
            content.files.entry(files.name.clone()).or_insert_with(|| FileSet::new(files, &version));
            Ok(())
        } else if let Some(set) = item.as_packages() {
            self.add_artifact(&set.reference, &set.descriptor)?;
            let repository = self.mirrors.repository(set, source).map_err(|error| with_causes(&error))?;
            self.content.packages.extend([repository]);
            Ok(())
        } else if let Some(mirror) = item.as_mirror() {
            self.add_mirror(mirror, source)
        } else {
            Ok(())
        }
    }

    /// Enters a mirror: for apt by its paths, for clients of registries by its digests.
    fn add_mirror(&mut self, mirror: &Mirror, source: &Arc<Source>) -> Result<(), String> {
        let served = self.mirrors.mirror(mirror, source).map_err(|error| with_causes(&error))?;
        self.content.mirrors.push(served);
        self.add_artifact(&mirror.reference, &mirror.descriptor)
    }

    fn add_with_attached(
        &mut self,
        reference: &ImageReference,
        descriptor: &Descriptor,
        attached: &[Descriptor],
    ) -> Result<(), String> {
        self.add_artifact(reference, descriptor)?;
        for attached in attached {
            let mut repository = self.take(reference);
            let walked = self.walk(&mut repository, attached, 0);
            if let Some(tag) = attached.annotations.get(annotation::REF_NAME) {
                repository.tags.entry(tag.clone()).or_insert(attached.digest);
            }
            self.put(reference, repository);
            walked?;
        }
        Ok(())
    }

    fn add_artifact(&mut self, reference: &ImageReference, descriptor: &Descriptor) -> Result<(), String> {
        let mut repository = self.take(reference);
        let walked = self.walk(&mut repository, descriptor, 0);
        if let (Ok(()), Some(tag)) = (&walked, reference.tag()) {
            repository.tags.entry(tag.to_owned()).or_insert(descriptor.digest);
        }
        self.put(reference, repository);
        walked
    }

    /// Enters a manifest, everything below it, and its subject's list of referrers.
    fn walk(&mut self, repository: &mut Repository, descriptor: &Descriptor, depth: usize) -> Result<(), String> {
        let digest = descriptor.digest;
        if repository.manifests.contains_key(&digest) {
            return Ok(());
        }
        let known = self.manifest(descriptor)?;
        let (manifest, parsed) = (&known.0, &known.1);
        repository.manifests.insert(digest, Arc::clone(manifest));
        for blob in parsed.config.iter().chain(&parsed.layers) {
            if self.size(&blob.digest).is_some() {
                repository.blobs.insert(blob.digest);
            }
        }
        if let Some(subject) = &parsed.subject {
            let referrer = parsed.as_referrer(&digest, manifest.representation.length, &descriptor.media_type);
            repository.referrers.entry(subject.digest).or_default().push(referrer);
        }
        // An index names platforms that are not carried: those are not there, as in a registry that has lost them.
        for child in parsed.manifests.iter().filter(|_| depth < DEPTH) {
            if self.size(&child.digest).is_some() {
                self.walk(repository, child, depth + 1)?;
            }
        }
        Ok(())
    }

    fn manifest(&mut self, descriptor: &Descriptor) -> Result<Known, String> {
        let digest = descriptor.digest;
        if let Some(known) = self.known.get(&digest) {
            return Ok(Arc::clone(known));
        }
        let bytes = self.content.read_small(&digest, MANIFEST_SIZE)?;
        let parsed: Parsed = serde_json::from_slice(&bytes).map_err(|error| format!("{digest}: {error}"))?;
        let length = bytes.len() as u64;
        let representation = representation(&digest, parsed.media_type(&descriptor.media_type), length);
        let keep = parsed.artifact_type() != media_type::MIRROR && self.kept + length <= KEPT;
        if keep {
            self.kept += length;
        }
        let bytes = keep.then(|| Bytes::from(bytes.into_boxed_slice()));
        let known = Arc::new((Arc::new(Manifest { representation, bytes, digest }), parsed));
        // Those of a mirror name thousands of layers, and nobody else names them.
        if known.1.artifact_type() != media_type::MIRROR {
            self.known.insert(digest, Arc::clone(&known));
        }
        Ok(known)
    }

    fn add_chart(&mut self, chart: &Chart, source: &Arc<Source>) -> Result<(), String> {
        let known = self.manifest(&chart.descriptor)?;
        let config = known.1.config.as_ref().ok_or("the chart's manifest names no configuration")?;
        let metadata = self.content.read_small(&config.digest, charts::METADATA_SIZE)?;
        let metadata = serde_json::from_slice(&metadata).map_err(|error| format!("the chart's metadata: {error}"))?;
        let archive = (chart.archive, self.size(&chart.archive).ok_or("the chart's archive is in no bundle")?);
        let provenance = chart.provenance.and_then(|digest| Some((digest, self.size(&digest)?)));
        let created = source.bundle().document().created;
        self.content.charts.add(chart, metadata, archive, provenance, created);
        Ok(())
    }

    /// The size of a blob that some bundle lists.
    fn size(&self, digest: &Digest) -> Option<u64> {
        self.content.sources.iter().find_map(|source| Some(source.bundle().document().blob(digest)?.size))
    }

    fn take(&mut self, reference: &ImageReference) -> Repository {
        self.content.repositories.remove(&reference.repository().to_string()).unwrap_or_default()
    }

    fn put(&mut self, reference: &ImageReference, repository: Repository) {
        if !repository.manifests.is_empty() {
            self.content.repositories.insert(reference.repository().to_string(), repository);
        }
    }
}

/// An error and its causes in one line.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
