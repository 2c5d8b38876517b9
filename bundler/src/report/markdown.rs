//! The report as Markdown, for a merge request or a wiki.

use std::fmt::{self, Write};
use std::io;

use askama::Template;
use askama::filters::Escaper;

use super::model::{PartKind, Report};
use super::words::{self, ChangeRow};

#[derive(Template)]
#[template(path = "report.md")]
struct Page<'a> {
    report: &'a Report,
    rows: Vec<ChangeRow>,
}

/// Writes the report as Markdown.
///
/// # Errors
/// [`io::Error`] when it can't be written.
pub fn markdown(report: &Report, to: &mut dyn io::Write) -> io::Result<()> {
    Page { report, rows: words::changes(report) }.write_into(to)?;
    writeln!(to)
}

/// Writes texts so that they are shown and not read as Markdown, nor as the HTML that Markdown may hold. Addresses don't become
/// links.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Escape;

impl Escaper for Escape {
    fn write_escaped_str<W: Write>(&self, mut to: W, text: &str) -> fmt::Result {
        for (at, c) in text.char_indices() {
            let behind = text.get(at..).unwrap_or_default();
            match c {
                '<' => to.write_str("&lt;")?,
                '>' => to.write_str("&gt;")?,
                '&' => to.write_str("&amp;")?,
                ':' if behind.starts_with("://") => to.write_str("&#58;")?,
                'w' if behind.starts_with("www.") => to.write_str("&#119;")?,
                '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '|' | '~' | '!' | '@' => {
                    to.write_char('\\')?;
                    to.write_char(c)?;
                }
                c if c.is_control() => to.write_char(' ')?,
                c => to.write_char(c)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_shown_and_not_read() {
        let escaped = |text: &str| {
            let mut to = String::new();
            Escape.write_escaped_str(&mut to, text).unwrap();
            to
        };
        for (text, expected) in [
            ("nginx:1.27", "nginx:1.27"),
            ("a|b", "a\\|b"),
            ("<img src=x>", "&lt;img src=x&gt;"),
            ("[x](javascript:y)", "\\[x\\]\\(javascript:y\\)"),
            ("https://example.org", "https&#58;//example.org"),
            ("www.example.org", "&#119;ww.example.org"),
            ("a\n# b", "a \\# b"),
        ] {
            assert_eq!(escaped(text), expected);
        }
    }
}
