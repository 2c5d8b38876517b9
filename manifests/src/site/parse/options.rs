//! What a site asks of its cluster beyond networks: the other fields of `cluster`.

use std::collections::BTreeMap;

use super::words;
use crate::BundleName;
use crate::site::{AuditPolicy, ChartValues, Options, Placed, PodSecurity, PodSecurityLevel, Profile, Snapshots};
use crate::values::{self, refuse_secrets};
use crate::yaml::{Fields, Key, Node as Tree, Problem, Sink, Value};

/// More snapshots than a server has room for.
const MOST_SNAPSHOTS: u16 = 1000;
/// What secrets among values are told.
const SECRETS_HELP: &str = "the values of the distribution's own charts hold no secrets here: let the chart read a Secret that a \
                            component brings; and change it, if this file was shared";

pub(super) fn options(fields: &mut Fields<'_>, sink: &Sink) -> Options {
    let embedded_registry = fields.boolean("embeddedRegistry") == Some(true);
    let secrets_encryption = fields.get("secretsEncryption").and_then(|tree| placed(tree, tree.boolean(sink)));
    let profiles = [("cis", Profile::Cis)];
    let profile = fields.get("profile");
    Options {
        snapshots: fields.get("snapshots").and_then(|tree| placed(tree, snapshots(tree, sink))),
        audit_policy: fields.get("auditPolicy").and_then(|tree| audit_policy(tree, sink)),
        pod_security: fields.get("podSecurity").and_then(|tree| pod_security(tree, sink)),
        profile: profile.and_then(|tree| placed(tree, words::choice(tree, "a profile", &profiles, sink))),
        embedded_registry: fields.key("embeddedRegistry").filter(|_| embedded_registry).cloned(),
        secrets_encryption,
        charts: charts(fields, sink),
    }
}

/// A value with the place where it begins.
fn placed<T>(tree: &Tree, value: Option<T>) -> Option<Placed<T>> {
    value.map(|value| Placed { value, location: tree.head().clone() })
}

/// `false`, or a plan.
fn snapshots(tree: &Tree, sink: &Sink) -> Option<Snapshots> {
    if let Value::Scalar { .. } = tree.value {
        if !tree.boolean(sink)? {
            return Some(Snapshots::Off);
        }
        let problem = Problem::new(&tree.location, "etcd is saved by a plan, or not at all", "by which?");
        sink.add(problem.with_help(
            "write `snapshots: {schedule: \"0 */12 * * *\"}`, or leave it out for the distribution's own plan",
        ));
        return None;
    }
    let mut fields = Fields::of(tree, "the plan of snapshots", sink)?;
    let schedule = fields.get("schedule").and_then(|tree| {
        let schedule = tree.text(sink)?.parse().map_err(|error: crate::site::ScheduleError| {
            let problem = Problem::new(&tree.location, error.to_string(), "this schedule");
            sink.add(
                problem.with_help("write minute, hour, day of the month, month and day of the week: \"0 */12 * * *\""),
            );
        });
        schedule.ok()
    });
    let retention = fields.get("retention").and_then(|tree| tree.count(MOST_SNAPSHOTS, sink));
    let compress = fields.boolean("compress").unwrap_or(false);
    fields.finish();
    Some(Snapshots::Planned { schedule, retention, compress })
}

/// `default`, or a file.
fn audit_policy(tree: &Tree, sink: &Sink) -> Option<AuditPolicy> {
    if let Value::Scalar { .. } = tree.value {
        words::choice(tree, "a policy; one of the site is named as `{file: ./policy.yaml}`", &[("default", ())], sink)?;
        return Some(AuditPolicy::BuiltIn);
    }
    let mut fields = Fields::of(tree, "the audit policy", sink)?;
    let file = fields.required("file", "name the file with the policy, or write `auditPolicy: default`");
    let file = file.and_then(|tree| words::file(tree, sink));
    fields.finish();
    file.map(AuditPolicy::File)
}

fn pod_security(tree: &Tree, sink: &Sink) -> Option<PodSecurity> {
    let levels = [PodSecurityLevel::Privileged, PodSecurityLevel::Baseline, PodSecurityLevel::Restricted];
    let levels = levels.map(|level| (level.as_str(), level));
    let mut fields = Fields::of(tree, "the default of pod security", sink)?;
    let level = fields.required("level", "write `level:` with privileged, baseline or restricted");
    let level = level.and_then(|tree| words::choice(tree, "a level of the Pod Security Standards", &levels, sink));
    let read = |tree, sink: &Sink| Tree::parse(tree, sink).map(|name| (name, tree));
    let exempt = fields.list("exempt", read);
    super::refuse_twice("namespace", &exempt, sink);
    fields.finish();
    Some(PodSecurity { level: level?, exempt: exempt.into_iter().map(|(name, _)| name).collect() })
}

fn charts(fields: &mut Fields<'_>, sink: &Sink) -> BTreeMap<BundleName, ChartValues> {
    let entries = fields.entries("charts", "a mapping of the distribution's charts to their values");
    entries.into_iter().filter_map(|(key, tree)| Some((chart_name(key, sink)?, chart(key, tree, sink)?))).collect()
}

fn chart_name(key: &Key, sink: &Sink) -> Option<BundleName> {
    let named = key.text.parse().map_err(|error: crate::document::NameError| {
        let problem = Problem::new(&key.location, error.to_string(), "this chart");
        sink.add(problem.with_help("write the chart's name as the distribution has it, such as `rke2-coredns`"));
    });
    named.ok()
}

fn chart(key: &Key, tree: &Tree, sink: &Sink) -> Option<ChartValues> {
    let mut fields = Fields::of(tree, "what a site says to a chart", sink)?;
    let said = fields.required("values", "write the chart's values under `values:`");
    fields.finish();
    let said = said?;
    let Value::Map(_) = said.value else { return said.expected("the values (a mapping)", sink) };
    refuse_secrets(said, SECRETS_HELP, sink);
    let serde_json::Value::Object(values) = said.plain(sink)? else { return None };
    if let Err(error) = values::check(&values) {
        let problem = Problem::new(said.head(), error.to_string().replacen("its", "these", 1), "these values");
        sink.add(problem.with_help("say only what differs from the chart's own values"));
        return None;
    }
    Some(ChartValues { values, location: key.location.clone() })
}
