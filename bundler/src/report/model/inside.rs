//! What is inside the images, as the report has it.

use std::collections::BTreeMap;

use manifests::{Digest, ImageReference, Platform};
use serde::Serialize;

use crate::advisories::{Finding, Findings, Severity};
use crate::report::text::Text;

/// What is inside the images.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Inside {
    /// How many different packages there are in all images, by their type.
    pub packages: BTreeMap<Text, usize>,
    /// The licences of these packages, those of the most packages first.
    pub licences: Vec<LicenceCount>,
    /// How many of these packages name no licence.
    pub unlicensed: usize,
    /// The images, one for each platform that is carried of each.
    pub images: Vec<LookedInto>,
    /// Packages for nodes, by their series.
    pub systems: Vec<System>,
    /// What is in the bundle and was not looked into, in words.
    pub unseen: Vec<Text>,
    /// What databases say; none where no database was asked, and nothing is claimed.
    pub advisories: Option<Advisories>,
}

/// A licence.
#[derive(Debug, Clone, Serialize)]
pub struct LicenceCount {
    /// The licence, as its source writes it.
    pub licence: Text,
    /// How many different packages are under it.
    pub packages: usize,
    /// In how many images.
    pub images: usize,
}

/// An image for one platform that was looked into.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LookedInto {
    /// Its original name.
    pub reference: ImageReference,
    /// Its platform, where it says so.
    pub platform: Option<Platform>,
    /// The manifest of this platform.
    pub manifest: Digest,
    /// Who says what is inside.
    pub told_by: Text,
    /// The distribution that it is made of, where it says so.
    pub distribution: Option<Text>,
    /// How many packages there are in it, by their type.
    pub packages: BTreeMap<Text, usize>,
    /// What was not read, so that packages may be missing above.
    pub unread: Vec<Text>,
    /// How many advisories affect it; none where no database was asked.
    pub advisories: Option<Counts>,
    /// How many of its packages the databases can't speak of; none where none was asked.
    pub unjudged: Option<usize>,
}

/// The packages of a series, for nodes.
#[derive(Debug, Clone, Serialize)]
pub struct System {
    /// The series.
    pub series: Text,
    /// How many packages there are.
    pub packages: usize,
    /// How many advisories affect them; none where no database was asked.
    pub advisories: Option<Counts>,
    /// How many of them the databases can't speak of; none where none was asked.
    pub unjudged: Option<usize>,
}

/// How many there are of each severity.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(transparent)]
pub struct Counts(pub BTreeMap<Severity, usize>);

/// What databases say of a bundle.
#[derive(Debug, Clone, Serialize)]
pub struct Advisories {
    /// How many findings there are.
    pub counts: Counts,
    /// What they say and what they do not.
    #[serde(flatten)]
    pub findings: Findings,
}

impl Counts {
    /// The severities of which there is any, the highest first.
    pub(crate) fn highest_first(&self) -> impl Iterator<Item = (&Severity, &usize)> {
        self.0.iter().rev()
    }
}

impl Inside {
    /// The images of which not all was read.
    pub(crate) fn not_wholly_read(&self) -> Vec<&LookedInto> {
        self.images.iter().filter(|image| !image.unread.is_empty()).collect()
    }
}

impl Advisories {
    /// How many packages could not be judged.
    pub(crate) fn unjudged(&self) -> usize {
        let uncovered: usize = self.findings.uncovered.iter().map(|one| one.packages).sum();
        uncovered + self.findings.unclear.len()
    }

    /// The findings by their severities, the highest first.
    pub(crate) fn by_severity(&self) -> Vec<(Severity, &[Finding])> {
        let groups = self.findings.findings.chunk_by(|a, b| a.severity == b.severity);
        groups.filter_map(|group| Some((group.first()?.severity, group))).collect()
    }
}
