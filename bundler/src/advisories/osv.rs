//! One advisory, as databases have it: <https://ossf.github.io/osv-schema/>.
//!
//! Fields that are of no use here are passed over; those that are there may have any value that their type allows.

use serde::Deserialize;

/// An advisory.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Advisory {
    pub(super) id: String,
    /// Other names of the same.
    pub(super) aliases: Vec<String>,
    /// What this one was made from, such as a distribution's of a CVE.
    pub(super) upstream: Vec<String>,
    /// When it was taken back.
    pub(super) withdrawn: Option<String>,
    pub(super) summary: String,
    pub(super) details: String,
    pub(super) severity: Vec<Severity>,
    pub(super) affected: Vec<Affected>,
    pub(super) database_specific: Option<Words>,
}

/// A score.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Severity {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) score: String,
}

/// What is affected.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Affected {
    pub(super) package: Option<Package>,
    pub(super) ranges: Vec<Range>,
    pub(super) versions: Vec<String>,
    pub(super) severity: Vec<Severity>,
    pub(super) ecosystem_specific: Option<Words>,
    pub(super) database_specific: Option<Words>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Package {
    pub(super) ecosystem: String,
    pub(super) name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Range {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) events: Vec<Event>,
}

/// Exactly one of them is there.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Event {
    pub(super) introduced: Option<String>,
    pub(super) fixed: Option<String>,
    pub(super) last_affected: Option<String>,
}

/// Words for how severe it is, of which each database has its own place.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Words {
    pub(super) severity: serde_json::Value,
    pub(super) urgency: serde_json::Value,
}
