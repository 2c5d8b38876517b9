//! What else a bundle holds: charts, packages for nodes, mirrors and files.

use std::collections::{BTreeMap, HashMap};

use manifests::bundle::VerifiedBundle;
use manifests::debian::{Series, Stanzas};
use manifests::document::{Chart, Files, Packages};
use manifests::oci::Manifest;
use serde::Deserialize;

use super::SbomError;
use super::inventory::{
    CarriedDeb, ChartContents, Distribution, FileContents, Origin, Package, PackageType, SystemContents,
};
use super::read::{dpkg, field};

/// The largest manifest, and the largest config of a chart, in bytes.
const MAX_DOCUMENT: u64 = 4 << 20;
/// The largest index of packages, in bytes: a closure has some hundreds of packages of 1 KB.
const MAX_INDEX: u64 = 64 << 20;
/// Annotations in which charts name their licence.
const LICENCES: [&str; 3] = ["artifacthub.io/license", "licenses", "org.opencontainers.image.licenses"];

/// The series that have versions: what advisories are named by.
const SERIES: [(&str, &str, &str); 12] = [
    ("buster", "debian", "10"),
    ("bullseye", "debian", "11"),
    ("bookworm", "debian", "12"),
    ("trixie", "debian", "13"),
    ("forky", "debian", "14"),
    ("bionic", "ubuntu", "18.04"),
    ("focal", "ubuntu", "20.04"),
    ("jammy", "ubuntu", "22.04"),
    ("noble", "ubuntu", "24.04"),
    ("oracular", "ubuntu", "24.10"),
    ("plucky", "ubuntu", "25.04"),
    ("questing", "ubuntu", "25.10"),
];

#[derive(Default, Deserialize)]
#[serde(default)]
struct ChartConfig {
    annotations: Option<BTreeMap<String, String>>,
}

pub(super) fn chart(bundle: &VerifiedBundle, chart: &Chart) -> ChartContents {
    // What can't be read names no licence: that is no reason to end the work.
    let licences = chart_config(bundle, chart).and_then(|config| config.annotations).unwrap_or_default();
    let named = LICENCES.iter().find_map(|key| licences.get(*key)).map(|text| field(text));
    ChartContents {
        name: chart.name.clone(),
        version: chart.version.clone(),
        component: chart.component.clone(),
        repository: chart.repository.clone(),
        digest: chart.archive,
        size: bundle.document().blob(&chart.archive).map_or(0, |blob| blob.size),
        licences: named.filter(|text| !text.is_empty()).into_iter().collect(),
    }
}

fn chart_config(bundle: &VerifiedBundle, chart: &Chart) -> Option<ChartConfig> {
    let manifest = bundle.read_to_vec(&chart.descriptor.digest, MAX_DOCUMENT).ok()?;
    let manifest: Manifest = serde_json::from_slice(&manifest).ok()?;
    let config = bundle.read_to_vec(&manifest.config.digest, MAX_DOCUMENT).ok()?;
    serde_json::from_slice(&config).ok()
}

pub(super) fn files(files: &Files) -> impl Iterator<Item = FileContents> {
    files.files.iter().map(|file| FileContents { set: files.name.clone(), file: file.clone() })
}

pub(super) fn system(bundle: &VerifiedBundle, packages: &Packages) -> Result<SystemContents, SbomError> {
    let distribution = distribution(&packages.series);
    let origins = origins(bundle, packages)?;
    let carried = packages.packages.iter().map(|carried| {
        let version = carried.version.as_str();
        let mut package = Package::new(PackageType::Deb, carried.name.as_str(), Some(version.to_owned()));
        package.architecture = Some(carried.architecture.to_string());
        package.belongs_to(Some(&distribution));
        package.origin = origins.get(&(carried.name.to_string(), version.to_owned())).cloned();
        CarriedDeb { package, digest: carried.digest, size: carried.size }
    });
    Ok(SystemContents { series: packages.series.clone(), packages: carried.collect() })
}

/// A series that is not known is one of Debian's, without a version.
fn distribution(series: &Series) -> Distribution {
    // `trixie-backports` goes with `trixie`.
    let name = series.as_str().split('-').next().unwrap_or_default();
    match SERIES.iter().find(|(known, ..)| *known == name) {
        Some((_, id, version)) => {
            Distribution { id: (*id).to_owned(), version: Some((*version).to_owned()), name: None }
        }
        None => Distribution { id: "debian".to_owned(), version: Some(series.to_string()), name: None },
    }
}

/// The source packages of packages whose names differ from theirs, by name and version.
fn origins(bundle: &VerifiedBundle, packages: &Packages) -> Result<HashMap<(String, String), Origin>, SbomError> {
    let mut origins = HashMap::new();
    for index in &packages.indexes {
        // A delta may lack it: its base has it then.
        if bundle.document().blob(&index.digest).is_none() {
            continue;
        }
        let text = bundle.read_to_vec(&index.digest, MAX_INDEX)?;
        for stanza in Stanzas::new(&text).filter_map(Result::ok) {
            let get = |name| stanza.get(name).ok().flatten();
            if let (Some(name), Some(version), Some(source)) = (get("Package"), get("Version"), get("Source")) {
                let origin = dpkg::origin(source, version);
                origins.insert((name.to_owned(), version.to_owned()), origin);
            }
        }
    }
    Ok(origins)
}
