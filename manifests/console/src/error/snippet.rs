//! The lines of a file that an error points at.
//!
//! A file may be one line of any length: what is shown of a line is its marked part, and what is around it.

use miette::{Diagnostic, LabeledSpan, SourceCode};
use unicode_width::UnicodeWidthStr as _;

use crate::terminal::printable;

/// Columns of a line that are shown before the mark, of the mark itself, and of a line in all; each as far as the next
/// character, and without the signs that something was left out.
const BEFORE: usize = 60;
const MARKED: usize = 100;
const LINE: usize = 200;
/// Stands for what is left out.
const LEFT_OUT: char = '…';

/// One labelled place.
pub(super) struct Snippet {
    pub(super) file: Option<String>,
    /// From 1.
    pub(super) line: usize,
    /// From 1, in characters.
    pub(super) column: usize,
    /// The line's text before what is marked, as it is shown.
    pub(super) before: String,
    /// What is marked, as it is shown; may be empty.
    pub(super) marked: String,
    /// The line's text behind it, as it is shown.
    pub(super) after: String,
    pub(super) label: Option<String>,
}

impl Snippet {
    /// The line's text, as much of it as is shown.
    pub(super) fn text(&self) -> String {
        format!("{}{}{}", self.before, self.marked, self.after)
    }

    /// The columns of the terminal in front of the mark, and how many it is wide: at least 1.
    pub(super) fn mark(&self) -> (usize, usize) {
        (self.before.width(), self.marked.width().max(1))
    }
}

/// The places that `diagnostic` itself labels; `source` where it has no text of its own.
pub(super) fn snippets(diagnostic: &dyn Diagnostic) -> Vec<Snippet> {
    let (Some(source), Some(labels)) = (diagnostic.source_code(), diagnostic.labels()) else { return Vec::new() };
    labels.filter_map(|label| snippet(source, &label)).collect()
}

fn snippet(source: &dyn SourceCode, label: &LabeledSpan) -> Option<Snippet> {
    // One line of context makes the text start at the start of a line.
    let contents = source.read_span(label.inner(), 1, 1).ok()?;
    let data = String::from_utf8_lossy(contents.data()).into_owned();
    let start = label.offset().saturating_sub(contents.span().offset());
    let line_start = data.get(..start)?.rfind('\n').map_or(0, |end| end + 1);
    let line = data[line_start..].lines().next().unwrap_or_default();
    let (before, rest) = line.split_at_checked(start - line_start)?;
    let length = rest.floor_char_boundary(label.len());
    let (marked, after) = rest.split_at_checked(length)?;
    let before_shown = last(before, BEFORE);
    let marked_shown = first(marked, MARKED);
    let room = LINE.saturating_sub(before_shown.width() + marked_shown.width());
    Some(Snippet {
        file: contents.name().map(str::to_owned),
        line: contents.line() + data[..start].matches('\n').count() + 1,
        column: contents.column() + before.chars().count() + 1,
        before: before_shown,
        after: if marked_shown.ends_with(LEFT_OUT) { String::new() } else { first(after, room) },
        marked: marked_shown,
        label: label.label().map(str::to_owned),
    })
}

/// The start of a text, as it is shown, `columns` of it.
fn first(text: &str, columns: usize) -> String {
    let mut shown = String::new();
    let mut used = 0;
    for c in text.chars() {
        let c = printable(c.encode_utf8(&mut [0; 4]));
        used += c.width();
        if used > columns {
            shown.push(LEFT_OUT);
            break;
        }
        shown.push_str(&c);
    }
    shown
}

/// The end of a text, as it is shown, `columns` of it.
fn last(text: &str, columns: usize) -> String {
    let mut parts = Vec::new();
    let mut used = 0;
    for c in text.chars().rev() {
        let c = printable(c.encode_utf8(&mut [0; 4]));
        used += c.width();
        if used > columns {
            parts.push(LEFT_OUT.to_string());
            break;
        }
        parts.push(c);
    }
    parts.into_iter().rev().collect()
}
