//! Control files (`deb822(5)`): stanzas of fields, as in `Packages`, `Release` and dpkg's `status`.
//!
//! An index has some 60 MB: stanzas and fields are slices of it, found as one goes. Where a stanza ends is decided as
//! apt decides it, for what a node reads is what has to be right.

use memchr::{memchr, memmem};

/// The largest stanza that is read, in bytes: the largest in Debian's archive has some 80 000, in a status file 400 000.
pub const MAX_STANZA: usize = 4 << 20;

/// The stanzas of a control file.
#[derive(Debug, Clone)]
pub struct Stanzas<'a> {
    text: &'a [u8],
    position: usize,
    line: usize,
    failed: bool,
}

/// A run of fields; slices of the text that it was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stanza<'a> {
    text: &'a [u8],
    offset: usize,
    line: usize,
}

/// A field's name and value. Names are compared without regard to case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// The name as it was written.
    pub name: &'a str,
    /// The value without white space around it; continuation lines with their indentation.
    pub value: &'a str,
    /// The line of the file that it begins in, from 1.
    pub line: usize,
}

impl<'a> Stanzas<'a> {
    /// Reads the stanzas of a text.
    pub fn new(text: &'a [u8]) -> Self {
        Self { text, position: 0, line: 1, failed: false }
    }

    /// Passes over empty lines, and over comments that stand between stanzas.
    fn skip_between(&mut self) {
        while let Some(rest) = self.text.get(self.position..).filter(|rest| !rest.is_empty()) {
            if !(is_empty_line(rest) || rest[0] == b'#') {
                return;
            }
            self.position += line_length(rest);
            self.line += 1;
        }
    }
}

impl<'a> Iterator for Stanzas<'a> {
    type Item = Result<Stanza<'a>, ControlError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.skip_between();
        let rest = self.text.get(self.position..).filter(|rest| !rest.is_empty() && !self.failed)?;
        let length = stanza_length(rest);
        let stanza = Stanza { text: &rest[..length], offset: self.position, line: self.line };
        if length > MAX_STANZA {
            self.failed = true;
            return Some(Err(ControlError { line: self.line, problem: ControlProblem::TooLong }));
        }
        self.position += length;
        self.line += memchr::memchr_iter(b'\n', stanza.text).count();
        Some(Ok(stanza))
    }
}

impl<'a> Stanza<'a> {
    /// The bytes as they were written, ending with a line's end.
    pub fn text(&self) -> &'a [u8] {
        self.text
    }

    /// Where its bytes are in the text that it was read from.
    pub fn range(&self) -> std::ops::Range<usize> {
        self.offset..self.offset + self.text.len()
    }

    /// The line that it begins in, from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// Its fields in order.
    pub fn fields(&self) -> Fields<'a> {
        Fields { rest: self.text, line: self.line }
    }

    /// The value of a field, by its name without regard to case.
    ///
    /// # Errors
    /// [`ControlError`] when a line up to it is no field.
    pub fn get(&self, name: &str) -> Result<Option<&'a str>, ControlError> {
        for field in self.fields() {
            let field = field?;
            if field.name.eq_ignore_ascii_case(name) {
                return Ok(Some(field.value));
            }
        }
        Ok(None)
    }
}

/// The fields of a stanza.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    rest: &'a [u8],
    line: usize,
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, ControlError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.rest.first() == Some(&b'#') {
            self.rest = &self.rest[line_length(self.rest)..];
            self.line += 1;
        }
        if self.rest.is_empty() {
            return None;
        }
        let line = self.line;
        let mut length = line_length(self.rest);
        let mut lines = 1;
        while let Some(b' ' | b'\t') = self.rest.get(length) {
            length += line_length(&self.rest[length..]);
            lines += 1;
        }
        let (text, rest) = self.rest.split_at(length);
        self.rest = rest;
        self.line += lines;
        let field = field(text, line);
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

fn field(text: &[u8], line: usize) -> Result<Field<'_>, ControlError> {
    let bad = |problem| ControlError { line, problem };
    let colon = memchr(b':', text).ok_or(bad(ControlProblem::NoField))?;
    let (name, value) = (&text[..colon], &text[colon + 1..]);
    // Policy 5.1: printable characters but the colon.
    if name.is_empty() || !name.iter().all(u8::is_ascii_graphic) || name[0] == b'-' {
        return Err(bad(ControlProblem::NoField));
    }
    let text = |bytes| std::str::from_utf8(bytes).map_err(|_| bad(ControlProblem::NoText));
    Ok(Field { name: text(name)?, value: text(value.trim_ascii())?, line })
}

fn line_length(text: &[u8]) -> usize {
    memchr(b'\n', text).map_or(text.len(), |end| end + 1)
}

fn is_empty_line(text: &[u8]) -> bool {
    text.starts_with(b"\n") || text.starts_with(b"\r\n")
}

/// Up to the first empty line. A line of blanks is a continuation for apt, not an end.
fn stanza_length(text: &[u8]) -> usize {
    let unix = memmem::find(text, b"\n\n");
    let within = unix.map_or(text, |end| &text[..=end]);
    memmem::find(within, b"\n\r\n").or(unix).map_or(text.len(), |end| end + 1)
}

/// A control file that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct ControlError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub problem: ControlProblem,
}

/// What can be wrong with a control file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ControlProblem {
    /// The line is no `Name: value`.
    #[error("expected a field, such as `Package: hello`")]
    NoField,
    /// The field is no UTF-8.
    #[error("the field is not UTF-8")]
    NoText,
    /// The stanza is larger than [`MAX_STANZA`].
    #[error("the stanza has more than {MAX_STANZA} bytes")]
    TooLong,
}

#[cfg(test)]
mod tests;
