//! What people and their tools ask for besides `/v2/`: chart repositories, packages, files, the status page.

pub(crate) mod charts;
pub(crate) mod files;
pub(crate) mod git;
pub(crate) mod html;
pub(crate) mod mirrors;
pub(crate) mod packages;
pub(crate) mod status;

use crate::http::Response;

pub(crate) const TEXT: &str = "text/plain; charset=utf-8";

/// There is nothing of that name.
pub(crate) fn not_found() -> Response {
    Response::text(404, TEXT, "404 not found\n")
}

/// The name is that of a folder, and lacks its slash.
pub(crate) fn moved(to: &str) -> Response {
    Response::text(301, TEXT, "301 moved\n").with_header("Location", to)
}

/// Decodes each part of a path. `None` for a broken escape.
pub(crate) fn decode_path(path: &str) -> Option<String> {
    let parts: Option<Vec<String>> = path.split('/').map(crate::http::decode).collect();
    parts.map(|parts| parts.join("/"))
}
