//! What was found, each once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use serde::Serialize;

use super::coverage::{Uncovered, Unused};
use super::severity::Severity;
use crate::sbom::inventory::Package;

/// What databases say of a bundle.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Findings {
    /// The databases that were asked.
    pub databases: Vec<DatabaseSummary>,
    /// What is affected: the most severe first.
    pub findings: Vec<Finding>,
    /// Packages of which advisories can't be told apart by version: nothing is known of them.
    pub unclear: Vec<Unclear>,
    /// Packages that none of the advisories can be about: nothing is known of them.
    pub uncovered: Vec<Uncovered>,
    /// Advisories that could not be used: of ecosystems that are not known.
    pub unused: Vec<Unused>,
}

/// A database that was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DatabaseSummary {
    /// Its name, without the folder that it lies in.
    pub name: String,
    /// How many advisories it has.
    pub advisories: u64,
}

/// A package that is affected by something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Its best known name: that of the CVE where it has one.
    pub id: String,
    /// All other names.
    pub aliases: Vec<String>,
    /// How severe it is.
    pub severity: Severity,
    /// What it is, in a sentence.
    pub summary: String,
    /// The package's type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The package.
    pub package: String,
    /// Its version.
    pub version: String,
    /// Versions that mend it.
    pub fixed: Vec<String>,
    /// Where the package is: images with their platforms, packages for nodes.
    pub places: Vec<String>,
}

/// A package that can't be judged.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unclear {
    /// The package's type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The package.
    pub package: String,
    /// Its version.
    pub version: String,
    /// How many advisories there are about packages of its name.
    pub advisories: usize,
}

impl fmt::Display for Unclear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, package, version, advisories } = self;
        let version = if version.is_empty() { "without a version" } else { version };
        write!(f, "{kind} {package} {version}, which {advisories} advisories name")
    }
}

/// An advisory that affects a package.
#[derive(Debug, Clone)]
pub(super) struct Match {
    /// All names of it, its own first.
    pub(super) names: Vec<String>,
    pub(super) severity: Severity,
    pub(super) summary: String,
    pub(super) fixed: Vec<String>,
}

/// Makes one finding of all advisories about the same thing. The same thing is what shares a name.
pub(super) fn merge(package: &Package, places: &BTreeSet<String>, matches: &[Match]) -> Vec<Finding> {
    let mut group: Vec<usize> = (0..matches.len()).collect();
    let mut first: HashMap<&str, usize> = HashMap::new();
    for (number, one) in matches.iter().enumerate() {
        for name in &one.names {
            let other = *first.entry(name).or_insert(number);
            let (a, b) = (root(&group, number), root(&group, other));
            group[a.max(b)] = a.min(b);
        }
    }
    let mut groups: BTreeMap<usize, Vec<&Match>> = BTreeMap::new();
    for (number, one) in matches.iter().enumerate() {
        groups.entry(root(&group, number)).or_default().push(one);
    }
    groups.into_values().map(|group| finding(package, places, &group)).collect()
}

fn root(group: &[usize], mut number: usize) -> usize {
    while group[number] != number {
        number = group[number];
    }
    number
}

fn finding(package: &Package, places: &BTreeSet<String>, group: &[&Match]) -> Finding {
    let names: BTreeSet<&String> = group.iter().flat_map(|one| &one.names).collect();
    let is_cve = |name: &&&String| name.starts_with("CVE-");
    let id = names.iter().find(is_cve).or_else(|| names.first()).map(|name| (*name).clone()).unwrap_or_default();
    let fixed: BTreeSet<&String> = group.iter().flat_map(|one| &one.fixed).collect();
    let summary = group.iter().map(|one| &one.summary).find(|summary| !summary.is_empty());
    Finding {
        aliases: names.into_iter().filter(|name| **name != id).cloned().collect(),
        id,
        severity: group.iter().map(|one| one.severity).max().unwrap_or(Severity::Unknown),
        summary: summary.cloned().unwrap_or_default(),
        kind: package.kind.as_str().to_owned(),
        package: package.full_name(),
        version: package.version.clone().unwrap_or_default(),
        fixed: fixed.into_iter().cloned().collect(),
        places: places.iter().cloned().collect(),
    }
}

impl Findings {
    /// Whether a package could not be judged.
    pub fn is_unjudged(&self, package: &Package) -> bool {
        if self.uncovered.iter().any(|uncovered| uncovered.has(package)) {
            return true;
        }
        if self.unclear.is_empty() {
            return false;
        }
        let name = package.full_name();
        let wanted = (package.kind.as_str(), name.as_str(), package.version.as_deref().unwrap_or_default());
        // They are in this order.
        let order = |one: &Unclear| (one.kind.as_str(), one.package.as_str(), one.version.as_str()).cmp(&wanted);
        self.unclear.binary_search_by(order).is_ok()
    }

    /// How many there are of each severity.
    pub fn counts(&self) -> BTreeMap<Severity, usize> {
        let mut counts = BTreeMap::new();
        self.findings.iter().for_each(|finding| *counts.entry(finding.severity).or_default() += 1);
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sbom::inventory::PackageType;

    #[test]
    fn advisories_that_share_a_name_are_one_finding() {
        let one = |names: &[&str], severity, fixed: &str| Match {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            severity,
            summary: String::new(),
            fixed: vec![fixed.to_owned()],
        };
        let matches = [
            one(&["GHSA-1"], Severity::Low, "1.1"),
            one(&["GO-1"], Severity::Unknown, "1.1"),
            one(&["CVE-2024-2"], Severity::High, "2"),
            one(&["CVE-2024-1", "GHSA-1", "GO-1"], Severity::Medium, "1.2"),
        ];
        let package = Package::new(PackageType::Golang, "a", Some("1".to_owned()));
        let found = merge(&package, &BTreeSet::new(), &matches);
        let shown: Vec<_> =
            found.iter().map(|it| (it.id.as_str(), it.aliases.join(" "), it.severity, it.fixed.join(" "))).collect();
        assert_eq!(
            shown,
            [
                ("CVE-2024-1", "GHSA-1 GO-1".to_owned(), Severity::Medium, "1.1 1.2".to_owned()),
                ("CVE-2024-2", String::new(), Severity::High, "2".to_owned()),
            ]
        );
    }
}
