//! Whether a version is affected: <https://ossf.github.io/osv-schema/#evaluation>.

use std::cmp::Ordering;

use super::osv::{Affected, Event, Range};
use super::version::compare;
use crate::sbom::inventory::PackageType;

/// The version that is before all others.
const BEFORE_ALL: &str = "0";

/// What an advisory says of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is affected; the versions that mend it.
    Affected { fixed: Vec<String> },
    /// It is not.
    Fine,
    /// Versions can't be compared.
    Unclear,
}

/// Judges a version.
pub(super) fn judge(kind: &PackageType, version: &str, affected: &Affected) -> Verdict {
    let is = |other: &String| other == version || compare(kind, other, version) == Some(Ordering::Equal);
    // What is said of commits means nothing here.
    let ranges = || affected.ranges.iter().filter(|range| range.kind != "GIT");
    let fixed: Vec<String> = ranges()
        .flat_map(|range| &range.events)
        .filter_map(|event| event.fixed.clone())
        .filter(|fixed| compare(kind, fixed, version) != Some(Ordering::Less))
        .collect();
    if affected.versions.iter().any(is) {
        return Verdict::Affected { fixed };
    }
    let verdicts: Vec<Option<bool>> = ranges().map(|range| is_within(kind, version, range)).collect();
    if verdicts.contains(&Some(true)) {
        return Verdict::Affected { fixed };
    }
    // Where all versions are listed, what is not listed is fine, whatever can't be compared.
    if verdicts.contains(&None) && affected.versions.is_empty() { Verdict::Unclear } else { Verdict::Fine }
}

/// Whether a version is in a range; none where it can't be told.
///
/// What holds is said by the last event that the version has reached. Events are not sorted: what a stranger calls versions
/// need have no order, and a sort that is given none may stop the program.
fn is_within(kind: &PackageType, version: &str, range: &Range) -> Option<bool> {
    let mut last: Option<(&str, Change)> = None;
    for (at, change) in range.events.iter().filter_map(change) {
        let order = if at == BEFORE_ALL { Ordering::Greater } else { compare(kind, version, at)? };
        let reached = if change == Change::AfterLast { order.is_gt() } else { order.is_ge() };
        if reached && last.map_or(Some(true), |last| is_later(kind, (at, change), last))? {
            last = Some((at, change));
        }
    }
    Some(matches!(last, Some((_, Change::Introduced))))
}

/// Whether an event is not before another. An end stands before a beginning at the same version.
fn is_later(kind: &PackageType, (at, change): (&str, Change), (other, before): (&str, Change)) -> Option<bool> {
    let order = match (at == BEFORE_ALL, other == BEFORE_ALL) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => compare(kind, at, other)?,
    };
    Some(order.then(change.cmp(&before)).is_ge())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    Fixed,
    AfterLast,
    Introduced,
}

fn change(event: &Event) -> Option<(&str, Change)> {
    let Event { introduced, fixed, last_affected } = event;
    let introduced = introduced.as_deref().map(|at| (at, Change::Introduced));
    let fixed = fixed.as_deref().map(|at| (at, Change::Fixed));
    introduced.or(fixed).or_else(|| Some((last_affected.as_deref()?, Change::AfterLast)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(kind: &PackageType, version: &str, affected: &str) -> Verdict {
        judge(kind, version, &serde_json::from_str(affected).unwrap())
    }

    fn is_affected(kind: &PackageType, version: &str, affected: &str) -> bool {
        matches!(verdict(kind, version, affected), Verdict::Affected { .. })
    }

    const DEB: &str = r#"{"ranges": [{"type": "ECOSYSTEM", "events": [{"fixed": "1:2.0-1"}, {"introduced": "0"}]}]}"#;

    #[test]
    fn a_range_ends_before_what_mends_it() {
        for (version, expected) in
            [("9.0-1", true), ("1:1.9-9", true), ("1:2.0~rc1-1", true), ("1:2.0-1", false), ("2:0", false)]
        {
            assert_eq!(is_affected(&PackageType::Deb, version, DEB), expected, "{version}");
        }
        let fixed = Verdict::Affected { fixed: vec!["1:2.0-1".to_owned()] };
        assert_eq!(verdict(&PackageType::Deb, "1.0", DEB), fixed);
    }

    #[test]
    fn ranges_follow_each_other_and_the_last_that_is_affected_is() {
        let two = r#"{"ranges": [{"type": "SEMVER", "events": [{"introduced": "1.0.0"}, {"fixed": "1.2.3"},
            {"introduced": "2.0.0"}, {"last_affected": "2.4.0"}]}]}"#;
        for (version, expected) in [
            ("0.9.0", false),
            ("1.0.0", true),
            ("v1.2.2", true),
            ("1.2.3", false),
            ("2.0.0-rc.1", false),
            ("2.4.0", true),
            ("2.4.1", false),
        ] {
            assert_eq!(is_affected(&PackageType::Golang, version, two), expected, "{version}");
        }
    }

    #[test]
    fn events_without_an_order_are_no_reason_to_stop() {
        let events = (0..200).map(|n| match n % 3 {
            0 => format!(r#"{{"introduced": "{n}.0.0"}}"#),
            1 => format!(r#"{{"fixed": "no version {n}"}}"#),
            _ => format!(r#"{{"last_affected": "{}.0.0"}}"#, 400 - n),
        });
        let events = events.collect::<Vec<_>>().join(", ");
        let range = format!(r#"{{"ranges": [{{"type": "ECOSYSTEM", "events": [{events}]}}]}}"#);
        assert_eq!(verdict(&PackageType::Npm, "7.0.0", &range), Verdict::Unclear);
    }

    #[test]
    fn an_end_at_the_version_of_a_beginning_is_before_it() {
        for events in [
            r#"{"introduced": "0"}, {"fixed": "2.0.0"}, {"introduced": "2.0.0"}"#,
            r#"{"introduced": "2.0.0"}, {"fixed": "2.0.0"}, {"introduced": "0"}"#,
        ] {
            let range = format!(r#"{{"ranges": [{{"type": "SEMVER", "events": [{events}]}}]}}"#);
            assert!(is_affected(&PackageType::Npm, "2.0.0", &range), "{events}");
        }
    }

    #[test]
    fn listed_versions_count_and_commits_do_not() {
        let listed = r#"{"versions": ["1.0", "1.1"], "ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]}"#;
        assert!(is_affected(&PackageType::Pypi, "1.0.0", listed));
        assert!(!is_affected(&PackageType::Pypi, "1.2", listed));
        let gem = PackageType::Other("gem".to_owned());
        assert!(is_affected(&gem, "1.1", listed));
        let ranged = r#"{"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "1"}]}]}"#;
        assert_eq!(verdict(&gem, "2", ranged), Verdict::Unclear);
        assert_eq!(verdict(&PackageType::Npm, "no version", ranged), Verdict::Unclear);
    }
}
