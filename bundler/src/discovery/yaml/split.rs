//! A stream of documents, cut at its marks before it is read: one that is no YAML takes no other with it.

/// What Helm writes before each document to say which file it is of.
const SOURCE: &str = "# Source: ";

/// One document as text.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::discovery) struct Chunk<'a> {
    /// The text.
    pub(in crate::discovery) text: &'a str,
    /// The line at which it begins, from 1.
    pub(in crate::discovery) line: usize,
    /// The file of the chart that it is of; empty where nothing says it. A file may hold several documents.
    pub(in crate::discovery) source: &'a str,
}

/// Cuts a stream into its documents. Those without any content are left out.
pub(in crate::discovery) fn chunks(stream: &str) -> Vec<Chunk<'_>> {
    let mut found = Vec::new();
    let mut source = "";
    for (text, line) in pieces(stream) {
        let named = text.lines().take_while(|line| is_aside(line)).filter_map(|line| line.strip_prefix(SOURCE)).last();
        source = named.map_or(source, str::trim);
        if text.lines().any(|line| !is_aside(line)) {
            found.push(Chunk { text, line, source });
        }
    }
    found
}

/// What stands between marks, and the line at which it begins.
fn pieces(stream: &str) -> Vec<(&str, usize)> {
    let mut pieces = Vec::new();
    let (mut begin, mut begin_line) = (0, 1);
    let mut offset = 0;
    for (number, line) in stream.split_inclusive('\n').enumerate() {
        if is_mark(line) {
            pieces.push((&stream[begin..offset], begin_line));
            // What follows the mark on its line belongs to the document.
            (begin, begin_line) = (offset + 3, number + 1);
        }
        offset += line.len();
    }
    pieces.push((&stream[begin..], begin_line));
    pieces
}

/// `---`, alone or before a blank. Within a text block, such a line would be indented.
fn is_mark(line: &str) -> bool {
    line.strip_prefix("---").is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
}

/// A line without content: blank or a comment.
fn is_aside(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_cut_at_marks_and_know_their_file_and_line() {
        let stream = "# Source: a/crds/x.yaml\na: 1\n---\nb: |\n  ---\n  text\n---\n\n# only a comment\n--- # Source\n\
                      # Source: a/templates/y.yaml\nc: 1\n--- {d: 1}\n---x: 1\n";
        let seen: Vec<_> = chunks(stream).iter().map(|chunk| (chunk.line, chunk.source, chunk.text.trim())).collect();
        assert_eq!(
            seen,
            [
                (1, "a/crds/x.yaml", "# Source: a/crds/x.yaml\na: 1"),
                (3, "a/crds/x.yaml", "b: |\n  ---\n  text"),
                (10, "a/templates/y.yaml", "# Source\n# Source: a/templates/y.yaml\nc: 1"),
                (13, "a/templates/y.yaml", "{d: 1}\n---x: 1"),
            ]
        );
    }
}
