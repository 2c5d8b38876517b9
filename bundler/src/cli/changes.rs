//! What changed, as people see it: a table, or Markdown for a merge request.

use std::fmt;

use airgap_console::{ByteSize, Table};

use crate::compare::{Change, Comparison, Figures};

/// A table of all changes.
pub(super) struct Changes<'a>(pub(super) &'a Comparison);

/// The same in Markdown.
pub(super) struct Markdown<'a>(pub(super) &'a Comparison);

/// One change.
struct Row {
    change: Change,
    kind: String,
    name: String,
    from: String,
    to: String,
    size: String,
}

impl fmt::Display for Changes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(&["", "KIND", "NAME", "FROM", "TO", ">SIZE"]);
        for Row { change, kind, name, from, to, size } in rows(self.0) {
            table.row([mark(change), &kind, &name, &from, &to, &size]);
        }
        if table.is_empty() { writeln!(f, "the same items") } else { table.fmt(f) }
    }
}

impl fmt::Display for Markdown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Comparison { from, to, carry, .. } = self.0;
        writeln!(f, "### {from} → {to}\n")?;
        let rows = rows(self.0);
        if rows.is_empty() {
            writeln!(f, "The same items.")?;
        } else {
            writeln!(f, "| | kind | name | from | to | size |\n|---|---|---|---|---|---:|")?;
        }
        for Row { change, kind, name, from, to, size } in rows {
            let (name, from, to) = (code(&name), code(&from), code(&to));
            writeln!(f, "| {} | {kind} | {name} | {from} | {to} | {size} |", word(change))?;
        }
        match carry {
            Some(carry) => writeln!(f, "\nTo carry: {} in {} blobs.", ByteSize(carry.bytes), carry.blobs),
            None => Ok(()),
        }
    }
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

fn rows(comparison: &Comparison) -> Vec<Row> {
    let Comparison { components, items, files, packages, mirrors, .. } = comparison;
    let mut rows = Vec::new();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    for component in components.iter().filter(|component| component.change != Change::Changed) {
        rows.push(Row::new(component.change, "component", component.name.clone()));
    }
    for item in items {
        let size = sizes(item.from_size, item.to_size);
        let row = Row::new(item.change, &item.kind, item.name.clone());
        rows.push(Row { from: text(&item.from), to: text(&item.to), size, ..row });
    }
    for file in files {
        let short = |digest: Option<manifests::Digest>| digest.map(|digest| digest.short()).unwrap_or_default();
        let row = Row::new(file.change, "file", format!("{}/{}", file.component, file.path));
        let size = sizes(file.from_size, file.to_size);
        rows.push(Row { from: short(file.from), to: short(file.to), size, ..row });
    }
    for package in packages {
        let name = format!("{}/{} {}", package.series, package.name, package.architecture);
        let size = sizes(package.from_size, package.to_size);
        let row = Row::new(package.change, "package", name);
        rows.push(Row { from: text(&package.from), to: text(&package.to), size, ..row });
    }
    for mirror in mirrors {
        let figures = |side: Option<Figures>| side.map(|it| format!("{} packages", it.packages)).unwrap_or_default();
        let size = sizes(mirror.from.map(|it| it.size), mirror.to.map(|it| it.size));
        let row = Row::new(mirror.change, "mirrored", mirror.name.to_string());
        rows.push(Row { from: figures(mirror.from), to: figures(mirror.to), size, ..row });
    }
    rows
}

/// The size on the later side, and how it differs from the earlier.
fn sizes(from: Option<u64>, to: Option<u64>) -> String {
    match (from, to) {
        (None, None) => String::new(),
        (None, Some(to)) => ByteSize(to).to_string(),
        (Some(from), None) => format!("-{}", ByteSize(from)),
        (Some(from), Some(to)) if from == to => ByteSize(to).to_string(),
        (Some(from), Some(to)) => {
            let sign = if to > from { '+' } else { '-' };
            format!("{} ({sign}{})", ByteSize(to), ByteSize(to.abs_diff(from)))
        }
    }
}

impl Row {
    fn new(change: Change, kind: &str, name: String) -> Self {
        let nothing = String::new;
        Self { change, kind: kind.to_owned(), name, from: nothing(), to: nothing(), size: nothing() }
    }
}

fn mark(change: Change) -> &'static str {
    match change {
        Change::Added => "+",
        Change::Removed => "-",
        Change::Changed => "~",
    }
}

fn word(change: Change) -> &'static str {
    match change {
        Change::Added => "added",
        Change::Removed => "removed",
        Change::Changed => "changed",
    }
}
