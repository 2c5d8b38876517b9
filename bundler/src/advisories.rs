//! Advisories about what a bundle holds, matched offline.
//!
//! A database in the OSV format is read once, advisory by advisory; what is held is the bundle's inventory and what was found.
//! A database says what it knows: that it has nothing about a package does not make the package fine.

mod affected;
mod carried;
mod coverage;
mod database;
mod ecosystem;
mod error;
mod findings;
mod osv;
mod severity;
mod version;

use std::collections::{BTreeMap, BTreeSet, HashMap};

pub use carried::carried;
pub use coverage::{Uncovered, Unused, WhyUncovered};
pub use database::Database;
pub use error::AdvisoryError;
pub use findings::{DatabaseSummary, Finding, Findings, Unclear};
pub use severity::Severity;

use self::affected::{Verdict, judge};
use self::coverage::Coverage;
use self::findings::{Match, merge};
use self::osv::Advisory;
use crate::sbom::Inventory;
use crate::sbom::inventory::Package;

/// The longest summary that is kept, in characters.
const MAX_SUMMARY: usize = 200;

/// A package, wherever it is in the bundle.
#[derive(Debug)]
struct Subject<'a> {
    package: &'a Package,
    places: BTreeSet<String>,
    matches: Vec<Match>,
    unclear: usize,
}

/// Asks databases about all packages of an inventory.
///
/// # Errors
/// [`AdvisoryError`] when a database can't be read, or holds what is no advisory.
pub fn find(inventory: &Inventory, databases: &[Database]) -> Result<Findings, AdvisoryError> {
    let mut subjects = subjects(inventory);
    let mut named: HashMap<String, Vec<usize>> = HashMap::new();
    for (number, subject) in subjects.iter().enumerate() {
        for name in ecosystem::names(subject.package) {
            named.entry(name).or_default().push(number);
        }
    }
    let (mut summaries, mut coverage) = (Vec::new(), Coverage::default());
    for database in databases {
        let advisories = database.each(|advisory| {
            let about = advisory.affected.iter().filter(|_| advisory.withdrawn.is_none());
            let about = about.filter_map(|affected| affected.package.as_ref());
            coverage.note(about.map(|package| package.ecosystem.as_str()));
            ask(&advisory, &named, &mut subjects);
        })?;
        summaries.push(DatabaseSummary { name: database.title().to_owned(), advisories });
    }
    let mut findings: Vec<Finding> =
        subjects.iter().flat_map(|subject| merge(subject.package, &subject.places, &subject.matches)).collect();
    findings.sort_by(|a, b| {
        let key = |finding: &Finding| {
            (finding.kind.clone(), finding.package.clone(), finding.version.clone(), finding.id.clone())
        };
        b.severity.cmp(&a.severity).then_with(|| key(a).cmp(&key(b)))
    });
    let unclear: BTreeSet<Unclear> = subjects.iter().filter_map(Subject::unclear).collect();
    let uncovered = coverage.lacks(subjects.iter().map(|subject| subject.package));
    let (unclear, unused) = (unclear.into_iter().collect(), coverage.unused());
    Ok(Findings { databases: summaries, findings, unclear, uncovered, unused })
}

/// Each package once, with all places where it is.
fn subjects(inventory: &Inventory) -> Vec<Subject<'_>> {
    let mut found: BTreeMap<_, Subject<'_>> = BTreeMap::new();
    let images = inventory.images.iter().flat_map(|image| {
        let place = image.place();
        image.packages.iter().map(move |package| (package, place.clone()))
    });
    let systems = inventory.systems.iter().flat_map(|system| {
        let place = system.place();
        system.packages.iter().map(move |deb| (&deb.package, place.clone()))
    });
    for (package, place) in images.chain(systems) {
        let key =
            (package.identity(), package.distro.as_deref(), package.origin.as_ref().map(|it| (&it.name, &it.version)));
        let new = || Subject { package, places: BTreeSet::new(), matches: Vec::new(), unclear: 0 };
        found.entry(key).or_insert_with(new).places.insert(place);
    }
    found.into_values().collect()
}

/// Asks one advisory about all packages that it may mean.
fn ask(advisory: &Advisory, named: &HashMap<String, Vec<usize>>, subjects: &mut [Subject<'_>]) {
    if advisory.withdrawn.is_some() {
        return;
    }
    for affected in &advisory.affected {
        let Some(meant) = &affected.package else { continue };
        let name = ecosystem::meant(meant);
        for number in named.get(&name).into_iter().flatten() {
            let Some(subject) = subjects.get_mut(*number) else { continue };
            let version = ecosystem::version(subject.package, &name);
            if !ecosystem::holds(&meant.ecosystem, subject.package) {
                continue;
            }
            match version.map(|version| judge(&subject.package.kind, version, affected)) {
                Some(Verdict::Fine) => {}
                Some(Verdict::Unclear) | None => subject.unclear += 1,
                Some(Verdict::Affected { fixed }) => subject.matches.push(Match {
                    names: names(advisory),
                    severity: Severity::of(advisory, affected),
                    summary: summary(advisory),
                    fixed,
                }),
            }
        }
    }
}

/// What names the same thing. An advisory that was made of several others is none of them.
fn names(advisory: &Advisory) -> Vec<String> {
    let upstream = advisory.upstream.iter().filter(|_| advisory.upstream.len() == 1);
    std::iter::once(&advisory.id).chain(&advisory.aliases).chain(upstream).cloned().collect()
}

fn summary(advisory: &Advisory) -> String {
    let text = if advisory.summary.is_empty() { &advisory.details } else { &advisory.summary };
    text.lines().next().unwrap_or_default().chars().take(MAX_SUMMARY).collect()
}

impl Subject<'_> {
    fn unclear(&self) -> Option<Unclear> {
        (self.unclear > 0).then(|| Unclear {
            kind: self.package.kind.as_str().to_owned(),
            package: self.package.full_name(),
            version: self.package.version.clone().unwrap_or_default(),
            advisories: self.unclear,
        })
    }
}
