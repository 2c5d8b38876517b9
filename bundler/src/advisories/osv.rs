//! One advisory, as databases have it: <https://ossf.github.io/osv-schema/>.
//!
//! Fields that are of no use here are passed over. What has no value may be left out or be `null`: databases do both.

use serde::{Deserialize, Deserializer};

/// An advisory.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Advisory {
    #[serde(deserialize_with = "nullable")]
    pub(super) id: String,
    /// Other names of the same.
    #[serde(deserialize_with = "nullable")]
    pub(super) aliases: Vec<String>,
    /// What this one was made from, such as a distribution's of a CVE.
    #[serde(deserialize_with = "nullable")]
    pub(super) upstream: Vec<String>,
    /// When it was taken back.
    pub(super) withdrawn: Option<String>,
    #[serde(deserialize_with = "nullable")]
    pub(super) summary: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) details: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) severity: Vec<Severity>,
    #[serde(deserialize_with = "nullable")]
    pub(super) affected: Vec<Affected>,
    pub(super) database_specific: Option<Words>,
}

/// A score.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Severity {
    #[serde(rename = "type", deserialize_with = "nullable")]
    pub(super) kind: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) score: String,
}

/// What is affected.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Affected {
    pub(super) package: Option<Package>,
    #[serde(deserialize_with = "nullable")]
    pub(super) ranges: Vec<Range>,
    #[serde(deserialize_with = "nullable")]
    pub(super) versions: Vec<String>,
    #[serde(deserialize_with = "nullable")]
    pub(super) severity: Vec<Severity>,
    pub(super) ecosystem_specific: Option<Words>,
    pub(super) database_specific: Option<Words>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Package {
    #[serde(deserialize_with = "nullable")]
    pub(super) ecosystem: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Range {
    #[serde(rename = "type", deserialize_with = "nullable")]
    pub(super) kind: String,
    #[serde(deserialize_with = "nullable")]
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

fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_null_is_as_if_it_were_not_there() {
        let text = r#"{"id": "A", "aliases": null, "affected": [{"package": null, "ranges": null, "versions": null}],
            "severity": null, "summary": null, "database_specific": null}"#;
        let advisory: Advisory = serde_json::from_str(text).unwrap();
        assert_eq!((advisory.id.as_str(), advisory.affected.len(), advisory.aliases.len()), ("A", 1, 0));
        assert!(serde_json::from_str::<Advisory>(r#"{"id": 7}"#).is_err());
    }
}
