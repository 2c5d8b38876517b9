//! What changed, as people see it: a table, or Markdown for a merge request.

use std::fmt;

use airgap_console::{ByteSize, Table};

use super::advisories::{asked, limits};
use crate::advisories::Finding;
use crate::compare::{
    AdvisoryChange, AdvisoryChanges, Change, Comparison, LicenceChange, Row, in_short, rows, rows_of_inside,
};

/// A table of all changes.
pub(super) struct Changes<'a>(pub(super) &'a Comparison);

/// The same in Markdown.
pub(super) struct Markdown<'a>(pub(super) &'a Comparison);

impl fmt::Display for Changes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(&["", "KIND", "NAME", "FROM", "TO", ">SIZE"]);
        for Row { change, kind, name, from, to, size } in rows(self.0) {
            table.row([mark(change), &kind, &name, &from, &to, &size]);
        }
        if table.is_empty() {
            writeln!(f, "the same items")?;
        } else {
            table.fmt(f)?;
        }
        let inside = [licences(self.0), advisories(self.0)];
        inside.iter().filter(|table| !table.is_empty()).try_for_each(|table| write!(f, "\n{table}"))
    }
}

impl fmt::Display for Markdown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Comparison { from, to, carry, .. } = self.0;
        writeln!(f, "### {from} → {to}\n")?;
        let rows: Vec<Row> = rows(self.0).into_iter().chain(rows_of_inside(self.0)).collect();
        if rows.is_empty() {
            writeln!(f, "The same items.")?;
        } else {
            writeln!(f, "| | kind | name | from | to | size |\n|---|---|---|---|---|---:|")?;
        }
        for Row { change, kind, name, from, to, size } in rows {
            let (name, from, to) = (code(&name), code(&from), code(&to));
            writeln!(f, "| {} | {kind} | {name} | {from} | {to} | {size} |", change.word())?;
        }
        if let Some(carry) = carry {
            writeln!(f, "\nTo carry: {} in {} blobs.", ByteSize(carry.bytes), carry.blobs)?;
        }
        // The first is of this program; all others name what strangers named.
        let told = told_of_inside(self.0);
        told.iter().take(1).try_for_each(|line| writeln!(f, "\n{line}"))?;
        told.iter().skip(1).try_for_each(|line| writeln!(f, "\n{}", code(line)))
    }
}

/// Licences that came or went.
fn licences(comparison: &Comparison) -> Table {
    let mut table = Table::new(&["", "LICENCE", "IN"]);
    for LicenceChange { change, licence, places } in comparison.licences.iter().flatten() {
        table.row([mark(*change), licence, &in_short(places)]);
    }
    table
}

/// Advisories that are new or gone.
fn advisories(comparison: &Comparison) -> Table {
    let mut table = Table::new(&["", "SEVERITY", "ADVISORY", "PACKAGE", "VERSION", "FIXED", "IN"]);
    for AdvisoryChange { change, finding } in comparison.advisories.iter().flat_map(|changes| &changes.findings) {
        let Finding { id, kind, package, version, severity, fixed, places, .. } = finding;
        let (package, fixed) = (format!("{kind} {package}"), fixed.join(", "));
        table.row([mark(*change), severity.as_str(), id, &package, version, &fixed, &in_short(places)]);
    }
    table
}

/// What is known of the inside of images, and what was not compared.
pub(super) fn told_of_inside(comparison: &Comparison) -> Vec<String> {
    let Comparison { licences, looked_into, advisories, .. } = comparison;
    if licences.is_none() {
        return vec![
            "licences and advisories are not compared: a lock does not know them, bundles can be compared".into(),
        ];
    }
    let Some(advisories) = advisories else {
        let told = if *looked_into {
            "no database of advisories was given: nothing is claimed about what is inside"
        } else {
            "images were not looked into: licences are those that images and charts name; see --look-inside"
        };
        return vec![told.to_owned()];
    };
    let AdvisoryChanges { databases, findings, remaining, unclear, uncovered, unused } = advisories;
    let count = |change| findings.iter().filter(|one| one.change == change).count();
    let (new, gone) = (count(Change::Added), count(Change::Removed));
    let told = format!("advisories: {new} new, {gone} gone, {remaining} in both; asked: {}", asked(databases));
    std::iter::once(told).chain(limits(unclear, uncovered, unused)).collect()
}

/// A cell of a table. What is in it may come from a bundle, and is to be shown, not to be read as Markdown.
pub(super) fn code(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let mut shown = String::new();
    for c in text.chars() {
        match c {
            '|' => shown.push_str("\\|"),
            '`' => shown.push('\''),
            c if c.is_control() => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    format!("`{shown}`")
}

fn mark(change: Change) -> &'static str {
    match change {
        Change::Added => "+",
        Change::Removed => "-",
        Change::Changed => "~",
    }
}
