//! Where a value stands, kept with it so that a much later failure can still show who asked for what.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use miette::{NamedSource, SourceSpan};

use super::mask::mask;

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

    /// The offset in the file, in bytes.
    pub(super) fn offset(&self) -> usize {
        self.start
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
