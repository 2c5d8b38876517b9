//! The report in words: what the page and the Markdown say alike.

use super::model::{Advisories, Attached, AttachedKind, Chart, Counts, Image, LookedInto, Part, Report, System};
use super::text::{Size, Text};
use crate::advisories::Severity;
use crate::compare::{self, Change};

/// Rows of a table that has no natural end: what is beyond is counted.
pub(super) const ROWS: usize = 500;
/// Places of a finding that are named.
pub(super) const PLACES: usize = 4;
/// Things that were not read of an image that are named.
pub(super) const UNREAD: usize = 5;
/// Packages of Debian and what is made of it.
pub(super) const DEB: &str = "Debian";

/// One change.
pub(super) struct ChangeRow {
    pub(super) change: Change,
    pub(super) kind: Text,
    pub(super) name: Text,
    pub(super) from: Text,
    pub(super) to: Text,
    pub(super) size: String,
}

/// All changes; none where there is nothing to compare with.
pub(super) fn changes(report: &Report) -> Vec<ChangeRow> {
    let changes = report.changes.iter();
    let rows = changes.flat_map(|changes| compare::rows(changes).into_iter().chain(compare::rows_of_inside(changes)));
    let row = |row: compare::Row| ChangeRow {
        change: row.change,
        kind: Text::of(&row.kind),
        name: Text::of(&row.name),
        from: Text::of(&row.from),
        to: Text::of(&row.to),
        size: row.size,
    };
    rows.map(row).collect()
}

/// What stood beside something upstream, counted.
pub(super) fn beside(attached: &[Attached]) -> String {
    let words = [
        (AttachedKind::Signature, "signature"),
        (AttachedKind::Attestation, "attestation"),
        (AttachedKind::Sbom, "SBOM"),
        (AttachedKind::Other, "other document"),
    ];
    let count = |kind| attached.iter().filter(|one| one.kind == kind).count();
    let counted = words.into_iter().map(|(kind, word)| (count(kind), word)).filter(|(count, _)| *count > 0);
    listed(counted)
}

fn listed<'a>(counted: impl Iterator<Item = (usize, &'a str)>) -> String {
    let words = |(count, word): (usize, &str)| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    counted.map(words).collect::<Vec<_>>().join(", ")
}

impl Image {
    /// What stood beside it upstream.
    pub(super) fn beside(&self) -> String {
        beside(&self.attached)
    }
}

impl Chart {
    /// What stood beside it upstream.
    pub(super) fn beside(&self) -> String {
        let provenance = self.provenance.map(|_| "provenance file".to_owned());
        let attached = Some(beside(&self.attached)).filter(|words| !words.is_empty());
        let words: Vec<String> = provenance.into_iter().chain(attached).collect();
        if words.is_empty() { "nothing found".to_owned() } else { words.join(", ") }
    }
}

impl Part {
    /// What is in it.
    pub(super) fn holds(&self) -> String {
        let counts = [(self.images, "image"), (self.charts, "chart"), (self.files, "file"), (self.packages, "package")];
        listed(counts.into_iter().filter(|(count, _)| *count > 0))
    }
}

/// Bytes as people and the page have them.
pub(super) fn bytes(bytes: &u64) -> Size {
    Size(*bytes)
}

/// A type of packages, as people call it.
pub(super) fn kind(kind: &Text) -> &str {
    kind_named(kind.as_str())
}

/// The same of a name.
pub(super) fn kind_named(kind: &str) -> &str {
    match kind {
        "deb" => DEB,
        "apk" => "Alpine",
        "rpm" => "RPM",
        "golang" => "Go",
        "pypi" => "Python",
        "npm" => "Node",
        "maven" => "Java",
        "cargo" => "Rust",
        other => other,
    }
}

/// The colour of a severity.
pub(super) fn tone(severity: &Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "bad",
        Severity::Medium => "warn",
        Severity::Low | Severity::Unknown => "",
    }
}

/// The colour of all of them: that of the most severe.
pub(super) fn tone_of_all(advisories: &Advisories) -> String {
    let worst = advisories.counts.highest_first().map(|(severity, _)| tone(severity)).next().unwrap_or_default();
    if worst.is_empty() { String::new() } else { format!(" {worst}") }
}

/// Whether findings of this severity are shown at once.
pub(super) fn is_grave(severity: &Severity) -> bool {
    *severity >= Severity::High
}

/// What databases say of a place.
#[derive(Clone, Copy)]
pub(super) struct Said<'a> {
    counts: Option<&'a Counts>,
    unjudged: usize,
    packages: usize,
}

impl LookedInto {
    /// What databases say of it.
    pub(super) fn said(&self) -> Said<'_> {
        let packages = self.packages.values().sum();
        Said { counts: self.advisories.as_ref(), unjudged: self.unjudged.unwrap_or_default(), packages }
    }
}

impl System {
    /// What databases say of them.
    pub(super) fn said(&self) -> Said<'_> {
        let unjudged = self.unjudged.unwrap_or_default();
        Said { counts: self.advisories.as_ref(), unjudged, packages: self.packages }
    }
}

impl Said<'_> {
    /// Words, each with how the page shows it.
    pub(super) fn words(self) -> Vec<(String, String)> {
        let of_one = |(severity, count): (&Severity, &usize)| {
            (format!("badge {}", tone(severity)), format!("{count} {}", severity.as_str()))
        };
        let said: Vec<_> = self.counts.into_iter().flat_map(Counts::highest_first).map(of_one).collect();
        if !said.is_empty() {
            return said;
        }
        // Of nothing that could be judged, nothing is known.
        let is_judged = self.counts.is_some() && self.unjudged < self.packages;
        vec![("missing".to_owned(), if is_judged { "none known" } else { "no claim" }.to_owned())]
    }

    /// How many packages could not be judged, where there are any.
    pub(super) fn not_judged(self) -> Option<String> {
        let count = Some(self.unjudged).filter(|unjudged| *unjudged > 0)?;
        Some(format!("{count} package{} not judged", if count == 1 { "" } else { "s" }))
    }

    /// All of it in one line.
    pub(super) fn in_line(self) -> String {
        let said = self.words().into_iter().map(|(_, said)| said);
        said.chain(self.not_judged()).collect::<Vec<_>>().join(", ")
    }
}

/// What databases could not say.
pub(super) fn unjudged(advisories: &Advisories) -> Vec<String> {
    let found = &advisories.findings;
    let unclear = found.unclear.iter().map(|one| format!("{one}, and whose version can't be compared"));
    let uncovered = found.uncovered.iter().map(ToString::to_string);
    let mut lines: Vec<String> = unclear.chain(uncovered).take(ROWS).collect();
    let beyond = (found.unclear.len() + found.uncovered.len()).saturating_sub(ROWS);
    lines.extend((beyond > 0).then(|| format!("and {beyond} more")));
    if !found.unused.is_empty() {
        let unused: Vec<String> = found.unused.iter().map(ToString::to_string).collect();
        lines.push(format!("Advisories of ecosystems that are not known here were not used: {}", unused.join(", ")));
    }
    lines
}
