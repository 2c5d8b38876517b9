//! Charts, files, packages and mirrors.

use std::collections::BTreeMap;

use manifests::document::{self, Document, Item};
use manifests::evidence::SignedKind;
use serde::Deserialize;

use super::attached;
use super::evidence::Found;
use super::model::{Chart, Deployment, File, Mirror, Package, Packages};
use super::read::Reader;
use super::text::{Size, Text};
use crate::compare::Sizes;

/// Where charts say which licence they have: Artifact Hub's word, and what many write beside it.
const LICENCES: [&str; 2] = ["artifacthub.io/license", "licenses"];

/// The part of a chart's `Chart.yaml` that is read.
#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
}

pub(super) fn deployment(platform: &document::Platform) -> Deployment {
    Deployment {
        distribution: Text::of(&platform.distribution.name.to_string()),
        version: Text::of(&platform.distribution.version.to_string()),
        components: platform.components.iter().map(|component| component.name.clone()).collect(),
    }
}

pub(super) fn charts(document: &Document, sizes: &Sizes<'_>, reader: &Reader<'_>, evidence: &Found) -> Vec<Chart> {
    let charts = document.items.iter().filter_map(|item| Some((item, item.as_chart()?)));
    let with_evidence = |(item, chart): (&Item, &document::Chart)| {
        let digests = [chart.archive, chart.descriptor.digest];
        let verified = evidence.verified(SignedKind::Chart, &chart.name, &digests);
        Chart { verified, ..of_chart(item, chart, sizes, reader) }
    };
    charts.map(with_evidence).collect()
}

fn of_chart(item: &Item, chart: &document::Chart, sizes: &Sizes<'_>, reader: &Reader<'_>) -> Chart {
    let manifest = reader.manifests(&chart.descriptor).into_iter().next();
    let metadata = manifest.and_then(|(_, manifest)| reader.json::<Metadata>(&manifest.config.digest));
    let annotations = metadata.unwrap_or_default().annotations.unwrap_or_default();
    let licence = LICENCES.iter().find_map(|key| annotations.get(*key)).filter(|licence| !licence.is_empty());
    Chart {
        name: Text::of(&chart.name),
        version: Text::of(&chart.version),
        reference: chart.reference.clone(),
        component: chart.component.as_deref().map(Text::of),
        repository: chart.repository.as_deref().map(Text::of),
        archive: chart.archive,
        size: sizes.size(item).map(Size),
        provenance: chart.provenance,
        attached: attached::attached(&chart.attached),
        verified: Vec::new(),
        licences: licence.map(|licence| Text::of(licence)).into_iter().collect(),
    }
}

pub(super) fn files(document: &Document, evidence: &Found) -> Vec<File> {
    let sets = document.items.iter().filter_map(Item::as_files);
    let file = |set: &document::Files, file: &document::CarriedFile| File {
        component: Text::of(&set.name),
        path: Text::of(&file.path),
        digest: file.digest,
        size: Size(file.size),
        source: file.source.as_deref().map(Text::of),
        verified: evidence.verified(SignedKind::File, &format!("{}/{}", set.name, file.path), &[file.digest]),
    };
    sets.flat_map(|set| set.files.iter().map(move |one| file(set, one))).collect()
}

pub(super) fn packages(document: &Document) -> Vec<Packages> {
    document.items.iter().filter_map(Item::as_packages).map(of_packages).collect()
}

fn of_packages(set: &document::Packages) -> Packages {
    let package = |package: &document::CarriedPackage| {
        let wants = |wanted: &&document::WantedPackage| {
            let own = package.architecture.is_all() || package.architecture == *wanted.own_architecture();
            wanted.package == package.name && wanted.version == package.version && own
        };
        let mut components: Vec<Text> =
            set.wanted.iter().filter(wants).map(|wanted| Text::of(&wanted.component)).collect();
        components.sort();
        components.dedup();
        Package {
            name: Text::of(package.name.as_str()),
            version: Text::of(package.version.as_ref()),
            architecture: Text::of(package.architecture.as_ref()),
            size: Size(package.size),
            digest: package.digest,
            components,
        }
    };
    Packages {
        series: Text::of(set.series.as_str()),
        architectures: set.architectures.iter().map(|one| Text::of(one.as_ref())).collect(),
        size: Size(set.packages.iter().map(|package| package.size).sum()),
        wanted: set.wanted.len(),
        profiles: set.profiles.iter().map(|profile| Text::of(profile)).collect(),
        unproved: set.unproved.as_deref().map(Text::of),
        packages: set.packages.iter().map(package).collect(),
    }
}

pub(super) fn mirrors(document: &Document) -> Vec<Mirror> {
    let mirrors = document.items.iter().filter_map(Item::as_mirror);
    let suite = |suite: &document::MirroredSuite| Text::of(&format!("{} of {}", suite.suite, suite.date));
    let mirror = |mirror: &document::Mirror| Mirror {
        name: mirror.name.clone(),
        source: Text::of(&mirror.source),
        suites: mirror.suites.iter().map(suite).collect(),
        packages: mirror.packages,
        size: Size(mirror.size),
        key: mirror.key.digest,
    };
    mirrors.map(mirror).collect()
}

pub(super) fn unknown(document: &Document) -> Vec<Text> {
    document.items.iter().filter(|item| item.reference().is_none()).map(|item| Text::of(item.kind())).collect()
}
