//! From the tree to a stack.

mod compose;
mod distribution;
mod mirror;
mod system;
mod trust;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{
    ChartVersion, ClientCertificate, ComponentSource, ComponentUse, ImageRemoval, ImageReplacement, RegistrySettings,
    Stack, VariantChoice,
};
use crate::component::{Contents, contents, document, refuse_duplicates, values};
use crate::yaml::{Fields, Key, Node, Problem, Problems, Sink, SourceFile, Value};
use crate::{Platform, Repository};

/// Requests at a time that one registry may be set to at most.
const MAX_CONCURRENCY: u16 = 64;

/// Names of fields in which people would put secrets.
const SECRETS: [&str; 8] =
    ["username", "user", "password", "token", "auth", "credentials", "identityToken", "registryToken"];

/// Names of fields that later versions will give a meaning to.
const RESERVED: [&str; 2] = ["os", "manifests"];

pub(super) fn stack(file: &Arc<SourceFile>) -> Result<Stack, Problems> {
    document(file, "Stack", |fields, sink, name| {
        let version = fields.required("version", "give it a semantic version, such as `version: 1.4.0`");
        let version = version.and_then(|node| semantic_version(node, sink));
        let description = fields.text("description");
        let created = fields.get("created").and_then(|node| timestamp(node, sink));
        let extends = fields.get("extends").map(|node| compose::other_stack(node, sink));
        let include = fields.list("include", compose::other_stack);
        let choose = fields.list("choose", compose::choice);
        let names = choose.iter().map(|choice| (choice.name.to_string(), &choice.location));
        refuse_duplicates("choice", names, sink);
        let choices = compose::choices(fields, sink);
        let without = fields.list("without", compose::left_out);
        let components = fields.list("components", component);
        let Contents { platforms, images, image_lists, charts, files, git, packages } = contents(fields, sink);
        let registries = registries(fields, sink);
        let distribution = fields.get("distribution").map(|node| distribution::distribution(node, sink));
        let provides = values::offers(fields, "provides", "what a site provides", sink);
        let decisions = fields.list("decisions", values::decision_of_stack);
        let waivers = fields.list("waivers", values::waiver);
        let trust = fields.list("trust", trust::rule);
        fields.reserved(&RESERVED);
        let names = components.iter().map(|used| (used.component.to_string(), &used.location));
        refuse_duplicates("component", names, sink);
        let assumed = if platforms.is_empty() { vec![Platform::linux_amd64()] } else { platforms.clone() };
        let systems = fields.list("systems", |node, sink| system::system(node, &assumed, sink));
        let names = systems.iter().map(|system| (system.series.to_string(), &system.location));
        refuse_duplicates("series", names, sink);
        let mirrors = fields.list("mirrors", mirror::mirror);
        let names = mirrors.iter().map(|mirror| (mirror.name.to_string(), &mirror.location));
        refuse_duplicates("mirror", names, sink);
        let (name, location) = name?;
        let version = version?;
        Some(Stack {
            name,
            version,
            description,
            created,
            extends: extends.flatten(),
            include,
            platforms,
            components,
            choose,
            choices,
            without,
            images,
            image_lists,
            charts,
            files,
            git,
            packages,
            systems,
            mirrors,
            distribution: distribution.flatten(),
            provides,
            decisions,
            waivers,
            trust,
            registries,
            location,
        })
    })
}

fn semantic_version(node: &Node, sink: &Sink) -> Option<semver::Version> {
    let text = node.text(sink)?;
    match semver::Version::parse(text) {
        Ok(version) => Some(version),
        Err(error) => {
            let message = format!("`{text}` is not a semantic version: {error}");
            let problem = Problem::new(&node.location, message, "this version");
            let bare = text.strip_prefix('v').filter(|bare| semver::Version::parse(bare).is_ok());
            sink.add(match bare {
                Some(bare) => problem.with_help(format!("write it without `v`: `{bare}`")),
                None => problem.with_help("write three numbers, such as `1.4.0` or `1.4.0-rc.1`"),
            });
            None
        }
    }
}

/// A day (its midnight in UTC), or a time with its zone's offset.
fn timestamp(node: &Node, sink: &Sink) -> Option<Timestamp> {
    let text = node.text(sink)?;
    let day = || text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    let dated = text.len() == "2026-11-21".len();
    let time = if dated { day() } else { text.parse::<Timestamp>().ok() };
    if time.is_none() {
        let message = format!("`{text}` is not a date or time");
        let problem = Problem::new(&node.location, message, "this date");
        sink.add(problem.with_help("write a day (`2026-11-21`) or a time of RFC 3339 (`2026-11-21T08:00:00Z`)"));
    }
    time
}

