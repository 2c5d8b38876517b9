//! The names that charts have at the site.

use manifests::lock::{FoundChart, LockedChart};
use manifests::reference::ReferenceError;
use manifests::{ImageReference, Repository};
use url::Url;

use crate::charts::metadata::Metadata;

/// A local chart: `bundle.local/charts/<name>:<version>`.
pub(super) fn local(metadata: &Metadata) -> Result<ImageReference, ReferenceError> {
    local_named(&metadata.name, &metadata.tag())
}

fn local_named(name: &str, tag: &str) -> Result<ImageReference, ReferenceError> {
    ImageReference::with_tag(Repository::new("bundle.local", &format!("charts/{name}"))?, tag)
}

/// The name of a chart that a lock names.
pub(crate) fn of_locked(chart: &LockedChart) -> Result<ImageReference, ReferenceError> {
    // A `+` can't stand in a tag.
    let tag = chart.version.replace('+', "_");
    match (&chart.found, chart.from.parse::<Url>()) {
        (Some(FoundChart::Artifact(artifact)), Ok(from)) if from.scheme() == "oci" => Ok(artifact.reference.clone()),
        (Some(_), Ok(repository)) => of_named(&repository, &chart.chart, &tag),
        _ => local_named(&chart.chart, &tag),
    }
}

/// A chart of a chart repository: `<host>/<path>/<name>:<version>`.
pub(super) fn of_repository(url: &Url, metadata: &Metadata) -> Result<ImageReference, ReferenceError> {
    of_named(url, &metadata.name, &metadata.tag())
}

fn of_named(url: &Url, name: &str, tag: &str) -> Result<ImageReference, ReferenceError> {
    let host = url.host_str().unwrap_or_default();
    let registry = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let parts = url.path().split('/').chain([name]);
    let path: Vec<String> = parts.map(component).filter(|part| !part.is_empty()).collect();
    ImageReference::with_tag(Repository::new(&registry, &path.join("/"))?, tag)
}

/// A part of a path in the narrower grammar of repository names: lower case, everything else to `-`.
fn component(part: &str) -> String {
    let mut name = String::new();
    for c in part.chars().flat_map(char::to_lowercase) {
        let separator = !(c.is_ascii_lowercase() || c.is_ascii_digit());
        if separator && (name.is_empty() || name.ends_with(['-', '.', '_'])) {
            continue;
        }
        name.push(if separator && !matches!(c, '.' | '_') { '-' } else { c });
    }
    name.trim_end_matches(['-', '.', '_']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_follows_the_repository_s_url() {
        let metadata = Metadata::parse(b"name: demo\nversion: v1.2.3+b\n", None).unwrap();
        for (url, name) in [
            ("https://kubernetes.github.io/ingress-nginx", "kubernetes.github.io/ingress-nginx/demo:v1.2.3_b"),
            ("https://charts.jetstack.io", "charts.jetstack.io/demo:v1.2.3_b"),
            ("http://127.0.0.1:8080/a//b/", "127.0.0.1:8080/a/b/demo:v1.2.3_b"),
            ("https://host/api/Helm_Repo/~x/%20y", "host/api/helm_repo/x/20y/demo:v1.2.3_b"),
        ] {
            assert_eq!(of_repository(&url.parse().unwrap(), &metadata).unwrap().to_string(), name);
        }
        assert_eq!(local(&metadata).unwrap().to_string(), "bundle.local/charts/demo:v1.2.3_b");
    }
}
