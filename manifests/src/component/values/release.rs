//! How a chart is installed.

mod sets;

use super::local_path;
use crate::component::{ValuesFile, WantedRelease, refuse_duplicates};
use crate::document::{DEFAULT_TIMEOUT, FailurePolicy, LONGEST_TIMEOUT};
use crate::values;
use crate::yaml::{Fields, Node, Problem, Sink};

/// The fields that say how a chart is installed, and nothing of what it refers to.
const FIELDS: [&str; 3] = ["failurePolicy", "timeout", "bootstrap"];

/// What is said of a release of a chart.
pub(super) struct Said {
    /// Whether the chart is installed. One that is only carried is rendered so to see what it refers to.
    pub(super) install: bool,
    /// The release.
    pub(super) release: WantedRelease,
}

/// How a chart is installed, or rendered.
pub(super) fn release(fields: &mut Fields<'_>, sink: &Sink) -> Said {
    let install = fields.boolean("install").unwrap_or(true);
    let name = fields.get("release").and_then(|node| node.parse(sink));
    let namespace = fields.get("namespace").and_then(|node| node.parse(sink));
    let (inline, file) = (fields.get("values"), fields.get("valuesFile"));
    if let (Some(inline), Some(file)) = (inline, file) {
        let problem = Problem::new(&file.location, "values are written here or in a file, not both", "in a file");
        sink.add(problem.with_other(inline.head(), "written here").with_help("keep one of them"));
    }
    let values = inline.and_then(|node| values::mapping(node, sink)).unwrap_or_default();
    let values_file =
        file.and_then(|node| Some(ValuesFile { path: local_path(node, sink)?, location: node.location.clone() }));
    let variants = fields.list("variants", sets::variant);
    refuse_duplicates("variant", variants.iter().map(|set| (set.name.to_string(), &set.location)), sink);
    let site_values = fields.list("siteValues", sets::site_value);
    refuse_duplicates("site value", site_values.iter().map(|value| (value.path.clone(), &value.location)), sink);
    let failure_policy = fields.get("failurePolicy").and_then(|node| failure_policy(node, sink)).unwrap_or_default();
    let timeout = fields.get("timeout").and_then(|node| timeout(node, sink)).unwrap_or(DEFAULT_TIMEOUT);
    let bootstrap = fields.boolean("bootstrap").unwrap_or(false);
    for place in FIELDS.iter().filter(|_| !install).filter_map(|name| fields.key(name)) {
        let problem = Problem::new(place, "this chart is not installed, so this says nothing", "has no meaning");
        sink.add(problem.with_help("remove it, or remove `install: false`"));
    }
    let release = WantedRelease {
        name,
        namespace,
        values,
        variants,
        site_values,
        values_file,
        failure_policy,
        timeout,
        bootstrap,
    };
    Said { install, release }
}

fn failure_policy(node: &Node, sink: &Sink) -> Option<FailurePolicy> {
    match node.text(sink)? {
        "abort" => Some(FailurePolicy::Abort),
        "reinstall" => Some(FailurePolicy::Reinstall),
        other => {
            let shown: String = other.chars().take(80).collect();
            let problem = Problem::new(&node.location, format!("`{shown}` is no policy"), "this word");
            sink.add(problem.with_help(
                "write `abort` (a failed release is left as it is), or `reinstall` (it is uninstalled, with its data \
                 where its custom resources own some, and installed anew)",
            ));
            None
        }
    }
}

/// A time as Go writes it, in whole seconds: `90s`, `10m`, `1h30m`.
fn timeout(node: &Node, sink: &Sink) -> Option<u32> {
    let text = node.text(sink)?;
    let seconds = seconds(text).filter(|seconds| (1..=LONGEST_TIMEOUT).contains(seconds));
    if seconds.is_none() {
        let shown: String = text.chars().take(80).collect();
        let problem = Problem::new(&node.location, format!("`{shown}` is not a time to wait for"), "this time");
        sink.add(problem.with_help("write hours, minutes and seconds, such as `90s`, `10m` or `1h30m`; at most `24h`"));
    }
    seconds
}

fn seconds(text: &str) -> Option<u32> {
    let mut rest = text;
    let mut sum = 0_u32;
    for (unit, length) in [('h', 3600), ('m', 60), ('s', 1)] {
        if let Some((number, after)) = rest.split_once(unit) {
            let good = (1..=6).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
            let number: u32 = number.parse().ok().filter(|_| good)?;
            sum = sum.checked_add(number.checked_mul(length)?)?;
            rest = after;
        }
    }
    Some(sum).filter(|_| rest.is_empty() && !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn times_are_hours_minutes_and_seconds_in_this_order() {
        for (text, read) in [("90s", 90), ("10m", 600), ("1h30m", 5400), ("1h1m1s", 3661), ("24h", 86_400)] {
            assert_eq!(seconds(text), Some(read), "{text}");
        }
        for text in ["", "10", "m", "1m1h", "1.5h", "-1s", "1 m", "1ms", "1s1s", "9999999h", "999999h9"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
