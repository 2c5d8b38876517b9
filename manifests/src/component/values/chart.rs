//! Charts: names, versions and where they come from.

use super::release::Said;
use super::{local_path, url};
use crate::Repository;
use crate::component::constraint::{Constraint, ConstraintError};
use crate::component::{ChartSource, WantedChart};
use crate::yaml::{Fields, Node, Problem, Sink};

/// A chart.
pub(crate) fn chart(node: &Node, sink: &Sink) -> Option<WantedChart> {
    let mut fields = Fields::of(node, "a chart", sink)?;
    let name = fields.required("name", "write the chart's name, as its Chart.yaml has it");
    let location = name.map_or(node.head(), |name| &name.location).clone();
    let name = name.and_then(|node| chart_name(node, sink));
    let (repository, path) = (fields.get("repository"), fields.get("path"));
    let version = fields.get("version").and_then(|node| version_range(node, sink));
    let version_place = fields.key("version");
    let without_discovery = fields.get("withoutDiscovery").and_then(|node| super::judgement::reason(node, sink));
    let Said { install, release } = super::release::release(&mut fields, sink);
    let (release, carried_as) = if install { (Some(release), None) } else { (None, Some(release)) };
    fields.finish();
    let refuse = |problem: Problem, help: &str| {
        sink.add(problem.with_help(help));
        None
    };
    let source = match (repository, path, version_place) {
        (Some(repository), Some(path), _) => {
            let message = "a chart comes from a repository or from disk, not both";
            let problem = Problem::new(&path.location, message, "from disk");
            refuse(problem.with_other(&repository.location, "from a repository"), "keep one of them")
        }
        (None, Some(path), Some(version)) => {
            let problem = Problem::new(version, "a chart on disk has the version of its Chart.yaml", "not needed");
            refuse(problem.with_other(&path.location, "on disk"), "remove `version`")
        }
        (None, Some(path), None) => local_path(path, sink).map(|path| ChartSource::Local { path }),
        (Some(repository), None, Some(_)) => from_repository(repository, name.as_deref(), version, sink),
        (Some(repository), None, None) => {
            let problem = Problem::new(&location, "a chart from a repository needs `version`", "which version?");
            sink.add(problem.with_help("write a version such as `1.2.3`, or a range such as `~1.2`"));
            from_repository(repository, name.as_deref(), None, sink)
        }
        (None, None, _) => refuse(
            Problem::new(&location, "a chart needs `repository` or `path`", "comes from nowhere"),
            "write `repository: https://…` or `repository: oci://…` with a `version`, or `path:` of a folder or .tgz",
        ),
    };
    Some(WantedChart { name: name?, source: source?, release, carried_as, without_discovery, location })
}

fn from_repository(node: &Node, name: Option<&str>, version: Option<Constraint>, sink: &Sink) -> Option<ChartSource> {
    let url = url(node, &["https", "http", "oci"], sink)?;
    if url.scheme() != "oci" {
        return Some(ChartSource::Repository { url, version: version? });
    }
    let host = match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (host, _) => host.unwrap_or_default().to_owned(),
    };
    let path = format!("{}/{}", url.path().trim_matches('/'), name?);
    match Repository::new(&host, path.trim_start_matches('/')) {
        Ok(repository) => Some(ChartSource::Oci { repository, version: version? }),
        Err(error) => {
            let problem = Problem::new(&node.location, error.to_string(), "this repository");
            sink.add(problem.with_help("write `oci://registry/path`, without the chart's name and without a tag"));
            None
        }
    }
}

/// A version or a range of versions.
pub(crate) fn version_range(node: &Node, sink: &Sink) -> Option<Constraint> {
    let text = node.text(sink)?;
    match text.parse() {
        Ok(range) => Some(range),
        Err(ConstraintError { .. }) => {
            let message = format!("`{text}` is not a version or a range of versions");
            let problem = Problem::new(&node.location, message, "this version");
            sink.add(
                problem.with_help("write `1.2.3`, or a range as Helm has them: `~1.2`, `^1.2.3`, `>=1.2, <2`, `1.x`"),
            );
            None
        }
    }
}

/// A chart's name is also a part of its repository's name at the site, so it keeps to that grammar.
pub(crate) fn chart_name(node: &Node, sink: &Sink) -> Option<String> {
    let text = node.text(sink)?;
    if !text.contains('/') && Repository::new("bundle.local", &format!("charts/{text}")).is_ok() {
        return Some(text.to_owned());
    }
    let message = format!("`{text}` is not a chart's name");
    let problem = Problem::new(&node.location, message, "this name");
    sink.add(problem.with_help("a chart's name is lower-case letters and digits with `-`, `.` or `_` between them"));
    None
}
