//! What can be wrong with a package's stanza.

use crate::debian::control::{ControlError, Field};
use crate::word::excerpt;

/// A stanza that is no package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackageError {
    /// The stanza can't be read.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// A field that has to be there is not.
    #[error("line {line}: the package has no field `{field}`")]
    Missing {
        /// The stanza's line, from 1.
        line: usize,
        /// The field.
        field: &'static str,
    },
    /// Two fields have one name: readers differ in which they take.
    #[error("line {line}: the field `{field}` is there twice")]
    Twice {
        /// The second one's line, from 1.
        line: usize,
        /// The field.
        field: String,
    },
    /// A field has a value that it can't have.
    #[error("line {line}: `{value}` can't be the value of the field `{field}`")]
    Value {
        /// The field's line, from 1.
        line: usize,
        /// The field.
        field: String,
        /// The start of its value.
        value: String,
    },
}

impl PackageError {
    pub(super) fn twice(field: &Field<'_>) -> Self {
        Self::Twice { line: field.line, field: excerpt(field.name) }
    }

    pub(super) fn value(field: &Field<'_>) -> Self {
        Self::Value { line: field.line, field: excerpt(field.name), value: excerpt(field.value) }
    }
}
