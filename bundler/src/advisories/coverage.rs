//! What databases say nothing of, however long they are: packages of ecosystems that are not known or that they have no
//! advisories of, and advisories of ecosystems that are not known.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use super::ecosystem;
use crate::sbom::inventory::{Package, PackageType};

/// The most ecosystems that are remembered: there are some dozens, with their releases some hundreds.
const MAX_ECOSYSTEMS: usize = 10_000;

/// Packages that no advisory can be about: nothing is known of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Uncovered {
    /// The type of the packages.
    #[serde(rename = "type")]
    pub kind: String,
    /// The distribution that they are of, as `debian-12`; none for those of a language.
    pub distribution: Option<String>,
    /// How many there are.
    pub packages: usize,
    /// Why nothing is known of them.
    pub reason: WhyUncovered,
}

/// Why nothing is known of packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhyUncovered {
    /// No ecosystem is known whose advisories would be about them.
    EcosystemUnknown,
    /// The databases have no advisories of their ecosystem, or none of its release.
    NotInDatabases,
}

/// Advisories that could not be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unused {
    /// The ecosystem that they are of, which is not known.
    pub ecosystem: String,
    /// How many there are.
    pub advisories: u64,
}

/// The ecosystems of which databases have advisories.
#[derive(Debug, Default)]
pub(super) struct Coverage {
    known: BTreeSet<String>,
    unknown: BTreeMap<String, u64>,
}

impl Coverage {
    /// An advisory is about packages of these ecosystems, each with its release.
    pub(super) fn note<'a>(&mut self, ecosystems: impl Iterator<Item = &'a str>) {
        let mut unknown = BTreeSet::new();
        for ecosystem in ecosystems {
            if !ecosystem::is_known(ecosystem) {
                unknown.insert(ecosystem::family(ecosystem));
            } else if !self.known.contains(ecosystem) && self.known.len() < MAX_ECOSYSTEMS {
                self.known.insert(ecosystem.to_owned());
            }
        }
        for family in unknown {
            if self.unknown.contains_key(family) || self.unknown.len() < MAX_ECOSYSTEMS {
                *self.unknown.entry(family.to_owned()).or_default() += 1;
            }
        }
    }

    /// Those of packages that none of the advisories can be about, counted.
    pub(super) fn lacks<'a>(&self, packages: impl Iterator<Item = &'a Package>) -> Vec<Uncovered> {
        let mut groups: BTreeMap<Group<'_>, (Option<WhyUncovered>, usize)> = BTreeMap::new();
        for package in packages {
            groups.entry(group(package)).or_insert_with(|| (self.lacks_one(package), 0)).1 += 1;
        }
        let uncovered = groups.into_iter().filter_map(|((kind, distribution), (why, packages))| {
            let distribution = distribution.map(str::to_owned);
            Some(Uncovered { kind: kind.to_owned(), distribution, packages, reason: why? })
        });
        uncovered.collect()
    }

    fn lacks_one(&self, package: &Package) -> Option<WhyUncovered> {
        if ecosystem::of(package).is_none() {
            return Some(WhyUncovered::EcosystemUnknown);
        }
        let is_covered = self.known.iter().any(|ecosystem| ecosystem::holds(ecosystem, package));
        (!is_covered).then_some(WhyUncovered::NotInDatabases)
    }

    /// Advisories that could not be used, by their ecosystems.
    pub(super) fn unused(self) -> Vec<Unused> {
        self.unknown.into_iter().map(|(ecosystem, advisories)| Unused { ecosystem, advisories }).collect()
    }
}

/// The type and the distribution of packages: what of a group is known is known of all of it.
type Group<'a> = (&'a str, Option<&'a str>);

fn group(package: &Package) -> Group<'_> {
    let distribution = match package.kind {
        PackageType::Deb | PackageType::Apk | PackageType::Rpm => {
            package.distro.as_deref().or(package.namespace.as_deref())
        }
        _ => None,
    };
    (package.kind.as_str(), distribution)
}

impl Uncovered {
    /// Whether a package is one of these.
    pub(super) fn has(&self, package: &Package) -> bool {
        group(package) == (self.kind.as_str(), self.distribution.as_deref())
    }
}

impl fmt::Display for Uncovered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, distribution, packages, reason } = self;
        write!(f, "{packages} {kind} package{}", if *packages == 1 { "" } else { "s" })?;
        if let Some(distribution) = distribution {
            write!(f, " of {distribution}")?;
        }
        f.write_str(match reason {
            WhyUncovered::EcosystemUnknown => ", for which no ecosystem of advisories is known",
            WhyUncovered::NotInDatabases => ", for which the databases have no advisories at all",
        })
    }
}

impl fmt::Display for Unused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.ecosystem, self.advisories)
    }
}