/// A component: its name or file alone, or a mapping with changes.
pub(super) fn component(node: &Node, sink: &Sink) -> Option<ComponentUse> {
    if let Value::Scalar { .. } = node.value {
        return Some(ComponentUse {
            component: component_source(node, sink)?,
            variant: None,
            add_images: Vec::new(),
            remove_images: Vec::new(),
            replace_images: Vec::new(),
            chart_versions: Vec::new(),
            values: Vec::new(),
            location: node.location.clone(),
        });
    }
    let mut fields = Fields::of(node, "a component's use", sink)?;
    let source = fields.required("component", "name the component, or its file");
    let location = source.map_or(node.head(), |source| &source.location).clone();
    let source = source.and_then(|node| component_source(node, sink));
    let variant = fields.get("variant").map(|node| variant(node, sink));
    let chart_versions = fields.list("charts", chart_version);
    let values = fields.entries("values", "a mapping of releases to their values");
    let values = values.into_iter().filter_map(|(key, node)| distribution::values_change(key, node, sink)).collect();
    let changes = fields.get("images").and_then(|node| Fields::of(node, "a change of images", sink));
    let (mut add_images, mut remove_images, mut replace_images) = (Vec::new(), Vec::new(), Vec::new());
    if let Some(mut changes) = changes {
        add_images = changes.list("add", values::image);
        remove_images = changes.list("remove", |node, sink| {
            Some(ImageRemoval { reference: values::reference(node, sink)?, location: node.location.clone() })
        });
        replace_images = changes.list("replace", replacement);
        changes.finish();
    }
    fields.finish();
    let component = source?;
    let variant = variant.map_or(Some(None), |read| read.map(Some))?;
    Some(ComponentUse {
        component,
        variant,
        add_images,
        remove_images,
        replace_images,
        chart_versions,
        values,
        location,
    })
}

fn variant(node: &Node, sink: &Sink) -> Option<VariantChoice> {
    Some(VariantChoice { name: node.parse(sink)?, location: node.location.clone() })
}

fn component_source(node: &Node, sink: &Sink) -> Option<ComponentSource> {
    let text = node.text(sink)?;
    if text.contains('/') || text.ends_with(".yaml") || text.ends_with(".yml") {
        return values::local_path(node, sink).map(ComponentSource::File);
    }
    node.parse(sink).map(ComponentSource::Name)
}

fn chart_version(node: &Node, sink: &Sink) -> Option<ChartVersion> {
    let mut fields = Fields::of(node, "a change of a chart", sink)?;
    let name = fields.required("name", "name the chart of the component");
    let location = name.map_or(node.head(), |name| &name.location).clone();
    let name = name.and_then(|node| values::chart_name(node, sink));
    let version = fields.required("version", "write the version to take instead");
    let version = version.and_then(|node| values::version_range(node, sink));
    fields.finish();
    Some(ChartVersion { name: name?, version: version?, location })
}

fn replacement(node: &Node, sink: &Sink) -> Option<ImageReplacement> {
    let mut fields = Fields::of(node, "a replacement", sink)?;
    let image = fields.required("image", "name the image that the component asks for");
    let location = image.map_or(node.head(), |image| &image.location).clone();
    let reference = image.and_then(|node| values::reference(node, sink));
    let with = fields.required("with", "name the image to carry instead").and_then(|node| values::image(node, sink));
    fields.finish();
    Some(ImageReplacement { reference: reference?, with: with?, location })
}

fn registries(fields: &mut Fields<'_>, sink: &Sink) -> BTreeMap<String, RegistrySettings> {
    let entries = fields.entries("registries", "a mapping of registries to their settings");
    entries
        .into_iter()
        .filter_map(|(host, node)| Some((registry_host(host, sink)?, registry(host, node, sink)?)))
        .collect()
}

pub(crate) fn registry_host(key: &Key, sink: &Sink) -> Option<String> {
    if Repository::new(&key.text, "any").is_ok() {
        return Some(key.text.clone());
    }
    let problem =
        Problem::new(&key.location, "a registry is named by its host, and its port if it has one", "not a host");
    sink.add(
        problem.with_help("write it as image references have it, such as `quay.io` or `registry.example.org:5000`"),
    );
    None
}

fn registry(host: &Key, node: &Node, sink: &Sink) -> Option<RegistrySettings> {
    let mut fields = Fields::of(node, "a registry", sink)?;
    fields.refuse_secrets(&SECRETS, "use `docker login`, `podman login` or a `config.json` with a credential helper");
    let mirrors = fields.list("mirrors", |node, sink| values::url(node, &["https", "http"], sink));
    let mut path = |name| fields.get(name).map(|node| values::local_path(node, sink));
    let (ca, certificate, key) = (path("ca"), path("clientCert"), path("clientKey"));
    let client = match (certificate, key) {
        (Some(certificate), Some(key)) => {
            certificate.zip(key).map(|(certificate, key)| ClientCertificate { certificate, key })
        }
        (None, None) => None,
        (certificate, _) => {
            let (there, missing) =
                if certificate.is_some() { ("clientCert", "clientKey") } else { ("clientKey", "clientCert") };
            let place = fields.key(there).unwrap_or(&host.location);
            let problem = Problem::new(place, format!("`{there}` needs `{missing}` beside it"), "half of a pair");
            sink.add(problem.with_help(format!("name the PEM file as `{missing}:`")));
            None
        }
    };
    let plain_http = fields.boolean("plainHTTP").unwrap_or(false);
    let insecure_skip_verify = fields.boolean("insecureSkipVerify").unwrap_or(false);
    let concurrency = fields.get("concurrency").and_then(|node| node.count(MAX_CONCURRENCY, sink));
    fields.finish();
    Some(RegistrySettings {
        mirrors,
        ca: ca.flatten(),
        client,
        plain_http,
        insecure_skip_verify,
        concurrency,
        location: host.location.clone(),
    })
}
