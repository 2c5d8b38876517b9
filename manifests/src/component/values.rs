//! The values of a component's lists. Each reader tells the sink what is wrong and gives none then.

mod about;
mod chart;
mod file;
mod git;
mod image;
mod image_list;
mod judgement;
mod offers;
mod package;
mod platform;
mod release;

use std::path::PathBuf;

use url::Url;

pub(crate) use about::{about, kernel};
pub(crate) use chart::{chart, chart_name, version_range};
pub(crate) use file::{file, refuse_lost_checksums};
pub(crate) use git::git;
pub(crate) use image::{image, reference};
pub(crate) use image_list::image_list;
pub(crate) use judgement::{decision_of_component, decision_of_stack, waiver};
pub(crate) use offers::offers;
pub(crate) use package::{architecture, component_repository, mirrored_repository, package, series, system_repository};
pub(crate) use platform::platform;

use crate::yaml::{Node, Problem, Sink, is_secret};

/// A path on the disk of whoever builds, as written.
pub(crate) fn local_path(node: &Node, sink: &Sink) -> Option<PathBuf> {
    let text = node.text(sink)?;
    let problem = if text.is_empty() {
        "an empty path names nothing"
    } else if text.contains("://") {
        "expected a path on disk, found a URL"
    } else if text.starts_with('~') || text.contains('$') {
        "`~` and variables are not replaced in paths"
    } else if text.chars().any(char::is_control) {
        "a path has no control characters"
    } else {
        return Some(PathBuf::from(text));
    };
    sink.add(Problem::new(&node.location, problem, "this path").with_help("paths are relative to this file's folder"));
    None
}

/// A URL of one of the schemes. One with credentials is refused without being repeated.
pub(crate) fn url(node: &Node, schemes: &[&str], sink: &Sink) -> Option<Url> {
    let text = node.text(sink)?;
    let schemes = schemes.iter().map(|scheme| format!("`{scheme}://`")).collect::<Vec<_>>();
    let expected = schemes.join(" or ");
    let problem = match Url::parse(text) {
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            Problem::new(&node.location, "a URL here must not hold credentials", "credentials inside").with_help(
                "remove them (and change them, if this file was shared); \
                 for registries use `docker login` or `config.json`, for web servers ~/.netrc",
            )
        }
        Ok(url) if url.query_pairs().any(|(name, _)| is_secret(&name)) => {
            Problem::new(&node.location, "a URL here must not hold credentials", "a secret in its query").with_help(
                "name a URL that needs none; one that was signed for a while would not work for the next build either",
            )
        }
        Ok(url) if !schemes.contains(&format!("`{}://`", url.scheme())) => {
            Problem::new(&node.location, format!("expected a URL with {expected}"), "this scheme is not read")
        }
        Ok(url) if url.host_str().is_none_or(str::is_empty) => {
            Problem::new(&node.location, "this URL names no host", "no host")
        }
        Ok(url) => return Some(url),
        Err(error) => {
            let problem = Problem::new(&node.location, format!("this is not a URL: {error}"), "not a URL");
            problem.with_help(format!("it begins with {expected}"))
        }
    };
    sink.add(problem);
    None
}
