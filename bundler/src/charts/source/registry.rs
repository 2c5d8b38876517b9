//! Charts from registries. Their artifacts stay byte for byte as they are.

use manifests::component::ChartSource;
use manifests::document::Chart;
use manifests::lock::{LockedArtifact, LockedAttachment};
use manifests::oci::{Descriptor, Manifest, media_type};
use manifests::{Digest, ImageReference, Repository};

use super::{ChartProblem, ChartSources, check_name, name};
use crate::charts::archive::MAX_ARCHIVE;
use crate::charts::index::{newest, select};
use crate::charts::metadata::{self, Metadata};
use crate::charts::version::Version;
use crate::content::{Found, Origin, Resolved, WantedBlob};
use crate::http::shown;
use crate::oci::{Document, FetchedManifest};
use crate::resolve::stack::ResolvedChart;

/// What Helm 3.0 to 3.6 called an archive.
const LEGACY_CHART: &str = "application/tar+gzip";

/// A chart's artifact as a registry has it.
pub(super) struct Artifact {
    metadata: Metadata,
    manifest: FetchedManifest,
    blobs: Vec<WantedBlob>,
    archive: Digest,
    provenance: Option<Digest>,
    attached: Vec<Descriptor>,
}

pub(super) async fn find(
    sources: &ChartSources,
    chart: &ResolvedChart,
    repository: &Repository,
    range: &str,
) -> Result<Resolved, ChartProblem> {
    let tag = tag(sources, repository, range).await?;
    let found = read(sources, chart, repository, &tag, None).await?;
    let reference = ImageReference::with_tag(repository.clone(), &tag)?;
    let source = Source { repository: Some(parent(repository)), artifact: reference.clone() };
    found.into_resolved(chart, |_| Ok(reference), source)
}

/// The artifact that a lock names. The site has it under the name that its source gives it.
pub(super) async fn find_locked(
    sources: &ChartSources,
    chart: &ResolvedChart,
    source: &ChartSource,
    locked: &LockedArtifact,
) -> Result<Resolved, ChartProblem> {
    let repository = locked.reference.repository();
    let found = read(sources, chart, repository, &locked.digest.to_string(), Some(&locked.attached)).await?;
    let artifact = locked.reference.clone();
    match source {
        ChartSource::Repository { url, .. } => {
            let source = Source { repository: Some(shown(url)), artifact };
            found.into_resolved(chart, |metadata| Ok(name::of_repository(url, metadata)?), source)
        }
        _ => {
            let source = Source { repository: Some(parent(repository)), artifact: artifact.clone() };
            found.into_resolved(chart, |_| Ok(artifact), source)
        }
    }
}

/// The URL that a chart's repository of a registry stands below.
fn parent(repository: &Repository) -> String {
    let parent = repository.path().rsplit_once('/').map_or(String::new(), |(parent, _)| format!("/{parent}"));
    format!("oci://{}{parent}", repository.registry())
}

/// The tag for a version. A full version is taken for what it is, without a look at what there is; for a range, the
/// tags are searched. Tags have `_` where versions have `+`.
async fn tag(sources: &ChartSources, repository: &Repository, range: &str) -> Result<String, ChartProblem> {
    let full = range.strip_prefix('v').unwrap_or(range);
    if Version::parse_strict(full).is_ok() {
        return Ok(range.replace('+', "_"));
    }
    let tags = sources.0.registries.tags(repository).await?;
    let versions: Vec<Version> =
        tags.iter().filter_map(|tag| Version::parse_strict(&tag.replace('_', "+")).ok()).collect();
    let found = select(&versions, |version| version, Some(range))?;
    found.map(|version| version.original().replace('+', "_")).ok_or_else(|| ChartProblem::NoVersion {
        repository: repository.to_string(),
        range: range.to_owned(),
        available: newest(versions.iter()),
    })
}

/// Reads an artifact's manifest and config, and what is attached to it, or what a lock says is; the archive is only named.
pub(super) async fn read(
    sources: &ChartSources,
    chart: &ResolvedChart,
    repository: &Repository,
    name: &str,
    locked: Option<&[LockedAttachment]>,
) -> Result<Artifact, ChartProblem> {
    let registries = &sources.0.registries;
    let manifest = registries.named(repository, name).await?;
    let separator = if name.starts_with("sha256:") { '@' } else { ':' };
    let not_a_chart =
        |problem: String| ChartProblem::NotAChart { artifact: format!("{repository}{separator}{name}"), problem };
    let Document::Manifest(document) = &manifest.document else {
        return Err(not_a_chart("it is an index".to_owned()));
    };
    if document.config.media_type != media_type::HELM_CONFIG {
        let media_type: String = document.config.media_type.chars().take(100).collect();
        return Err(not_a_chart(format!("its config is of type `{media_type}`")));
    }
    let (archive, provenance) = layers(document).map_err(|problem| not_a_chart(problem.to_owned()))?;
    let config = registries.small_blob(repository, &document.config, metadata::MAX_SIZE).await?;
    let metadata = Metadata::parse_config(&config)?;
    check_name(chart, &metadata)?;
    let mut blobs = vec![
        WantedBlob::here(&manifest.descriptor.media_type, manifest.bytes.clone()),
        WantedBlob::here(media_type::HELM_CONFIG, config),
    ];
    blobs.extend(
        document
            .layers
            .iter()
            .map(|layer| WantedBlob::described(layer, Origin::Registry { repository: repository.clone() })),
    );
    let (attached, more) = match locked {
        Some(attached) => registries.attached_as_locked(repository, attached).await?,
        None => registries.attached_to(repository, &manifest).await?,
    };
    blobs.extend(more);
    Ok(Artifact { metadata, manifest, blobs, archive, provenance, attached })
}

/// The archive and the provenance file among the layers.
fn layers(manifest: &Manifest) -> Result<(Digest, Option<Digest>), &'static str> {
    let of_type = |types: &[&str]| -> Vec<_> {
        manifest.layers.iter().filter(|layer| types.contains(&layer.media_type.as_str())).collect()
    };
    let provenance = of_type(&[media_type::HELM_PROVENANCE]).first().map(|layer| layer.digest);
    match of_type(&[media_type::HELM_CHART, LEGACY_CHART]).as_slice() {
        [archive] if archive.size <= MAX_ARCHIVE => Ok((archive.digest, provenance)),
        [_] => Err("its archive is too large"),
        [] => Err("it has no chart's archive"),
        _ => Err("it has several archives"),
    }
}

/// Where an artifact comes from.
pub(super) struct Source {
    /// The URL of the repository that the chart was asked of.
    pub(super) repository: Option<String>,
    /// The artifact's name, with its tag.
    pub(super) artifact: ImageReference,
}

impl Artifact {
    pub(super) fn into_resolved(
        self,
        chart: &ResolvedChart,
        reference: impl FnOnce(&Metadata) -> Result<ImageReference, ChartProblem>,
        source: Source,
    ) -> Result<Resolved, ChartProblem> {
        let item = Chart {
            reference: reference(&self.metadata)?,
            name: self.metadata.name,
            version: self.metadata.version,
            repository: source.repository,
            descriptor: self.manifest.descriptor,
            archive: self.archive,
            provenance: self.provenance,
            attached: self.attached,
            component: Some(chart.component.to_string()),
        };
        Ok(Resolved { item: item.into(), blobs: self.blobs, found: Found::Artifact(source.artifact) })
    }
}
