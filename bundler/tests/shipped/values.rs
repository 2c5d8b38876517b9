//! What values name: images by tags that stay, and no host outside. Those of components' releases and variants, and those that our own
//! charts have by themselves.

use std::collections::BTreeSet;

use manifests::component::ChartSource;
use serde_json::Value;

use super::rules::{excused, is_inside, moves};
use super::{components, shipped};

/// A text in values.
struct Text {
    /// The component, with the chart where that is our own.
    of: String,
    /// The last name on the way to it.
    key: String,
    text: String,
}

fn texts() -> Vec<Text> {
    let mut texts = Vec::new();
    for component in components() {
        for chart in &component.charts {
            for release in chart.release.iter().chain(&chart.carried_as) {
                let all =
                    std::iter::once(&release.values).chain(release.variants.iter().map(|variant| &variant.values));
                for (key, value) in all.flatten() {
                    collect(component.name.as_str(), key, value, &mut texts);
                }
            }
            let ChartSource::Local { path } = &chart.source else { continue };
            let values = shipped("components").join(path).join("values.yaml");
            let values =
                std::fs::read_to_string(&values).unwrap_or_else(|error| panic!("{}: {error}", values.display()));
            collect(
                &format!("{}/{}", component.name, chart.name),
                "",
                &serde_yaml::from_str(&values).unwrap(),
                &mut texts,
            );
        }
    }
    texts
}

fn collect(of: &str, key: &str, value: &Value, texts: &mut Vec<Text>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(of, key, item, texts)),
        Value::Object(fields) => fields.iter().for_each(|(key, field)| collect(of, key, field, texts)),
        Value::String(text) => texts.push(Text { of: of.to_owned(), key: key.to_owned(), text: text.clone() }),
        // A tag without quotes: `3.9`.
        Value::Number(number) => texts.push(Text { of: of.to_owned(), key: key.to_owned(), text: number.to_string() }),
        _ => {}
    }
}

/// The words of a text: values hold whole scripts and settings.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '=' | ',' | '(' | ')' | '[' | ']'))
}

/// Tags that move and are asked for all the same, and why.
const MOVING: &[(&str, &str)] = &[
    ("backstage/backstage-database: ghcr.io/cloudnative-pg/postgresql:17.5", POSTGRESQL),
    (
        "bind9/bind9: docker.io/internetsystemsconsortium/bind9:9.20",
        "ISC publishes lines and no single releases, as far as we know",
    ),
    ("chaos-mesh: docker.io/rancher/mirrored-pause:3.6", "the program that holds a pod has versions of two parts"),
    ("edb-postgres: quay.io/enterprisedb/postgresql:17.2", POSTGRESQL),
    ("kong/kong-database: ghcr.io/cloudnative-pg/postgresql:17.5", POSTGRESQL),
    ("postgresql/postgresql: ghcr.io/cloudnative-pg/postgresql:17.5", POSTGRESQL),
    (
        "trivy-operator: aquasec/trivy-db:2",
        "the version of the database's form; what it stands for is held by the lock",
    ),
];
const POSTGRESQL: &str = "PostgreSQL has versions of two parts";

#[test]
fn values_name_no_tag_that_moves() {
    let mut used = BTreeSet::new();
    for Text { of, key, text } in texts() {
        if key == "tag" && moves(&text) {
            used.insert(format!("{of}: {text}"));
        }
        for word in words(&text) {
            // `host:5000/name`, a URL and `name: value` are no images with a tag.
            let Some((name, tag)) =
                word.rsplit_once(':').filter(|(name, tag)| name.contains('/') && !tag.contains('/'))
            else {
                continue;
            };
            if !name.contains("://") && !word.contains('@') && !tag.is_empty() && moves(tag) {
                used.insert(format!("{of}: {name}:{tag}"));
            }
        }
    }
    excused(&used, MOVING, "tags that name something else tomorrow");
}

/// Registries that images and charts come from: nodes reach them at the site's server, under these names.
const REGISTRIES: &[&str] =
    &["docker.io", "ghcr.io", "mirror.gcr.io", "quay.io", "registry.k8s.io", "xpkg.crossplane.io"];

/// Groups of APIs and names of labels look like hosts: what these end with belongs to Kubernetes or to one of its operators.
const GROUPS: &[&str] = &["kubernetes.io", "k8s.io", "cnpg.io", "cert-manager.io"];

/// Hosts that values name although they are outside, and why that does no harm.
const OUTSIDE: &[(&str, &str)] = &[];

#[test]
fn values_name_no_host_outside() {
    let mut used = BTreeSet::new();
    for Text { of, text, .. } in texts() {
        let hosts = words(&text).filter_map(bare_host).map(str::to_owned).chain(hosts_of_urls(&text));
        used.extend(hosts.map(|host| format!("{of}: {host}")));
    }
    excused(&used, OUTSIDE, "values that point outside");
}

/// The hosts outside of the URLs in a text.
fn hosts_of_urls(text: &str) -> impl Iterator<Item = String> {
    let host = |rest: &str| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')).collect();
    text.split("://").skip(1).map(host).filter(|host: &String| !is_inside(host))
}

/// The host outside that a word names with a port or a path behind it.
fn bare_host(word: &str) -> Option<&str> {
    // Those with a scheme are hosts of URLs.
    let end = word.find([':', '/']).filter(|_| !word.contains("://"))?;
    let (host, rest) = word.split_at(end);
    let has_port = rest.strip_prefix(':').is_some_and(|port| port.starts_with(|c: char| c.is_ascii_digit()));
    let last = host.rsplit_once('.')?.1;
    let is_host = host.split('.').all(|label| {
        let plain = label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        plain && !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
    });
    let is_name = is_host && last.len() >= 2 && last.bytes().all(|byte| byte.is_ascii_lowercase());
    let known = REGISTRIES.contains(&host)
        || is_inside(host)
        || GROUPS
            .iter()
            .any(|group| host == *group || host.strip_suffix(group).is_some_and(|rest| rest.ends_with('.')));
    (is_name && (has_port || rest.starts_with('/')) && !known).then_some(host)
}

#[test]
fn hosts_are_told_from_what_looks_like_them() {
    let urls: Vec<_> = hosts_of_urls("a https://one.com:1/x, http://web.shop.svc and git://two.org").collect();
    assert_eq!(urls, ["one.com", "two.org"]);
    assert_eq!(bare_host("smtp.mail.com:587"), Some("smtp.mail.com"));
    assert_eq!(bare_host("plugins.traefik.io/x"), Some("plugins.traefik.io"));
    for other in ["minio.minio.svc:9000", "ldap.example.org:636", "10.43.0.10:53", "kubernetes.io/hostname", "k8s.io/x"]
    {
        assert_eq!(bare_host(other), None, "{other}");
    }
}
