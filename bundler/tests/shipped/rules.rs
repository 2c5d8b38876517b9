//! What holds for every component that comes with the software.

use std::collections::{BTreeMap, BTreeSet};

use manifests::Component;
use manifests::component::{ChartSource, Constraint};

use super::{components, shipped};

fn text_of(component: &Component) -> String {
    std::fs::read_to_string(shipped("components").join(format!("{}.yaml", component.name))).unwrap()
}

/// All components that break a rule, told together.
fn nothing(broken: &[String], rule: &str) {
    assert!(broken.is_empty(), "{rule}:\n  {}", broken.join("\n  "));
}

/// What is in use must be excused, and what is excused must be in use.
pub(crate) fn excused(used: &BTreeSet<String>, excuses: &[(&str, &str)], rule: &str) {
    let is_known = |one: &&String| excuses.iter().any(|(known, _)| known == *one);
    let new: Vec<_> = used.iter().filter(|one| !is_known(one)).collect();
    assert!(new.is_empty(), "{rule}: {new:#?}");
    let gone: Vec<_> = excuses.iter().filter(|(known, _)| !used.contains(*known)).collect();
    assert!(gone.is_empty(), "exceptions that nothing needs any more: {gone:#?}");
}

#[test]
fn people_are_told_what_it_is_and_under_which_licence() {
    let about = |component: &Component| {
        let about = &component.about;
        component.description.is_some() && component.version.is_some() && !about.licenses.is_empty()
    };
    let broken =
        components().iter().filter(|component| !about(component)).map(|one| one.name.to_string()).collect::<Vec<_>>();
    nothing(&broken, "without a description, a version or a licence");
}

#[test]
fn needs_go_round_in_no_circle_and_are_there() {
    let components = components();
    let needs: BTreeMap<&str, Vec<&str>> = components
        .iter()
        .map(|one| (one.name.as_str(), one.deployment.needs.iter().map(|need| need.component.as_str()).collect()))
        .collect();
    let mut done = BTreeSet::new();
    let mut waiting: Vec<&str> = needs.keys().copied().collect();
    while let Some(at) = waiting.iter().position(|name| needs[name].iter().all(|need| done.contains(need))) {
        done.insert(waiting.remove(at));
    }
    let broken = waiting.iter().map(|name| format!("{name} needs {}", needs[name].join(", "))).collect::<Vec<_>>();
    nothing(&broken, "in a circle, or in need of what is not there");
}

#[test]
fn nothing_floats() {
    let mut broken = BTreeSet::new();
    for component in components() {
        for chart in &component.charts {
            if let ChartSource::Repository { version, .. } | ChartSource::Oci { version, .. } = &chart.source
                && !is_exact(version)
            {
                broken.insert(format!("{}: chart {} {version}", component.name, chart.name));
            }
        }
        for image in &component.images {
            if image.reference.digest().is_none() && image.reference.tag().is_none_or(moves) {
                broken.insert(format!("{}: {}", component.name, image.reference));
            }
        }
    }
    excused(&broken, MOVING, "tags and ranges that name something else tomorrow");
}

/// Whether a tag names another image each time that upstream publishes: a word, or a version without its last part.
pub(crate) fn moves(tag: &str) -> bool {
    let version = tag.strip_prefix('v').unwrap_or(tag);
    let is_short = version.split('.').count() < 3 && version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    is_short || matches!(tag, "latest" | "main" | "master" | "edge" | "stable")
}

/// Tags that move and are asked for all the same, and why.
const MOVING: &[(&str, &str)] = &[
    ("chaos-mesh: docker.io/rancher/mirrored-pause:3.6", PAUSE),
    ("cloudnative-pg: ghcr.io/cloudnative-pg/postgresql:17.5", "PostgreSQL has versions of two parts"),
    ("harbor: mirror.gcr.io/aquasec/trivy-db:2", DATABASE),
    ("harbor: mirror.gcr.io/aquasec/trivy-java-db:1", DATABASE),
    ("k3s: docker.io/rancher/mirrored-pause:3.6", PAUSE),
    ("rke2: docker.io/rancher/mirrored-pause:3.6", PAUSE),
    ("rke2-1-26: docker.io/rancher/pause:3.6", PAUSE),
    ("rke2-1-30-3: docker.io/rancher/mirrored-pause:3.6", PAUSE),
    ("trivy-operator: mirror.gcr.io/aquasec/trivy-db:2", DATABASE),
];
const PAUSE: &str = "the program that holds a pod has versions of two parts";
const DATABASE: &str = "the version of the database's form; what it stands for is held by the lock";

fn is_exact(version: &Constraint) -> bool {
    let text = version.to_string();
    semver::Version::parse(text.trim_start_matches('v')).is_ok()
}

/// An image that is listed is one that discovery does not see: somebody has to say how it is known.
#[test]
fn every_image_that_is_listed_has_its_reason() {
    let mut broken = Vec::new();
    for component in components() {
        let text = text_of(&component);
        let lines: Vec<&str> = text.lines().collect();
        for image in &component.images {
            let at = image.location.line();
            // A comment stands above the first of those that it is about.
            let mut above = lines[..at - 1].iter().rev().skip_while(|line| is_item(line));
            let above = above.find(|line| !matches!(**line, "images:" | "artifacts:"));
            if !above.is_some_and(|line| line.trim_start().starts_with('#')) {
                broken.push(format!("{}.yaml:{at}: {}", component.name, image.reference));
            }
        }
    }
    nothing(&broken, "images without a comment above that says why they are listed");
}

/// Whether a line is an image of the list, or an option of one.
fn is_item(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("- ")
        || line.starts_with("from:")
        || line.starts_with("platforms:")
        || line.starts_with("attachments:")
}

/// Hosts in values that stand for something else than a place outside, and why.
const INSIDE: &[(&str, &str)] = &[
    (".svc", "services of the cluster"),
    (".svc.cluster.local", "services of the cluster"),
    (".cluster.local", "services of the cluster"),
    (".example.org", "a placeholder that a site replaces"),
    (".invalid", "a placeholder that a site replaces"),
    (".internal", "a host of the site"),
];

/// Whether a host stands for something else than a place outside.
pub(crate) fn is_inside(host: &str) -> bool {
    let local = !host.contains('.') || host.parse::<std::net::IpAddr>().is_ok();
    local || host == "example.org" || INSIDE.iter().any(|(ending, _)| host.ends_with(ending))
}

#[test]
fn what_a_class_is_wanted_from_is_brought_by_some_component() {
    let components = components();
    let brought: BTreeSet<String> = components
        .iter()
        .flat_map(|one| one.provides.storage_classes.iter().chain(&one.provides.ingress_classes))
        .map(|offer| offer.name.to_string())
        .collect();
    let mut broken = Vec::new();
    for component in &components {
        let wants = component.wants.storage_classes.iter().chain(&component.wants.ingress_classes);
        let unmet =
            wants.map(|offer| offer.name.to_string()).filter(|name| name != "(default)" && !brought.contains(name));
        broken.extend(unmet.map(|name| format!("{}: {name}", component.name)));
    }
    nothing(&broken, "classes that no component brings");
}
