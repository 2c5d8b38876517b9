//! Where a value stands, kept with it so that a much later failure can still show who asked for what.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use miette::{NamedSource, SourceSpan};

/// A file as it was read.
#[derive(PartialEq, Eq)]
pub struct SourceFile {
    name: String,
    text: Arc<str>,
    /// The text as it may be shown: of the same length, without the credentials of URLs.
    shown: Arc<str>,
}

impl SourceFile {
    /// A file under the name that people know it by. A byte order mark at its start is dropped.
    pub fn new(name: impl Into<String>, text: &str) -> Arc<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Arc::new(Self { name: name.into(), text: text.into(), shown: mask(text).into() })
    }

    /// The name, usually a path.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The content.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for SourceFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// Puts `*` over what stands between `://` and `@`. Credentials have no place in these files, but where somebody put
/// them, an error about their line must not carry them into a build's log.
pub(super) fn mask(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("://").map(|at| at + 3) {
        let (before, after) = rest.split_at(start);
        shown.push_str(before);
        let end = after.find(|c: char| c.is_whitespace() || "/?#\"'<>".contains(c)).unwrap_or(after.len());
        let (authority, after) = after.split_at(end);
        // A `/` in a password cuts the authority short: then the rest of the word decides.
        let word = after.find(|c: char| c.is_whitespace() || "\"'".contains(c)).unwrap_or(after.len());
        let reach = match (authority.rfind('@'), authority.contains(':').then(|| after[..word].rfind('@')).flatten()) {
            (Some(at), _) => at,
            (None, Some(at)) if looks_like_password(authority) => end + at,
            _ => 0,
        };
        let whole = &rest[start..];
        shown.extend(std::iter::repeat_n('*', reach));
        shown.push_str(&whole[reach..end.max(reach)]);
        rest = &whole[end.max(reach)..];
    }
    shown.push_str(rest);
    shown
}

/// Whether `a:b` before a slash is a name and a password rather than a host and a port.
fn looks_like_password(authority: &str) -> bool {
    authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_err())
}

/// A place in a file. Shown as `file:line:column`.
#[derive(Clone, PartialEq, Eq)]
pub struct Location {
    file: Arc<SourceFile>,
    start: usize,
    end: usize,
}

impl Location {
    /// A range of bytes of a file; what lies outside of it is cut off.
    pub fn new(file: &Arc<SourceFile>, range: Range<usize>) -> Self {
        let length = file.text.len();
        let start = range.start.min(length);
        Self { file: Arc::clone(file), start, end: range.end.clamp(start, length) }
    }

    /// The file's name.
    pub fn file(&self) -> &str {
        &self.file.name
    }

    /// The line, from 1.
    pub fn line(&self) -> usize {
        self.before().matches('\n').count() + 1
    }

    /// The column in characters, from 1.
    pub fn column(&self) -> usize {
        self.before().rsplit('\n').next().unwrap_or_default().chars().count() + 1
    }

    /// The file's content, for a diagnostic that shows the place. Credentials in URLs are masked.
    pub fn source_code(&self) -> NamedSource<Arc<str>> {
        NamedSource::new(&self.file.name, Arc::clone(&self.file.shown)).with_language("yaml")
    }

    /// The place in [`Self::source_code`].
    pub fn span(&self) -> SourceSpan {
        (self.start, self.end - self.start).into()
    }

    fn before(&self) -> &str {
        self.file.text.get(..self.start).unwrap_or_default()
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file(), self.line(), self.column())
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::mask;

    #[test]
    fn credentials_are_masked_and_nothing_moves() {
        for (text, shown) in [
            ("url: https://me:secret@example.org/x", "url: https://*********@example.org/x"),
            ("url: https://token@example.org", "url: https://*****@example.org"),
            ("a: https://me:p@ss@h/ b: http://u:v@w/", "a: https://*******@h/ b: http://***@w/"),
            ("url: https://me:se/cret@example.org/x", "url: https://**********@example.org/x"),
            ("image: oci://h:5000/a/b@sha256:00", "image: oci://h:5000/a/b@sha256:00"),
            ("plain text, mail@example.org", "plain text, mail@example.org"),
            ("é: https://ü:ö@h", "é: https://*****@h"),
            ("http://", "http://"),
        ] {
            assert_eq!(mask(text), shown);
            assert_eq!(mask(text).len(), text.len());
        }
    }
}
