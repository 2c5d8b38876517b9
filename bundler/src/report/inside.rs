//! What is inside the images, summed up. Each package by itself stands in the SBOM.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::model::{Advisories, Counts, Inside, LicenceCount, LookedInto, System};
use super::text::Text;
use crate::advisories::{Finding, Findings, Unclear, Uncovered, Unused};
use crate::look::Look;
use crate::sbom::inventory::{ImageContents, Inventory, Package};
use crate::sbom::told_by;

/// Sums up what a look inside shows.
pub(super) fn inside(look: &Look) -> Inside {
    let Look { inventory, findings } = look;
    let by_place = findings.as_ref().map(by_place);
    let counts = |place: &str| by_place.as_ref().map(|places| places.get(place).cloned().unwrap_or_default());
    let unjudged = |packages: &mut dyn Iterator<Item = &Package>| {
        findings.as_ref().map(|findings| packages.filter(|package| findings.is_unjudged(package)).count())
    };
    let (licences, unlicensed) = licences(inventory);
    let image = |image: &ImageContents| LookedInto {
        reference: image.reference.clone(),
        platform: image.platform.clone(),
        manifest: image.manifest,
        told_by: Text::of(&told_by(image)),
        distribution: image.distribution.as_ref().map(|it| Text::of(&it.to_string())),
        packages: image.counts().into_iter().map(|(kind, count)| (Text::of(kind), count)).collect(),
        unread: image.unread.iter().map(|unread| Text::of(&unread.to_string())).collect(),
        advisories: counts(&image.place()),
        unjudged: unjudged(&mut image.packages.iter()),
    };
    Inside {
        packages: kinds(inventory),
        licences,
        unlicensed,
        images: inventory.images.iter().map(image).collect(),
        systems: inventory
            .systems
            .iter()
            .map(|system| System {
                series: Text::of(system.series.as_str()),
                packages: system.packages.len(),
                advisories: counts(&system.place()),
                unjudged: unjudged(&mut system.packages.iter().map(|deb| &deb.package)),
            })
            .collect(),
        unseen: unseen(inventory),
        advisories: findings.as_ref().map(|findings| {
            let counts = Counts(findings.counts());
            Advisories { counts, findings: shown_findings(findings) }
        }),
    }
}

/// All packages of images, each once.
fn packages(inventory: &Inventory) -> impl Iterator<Item = &Package> {
    let mut seen = HashSet::new();
    let packages = inventory.images.iter().flat_map(|image| &image.packages);
    packages.filter(move |package| seen.insert(package.identity()))
}

/// How many different packages there are of each type.
fn kinds(inventory: &Inventory) -> BTreeMap<Text, usize> {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    packages(inventory).for_each(|package| *kinds.entry(package.kind.as_str()).or_default() += 1);
    kinds.into_iter().map(|(kind, count)| (Text::of(kind), count)).collect()
}

/// The licences of packages, those of the most packages first, and how many packages name none.
fn licences(inventory: &Inventory) -> (Vec<LicenceCount>, usize) {
    let mut found: BTreeMap<&str, (HashSet<_>, BTreeSet<usize>)> = BTreeMap::new();
    let mut licensed = HashSet::new();
    for (number, image) in inventory.images.iter().enumerate() {
        for (package, licence) in image.packages.iter().flat_map(|one| one.licences.iter().map(move |it| (one, it))) {
            let (packages, images) = found.entry(licence).or_default();
            packages.insert(package.identity());
            images.insert(number);
            licensed.insert(package.identity());
        }
    }
    let unlicensed = packages(inventory).filter(|package| !licensed.contains(&package.identity())).count();
    let count = |(licence, (packages, images)): (&str, (HashSet<_>, BTreeSet<usize>))| LicenceCount {
        licence: Text::of(licence),
        packages: packages.len(),
        images: images.len(),
    };
    let mut licences: Vec<LicenceCount> = found.into_iter().map(count).collect();
    licences.sort_by(|a, b| b.packages.cmp(&a.packages).then_with(|| a.licence.cmp(&b.licence)));
    (licences, unlicensed)
}

/// What is in the bundle and was not looked into.
fn unseen(inventory: &Inventory) -> Vec<Text> {
    let files = inventory.files.len();
    let files = (files > 0).then(|| format!("what is inside the {files} carried files, such as archives of images"));
    let mirrors = inventory.mirrors.iter().map(|mirror| {
        format!("the {} packages of the repository {} that is carried whole", mirror.packages, mirror.name)
    });
    files.into_iter().chain(mirrors).map(|what| Text::of(&what)).collect()
}

/// How many findings of each severity there are at each place.
fn by_place(findings: &Findings) -> BTreeMap<&str, Counts> {
    let mut places: BTreeMap<&str, Counts> = BTreeMap::new();
    for finding in &findings.findings {
        for place in &finding.places {
            *places.entry(place).or_default().0.entry(finding.severity).or_default() += 1;
        }
    }
    places
}

/// A text of a stranger as it may be shown.
pub(super) fn shown(text: &str) -> String {
    Text::of(text).to_string()
}

/// Findings as they may be shown: strangers named the packages, and others wrote the advisories.
pub(super) fn shown_findings(findings: &Findings) -> Findings {
    let all = |texts: &[String]| texts.iter().map(|text| shown(text)).collect();
    let finding = |finding: &Finding| Finding {
        id: shown(&finding.id),
        aliases: all(&finding.aliases),
        severity: finding.severity,
        summary: shown(&finding.summary),
        kind: shown(&finding.kind),
        package: shown(&finding.package),
        version: shown(&finding.version),
        fixed: all(&finding.fixed),
        places: all(&finding.places),
    };
    let unclear = |unclear: &Unclear| Unclear {
        kind: shown(&unclear.kind),
        package: shown(&unclear.package),
        version: shown(&unclear.version),
        advisories: unclear.advisories,
    };
    let uncovered = |uncovered: &Uncovered| Uncovered {
        kind: shown(&uncovered.kind),
        distribution: uncovered.distribution.as_deref().map(shown),
        ..uncovered.clone()
    };
    let unused = |unused: &Unused| Unused { ecosystem: shown(&unused.ecosystem), advisories: unused.advisories };
    Findings {
        databases: findings.databases.clone(),
        findings: findings.findings.iter().map(finding).collect(),
        unclear: findings.unclear.iter().map(unclear).collect(),
        uncovered: findings.uncovered.iter().map(uncovered).collect(),
        unused: findings.unused.iter().map(unused).collect(),
    }
}
