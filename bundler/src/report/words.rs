//! The report in words: what the page and the Markdown say alike.

use super::model::{Attached, AttachedKind, Chart, Image, Part, Report};
use super::text::{Size, Text};
use crate::compare::{self, Change};

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
    let rows = report.changes.as_ref().map(compare::rows).unwrap_or_default();
    let row = |row: compare::Row| ChangeRow {
        change: row.change,
        kind: Text::of(&row.kind),
        name: Text::of(&row.name),
        from: Text::of(&row.from),
        to: Text::of(&row.to),
        size: row.size,
    };
    rows.into_iter().map(row).collect()
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
