//! A node's clock.

use super::{Area, Check, Outcome, Scene, Seen};

/// By how many milliseconds clocks may differ before it is worth a look (Gravity's limit),
const SKEW_WARN: i64 = 300;
/// and before tokens and leases go wrong (Sealos's limit).
const SKEW_FAIL: i64 = 5_000;

const TIME: Area = Area::Time;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "clock-synchronised",
        area: TIME,
        strict: false,
        about: "the clock follows another one",
        remedy: "name the site's time server in chrony's or systemd-timesyncd's configuration",
        fix: None,
        judge: |_, seen| match seen.facts.synchronised {
            Some(true) => Outcome::Pass,
            Some(false) => Outcome::Warn("the clock follows no other".to_owned()),
            None => Outcome::unknown("whether the clock follows another"),
        },
    },
    Check {
        id: "clock-jump-host",
        area: TIME,
        strict: false,
        about: "the clock differs from the jump host's by 5 s at most; over 300 ms is a warning",
        remedy: "set the clock that is wrong: the node's, or the jump host's",
        fix: None,
        judge: |_, seen| match seen.clock {
            Some(clock) => skew(clock.ahead(), "the jump host"),
            None => Outcome::unknown("the time"),
        },
    },
    Check {
        id: "clock-nodes",
        area: TIME,
        strict: false,
        about: "the clocks of all nodes differ by 5 s at most; over 300 ms is a warning",
        remedy: "let all nodes follow the same time server",
        fix: None,
        judge: nodes,
    },
    Check {
        id: "clock-bundle",
        area: TIME,
        strict: true,
        about: "the clock is not before the bundle's date: certificates made now would not be valid yet",
        remedy: "set the clock",
        fix: None,
        judge: bundle,
    },
];

fn skew(milliseconds: i64, than: &str) -> Outcome {
    let seconds = milliseconds.unsigned_abs() as f64 / 1000.0;
    let found = format!("{seconds:.1} s {} {than}", if milliseconds > 0 { "ahead of" } else { "behind" });
    match milliseconds.saturating_abs() {
        off if off > SKEW_FAIL => Outcome::Fail(found),
        off if off > SKEW_WARN => Outcome::Warn(found),
        _ => Outcome::Pass,
    }
}

/// Compares with the node whose clock differs most.
fn nodes(scene: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    let Some(own) = seen.clock else { return Outcome::unknown("the time") };
    let others = scene.nodes.iter().filter_map(|other| Some((own.ahead() - other.clock?.ahead(), other)));
    match others.max_by_key(|(off, _)| off.saturating_abs()) {
        Some((off, other)) => skew(off, other.node.name.as_str()),
        None => Outcome::Pass,
    }
}

fn bundle(scene: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    let (Some(bundle), Some(clock)) = (scene.bundle, seen.clock) else { return Outcome::Pass };
    if clock.node >= bundle.created.as_millisecond() {
        return Outcome::Pass;
    }
    let now = jiff::Timestamp::from_millisecond(clock.node).map_or_else(|_| "long ago".to_owned(), |t| t.to_string());
    Outcome::Fail(format!("it is {now} there, and the bundle is of {}", bundle.created))
}
