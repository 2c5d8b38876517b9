//! What changed, as people see it: a table, or Markdown for a merge request.

use std::fmt;

use airgap_console::{ByteSize, Table};

use crate::compare::{Change, Comparison, Row, rows};

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
            writeln!(f, "| {} | {kind} | {name} | {from} | {to} | {size} |", change.word())?;
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

fn mark(change: Change) -> &'static str {
    match change {
        Change::Added => "+",
        Change::Removed => "-",
        Change::Changed => "~",
    }
}
