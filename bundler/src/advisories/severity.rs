//! How severe an advisory is.

use serde::Serialize;
use serde_json::Value;

use super::osv::{Advisory, Affected, Severity as Score, Words};

/// How severe an advisory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The database does not say. It may be anything.
    Unknown,
    /// CVSS below 4.
    Low,
    /// CVSS from 4 on.
    Medium,
    /// CVSS from 7 on.
    High,
    /// CVSS from 9 on.
    Critical,
}

impl Severity {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The highest that is said of what is affected: what stands with it goes before what stands with the advisory, words
    /// only count where there is no score.
    pub(super) fn of(advisory: &Advisory, affected: &Affected) -> Self {
        let scores = [&affected.severity, &advisory.severity].map(|scores| scores.iter().filter_map(score).max());
        let of = |words: &Option<Words>| words.as_ref().and_then(word);
        let words = [&affected.ecosystem_specific, &affected.database_specific, &advisory.database_specific].map(of);
        scores.into_iter().chain(words).flatten().next().unwrap_or(Self::Unknown)
    }

    fn named(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "low" | "minor" | "negligible" | "unimportant" => Some(Self::Low),
            "medium" | "moderate" => Some(Self::Medium),
            "high" | "important" => Some(Self::High),
            "critical" => Some(Self::Critical),
            _ => None,
        }
    }
}

/// A vector of CVSS, or a distribution's own word.
fn score(score: &Score) -> Option<Severity> {
    if !score.kind.starts_with("CVSS") {
        return Severity::named(&score.score);
    }
    let vector: cvss::Cvss = score.score.parse().ok()?;
    Some(match vector.severity() {
        cvss::Severity::None | cvss::Severity::Low => Severity::Low,
        cvss::Severity::Medium => Severity::Medium,
        cvss::Severity::High => Severity::High,
        cvss::Severity::Critical => Severity::Critical,
    })
}

fn word(words: &Words) -> Option<Severity> {
    [&words.severity, &words.urgency].into_iter().find_map(|value| Severity::named(Value::as_str(value)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn severity(advisory: &str) -> Severity {
        let advisory: Advisory = serde_json::from_str(advisory).unwrap();
        Severity::of(&advisory, &advisory.affected[0])
    }

    #[test]
    fn scores_go_before_words_and_the_near_before_the_far() {
        let v3 = r#"{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}"#;
        let v4 = r#"{"type": "CVSS_V4", "score": "CVSS:4.0/AV:L/AC:H/AT:P/PR:H/UI:A/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N"}"#;
        assert_eq!(severity(&format!(r#"{{"affected": [{{}}], "severity": [{v3}]}}"#)), Severity::Critical);
        assert_eq!(
            severity(&format!(r#"{{"affected": [{{"severity": [{v4}]}}], "severity": [{v3}]}}"#)),
            Severity::Low
        );
        let words = r#"{"affected": [{}], "database_specific": {"severity": "MODERATE", "cwe_ids": []}}"#;
        assert_eq!(severity(words), Severity::Medium);
        assert_eq!(
            severity(r#"{"affected": [{"ecosystem_specific": {"urgency": "not yet assigned"}}]}"#),
            Severity::Unknown
        );
        assert_eq!(
            severity(r#"{"affected": [{}], "severity": [{"type": "Ubuntu", "score": "high"}]}"#),
            Severity::High
        );
    }
}
