//! YAML as charts have it: tolerant, so that no document is lost for an oddity.
//!
//! Helm reads YAML 1.1 with a parser of its own. Here every scalar stays the text that was written, a plain `=` included; of a
//! key that is given twice both values are kept, merge keys are merged, and tags are taken as they come. What can't be read even so is
//! reported by its line, and its text is looked through all the same.

mod builder;
mod merge;
mod split;

pub(super) use builder::Reader;
pub(super) use split::{Chunk, chunks};

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Tree {
    /// Text as it is written.
    Scalar(Scalar),
    List(Vec<Tree>),
    Map(Vec<Entry>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scalar {
    pub(super) text: String,
    /// Whether it has no quotes, so that it may be a number, a truth value or nothing.
    pub(super) plain: bool,
}

/// An entry of a mapping.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) value: Tree,
    /// Whether the same key is given again further down, whose value counts.
    pub(super) shadowed: bool,
}

impl Tree {
    /// The value of a key, if this is a mapping that has it.
    pub(super) fn get(&self, key: &str) -> Option<&Tree> {
        self.entries().iter().find(|entry| entry.key == key && !entry.shadowed).map(|entry| &entry.value)
    }

    /// The value at the end of several keys.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Tree> {
        path.iter().try_fold(self, |tree, key| tree.get(key))
    }

    /// The entries of a mapping; none of anything else.
    pub(super) fn entries(&self) -> &[Entry] {
        if let Self::Map(entries) = self { entries } else { &[] }
    }

    /// The items of a list; none of anything else.
    pub(super) fn items(&self) -> &[Tree] {
        if let Self::List(items) = self { items } else { &[] }
    }

    /// Text, unless it is nothing (`null`, `~`) or no scalar.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Scalar(Scalar { text, plain: true })
                if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL") =>
            {
                None
            }
            Self::Scalar(scalar) => Some(&scalar.text),
            _ => None,
        }
    }

    /// The text of a key's value.
    pub(super) fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key)?.text()
    }

    /// Whether it is a plain `true`.
    pub(super) fn is_true(&self) -> bool {
        matches!(self, Self::Scalar(Scalar { text, .. }) if text.eq_ignore_ascii_case("true"))
    }
}

/// Reads all documents of a text, usually one.
///
/// # Errors
/// Why it can't be read, for people.
pub(super) fn read(text: &str) -> Result<Vec<Tree>, String> {
    Reader::of(text).read(text)
}
