//! The lines of a file that an error points at.

use miette::{Diagnostic, LabeledSpan, SourceCode};

/// One labelled place.
pub(super) struct Snippet {
    pub(super) file: Option<String>,
    /// From 1.
    pub(super) line: usize,
    /// From 1, in characters.
    pub(super) column: usize,
    /// The line's text.
    pub(super) text: String,
    /// How many characters are marked, at least 1.
    pub(super) length: usize,
    pub(super) label: Option<String>,
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
    let before = data.get(..start)?;
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    let text = data[line_start..].lines().next().unwrap_or_default().to_owned();
    let marked = data.get(start..(start + label.len()).min(data.len())).unwrap_or_default();
    Some(Snippet {
        file: contents.name().map(str::to_owned),
        line: contents.line() + before.matches('\n').count() + 1,
        column: contents.column() + data[line_start..start].chars().count() + 1,
        length: marked.lines().next().unwrap_or_default().chars().count().max(1),
        label: label.label().map(str::to_owned),
        text,
    })
}
