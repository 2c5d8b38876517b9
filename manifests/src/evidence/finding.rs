//! What is wrong with what a bundle refers to, or worth a word.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::lock::Place;

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Finding {
    /// What kind of finding it is, such as `image-undecided`: the word that a waiver names.
    pub id: String,
    /// How bad it is.
    pub severity: Severity,
    /// What it is about, such as an image: the word that a waiver's pattern has to fit.
    pub object: String,
    /// What is wrong, in a sentence.
    pub message: String,
    /// The line of the stack or the component that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Place>,
    /// The places in what was rendered that it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<String>,
    /// Why it matters.
    pub why: String,
    /// How to mend it, or to let it pass.
    pub help: String,
    /// What lets it pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waived: Option<AppliedWaiver>,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// No bundle is built, unless it is waived.
    Error,
    /// It is told.
    Warning,
    /// It is written down.
    Note,
}

/// A waiver that lets a finding pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AppliedWaiver {
    /// Why.
    pub reason: String,
    /// The last day on which it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// Where it stands.
    pub asked: Place,
}

impl Finding {
    /// Whether no bundle can be built with it.
    pub fn is_refusal(&self) -> bool {
        self.severity == Severity::Error && self.waived.is_none()
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        })
    }
}
