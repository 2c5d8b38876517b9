//! Files: their paths, digests and where they come from.

use super::{local_path, url};
use crate::Digest;
use crate::component::{FileSource, WantedFile};
use crate::document::check_path;
use crate::yaml::{Fields, Location, Node, Problem, Sink, Value};

/// A file.
pub(crate) fn file(node: &Node, sink: &Sink) -> Option<WantedFile> {
    let mut fields = Fields::of(node, "a file", sink)?;
    let path = fields.required("path", "write the path under which the site will have it");
    let location = path.map_or(node.head(), |path| &path.location).clone();
    let path = path.and_then(|node| carried_path(node, sink));
    let source = source(&mut fields, Needs { what: "a file", digest: false }, &location, sink);
    let checksums = fields.get("checksums").map(|node| carried_path(node, sink));
    fields.finish();
    let checksums = checksums.map_or(Some(None), |read| read.map(Some));
    Some(WantedFile { path: path?, source: source?, checksums: checksums?, location })
}

/// Refuses lists of checksums that are not among the files.
pub(crate) fn refuse_lost_checksums(files: &[WantedFile], sink: &Sink) {
    for file in files {
        let Some(list) = &file.checksums else { continue };
        if *list == file.path || !files.iter().any(|other| other.path == *list) {
            let message = format!("`{}` is held against `{list}`, which is no other file beside it", file.path);
            let problem = Problem::new(&file.location, message, "its list is not here");
            sink.add(
                problem.with_help("`checksums` is the `path` of a file of the same component, which holds the SHA-256"),
            );
        }
    }
}

/// What needs a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Needs {
    /// What it is.
    pub(super) what: &'static str,
    /// Whether a URL alone will not do.
    pub(super) digest: bool,
}

/// Where a file comes from: the fields `url` or `file`, with `sha256`, of what stands at `location`.
pub(super) fn source(fields: &mut Fields<'_>, needs: Needs, location: &Location, sink: &Sink) -> Option<FileSource> {
    let Needs { what, digest: needs_digest } = needs;
    let (address, local) = (fields.get("url"), fields.get("file"));
    let sha256 = fields.get("sha256").and_then(|node| digest(node, sink));
    // A digest that can't be read is among the problems, so the file is refused all the same.
    match (address, local) {
        (Some(address), Some(local)) => {
            let message = format!("{what} comes from a URL or from disk, not both");
            let problem = Problem::new(&local.location, message, "from disk");
            sink.add(problem.with_other(&address.location, "from a URL").with_help("keep one of them"));
            None
        }
        (Some(address), None) => {
            if needs_digest && fields.key("sha256").is_none() {
                let message = format!("{what} from a URL needs `sha256`");
                let problem = Problem::new(&address.location, message, "may change any time");
                sink.add(problem.with_help("download it, check it, and write what `sha256sum` prints as `sha256:`"));
            }
            url(address, &["https", "http"], sink).map(|url| FileSource::Url { url, sha256 })
        }
        (None, Some(local)) => local_path(local, sink).map(|path| FileSource::Local { path, sha256 }),
        (None, None) => {
            let problem = Problem::new(location, format!("{what} needs `url` or `file`"), "comes from nowhere");
            sink.add(problem.with_help("write `url:` with `sha256:`, or `file:` with a path on disk"));
            None
        }
    }
}

fn carried_path(node: &Node, sink: &Sink) -> Option<String> {
    let text = node.text(sink)?;
    if check_path(text).is_ok() {
        return Some(text.to_owned());
    }
    let message = format!("`{}` is not a path that a bundle may carry", text.escape_debug());
    let problem = Problem::new(&node.location, message, "this path");
    sink.add(
        problem.with_help(
            "write it relative, with `/` between its parts, without `.`, `..`, `\\` and invisible characters",
        ),
    );
    None
}

/// A digest as `sha256sum` prints it, with or without `sha256:` before it.
fn digest(node: &Node, sink: &Sink) -> Option<Digest> {
    let text = match &node.value {
        // A digest of digits alone is a number to YAML; that it is meant as text is beyond doubt.
        Value::Scalar { text, .. } if text.len() == 64 => text,
        _ => node.text(sink)?,
    };
    let hex = text.strip_prefix("sha256:").unwrap_or(text).to_ascii_lowercase();
    let digest = format!("sha256:{hex}").parse().ok();
    if digest.is_none() {
        let message = format!("expected 64 hex digits of a SHA-256, found {} characters", hex.chars().count());
        sink.add(Problem::new(&node.location, message, "not a SHA-256").with_help("write what `sha256sum` prints"));
    }
    digest
}
