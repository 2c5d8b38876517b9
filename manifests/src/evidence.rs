//! The evidence of a bundle: which images its charts refer to and where, what became of each, and what was judged on the way.
//! Carried as [`FILE`] in a set of files of its own, so that whoever holds the bundle can read what whoever built it saw.
//!
//! It is written by a build and read from bundles of anybody: the reader takes no more than [`FILE_SIZE`] bytes, and whoever
//! prints a text of it has to mind what stands in it.

mod finding;
mod finding_id;
mod reference;
mod signature;

use std::io;

use jiff::civil::Date;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use finding::{AppliedWaiver, Finding, Severity};
pub use finding_id::FindingId;
pub use reference::{Confidence, Fate, OffImage, Purpose, Reference, SeenObject, Sighting};
pub use signature::{SignedBy, SignedKind, UpstreamSignature};

use crate::lock::Place;
use crate::{BundleName, ImageReference};

/// The version of the format that is written.
pub const VERSION: u64 = 1;
/// The name of the set of files that holds it. No component can have it.
pub const SET: &str = "evidence";
/// The file in the set.
pub const FILE: &str = "evidence.json";
/// The largest evidence that is read, in bytes.
pub const FILE_SIZE: u64 = 64 << 20;

/// What was found out about a bundle when it was built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Evidence {
    /// The version of this format: 1.
    pub version: u64,
    /// What was rendered, in the order of components and charts.
    pub rendered: Vec<RenderedChart>,
    /// The images that are referred to, in the order of their names.
    pub references: Vec<Reference>,
    /// Images that charts know of and do not ask for: not carried for that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub off: Vec<OffImage>,
    /// What people decided about texts that may be images, in the order of the files.
    pub decisions: Vec<Decision>,
    /// What people let pass, in the order of the files; also what meets nothing.
    pub waivers: Vec<Waiver>,
    /// What was found wrong or worth a word, the worst first: nothing of [`Severity::Error`] that is not waived.
    pub findings: Vec<Finding>,
    /// Signatures of upstream that were verified, in the order of kinds and items.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signatures: Vec<UpstreamSignature>,
}

/// A chart that was rendered to find what it refers to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RenderedChart {
    /// The chart's name.
    pub chart: String,
    /// Its version.
    pub version: String,
    /// The component that asks for it.
    pub component: BundleName,
    /// The name of the release; none for a chart that is only carried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// The version of Kubernetes that it was rendered for.
    pub kubernetes: String,
    /// The ways in which it was rendered: its values, and those that only a site decides.
    pub variants: Vec<String>,
}

/// What people decided about a text that may be an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Decision {
    /// The text, as it was seen.
    pub text: String,
    /// What it stands for, if it is carried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageReference>,
    /// Whether it is carried.
    pub carry: bool,
    /// Why.
    pub reason: String,
    /// The only component that it is decided for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<BundleName>,
    /// The only chart that it is decided for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chart: Option<String>,
    /// Where it is decided.
    pub asked: Place,
}

/// Findings that people let pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Waiver {
    /// The id of the findings.
    pub finding: String,
    /// Which objects of theirs; `*` stands for any text.
    pub object: String,
    /// Why.
    pub reason: String,
    /// The last day on which it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// The component that brings it along; none for one of the stack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<BundleName>,
    /// Where it stands.
    pub asked: Place,
    /// How many findings it lets pass.
    pub used: usize,
}

/// A text that is no evidence that can be read.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// It is larger than is read.
    #[error("the evidence has {0} bytes; at most {FILE_SIZE} are read")]
    TooLarge(u64),
    /// It is of another version.
    #[error("the evidence is of version {0}, and only version {VERSION} is known")]
    Version(u64),
    /// It is no evidence.
    #[error("this is no evidence of a bundle")]
    Format(#[from] serde_json::Error),
}

impl Evidence {
    /// Evidence in which nothing stands yet.
    pub fn new() -> Self {
        Self {
            version: VERSION,
            rendered: Vec::new(),
            references: Vec::new(),
            off: Vec::new(),
            decisions: Vec::new(),
            waivers: Vec::new(),
            findings: Vec::new(),
            signatures: Vec::new(),
        }
    }

    /// Reads it.
    ///
    /// # Errors
    /// [`EvidenceError`] for what is too large, of another version, or something else.
    pub fn parse(bytes: &[u8]) -> Result<Self, EvidenceError> {
        Self::read(bytes.len() as u64, || Ok(bytes))
    }

    /// Reads it, `size` bytes long, from where `open` gives it from its start; that is asked twice, so that what is read need not
    /// be held beside what it says.
    ///
    /// # Errors
    /// [`EvidenceError`] for what is too large, of another version, or something else.
    pub fn read<R: io::Read>(size: u64, open: impl Fn() -> io::Result<R>) -> Result<Self, EvidenceError> {
        #[derive(Deserialize)]
        struct Head {
            version: u64,
        }
        if size > FILE_SIZE {
            return Err(EvidenceError::TooLarge(size));
        }
        let Head { version } = json(open())?;
        if version != VERSION {
            return Err(EvidenceError::Version(version));
        }
        json(open())
    }

    /// Writes it: the same bytes for the same evidence.
    pub fn to_json(&self) -> Vec<u8> {
        // Texts, numbers and lists can be written always.
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }
}

fn json<T: DeserializeOwned>(source: io::Result<impl io::Read>) -> Result<T, EvidenceError> {
    let source = source.map_err(serde_json::Error::io)?;
    Ok(serde_json::from_reader(io::BufReader::new(source.take(FILE_SIZE)))?)
}

impl Default for Evidence {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
