//! Repositories that upstream signed: `/mirrors/<generation>/<name>/…`, and `/mirrors/latest/<name>/…`.

use manifests::Digest;
use manifests::oci::media_type;

use super::html::Page;
use super::{TEXT, decode_path, not_found};
use crate::content::{Content, LATEST};
use crate::http::{Request, Response, encode_segment};
use crate::oci::{Lifetime, serve_blob_for};

/// Answers a request below `/mirrors/`.
pub(crate) async fn handle(content: &Content, request: &Request<'_>, path: &str) -> Response {
    let Some(path) = decode_path(path) else { return not_found() };
    if path.is_empty() {
        return listing(content);
    }
    let mut parts = path.splitn(3, '/');
    let (Some(generation), Some(name), Some(path)) = (parts.next(), parts.next(), parts.next()) else {
        return not_found();
    };
    // apt asks a flat repository for `./file`.
    let path = path.split('/').filter(|part| *part != ".").collect::<Vec<_>>().join("/");
    match find(content, generation, name, &path) {
        Some(digest) => serve_blob_for(request, content, digest, content_type(&path), lifetime(&path)).await,
        None => not_found(),
    }
}

/// Of the latest, what is named by its digest or never changes is found in earlier bundles too: a node that has read an index
/// before the latest bundle came still gets what it lists.
fn find<'c>(content: &'c Content, generation: &str, name: &str, path: &str) -> Option<&'c Digest> {
    if generation != LATEST {
        return content
            .mirrors
            .iter()
            .find(|mirror| mirror.generation == generation && mirror.name == name)?
            .tree
            .file(path);
    }
    let mut all = content.mirrors.iter().filter(|mirror| mirror.name == name);
    let latest = all.next()?.tree.file(path);
    latest.or_else(|| is_fixed(path).then(|| all.find_map(|mirror| mirror.tree.file(path))).flatten())
}

/// Whether other content never comes under the same path.
fn is_fixed(path: &str) -> bool {
    path.contains("/by-hash/") || path.ends_with(".deb")
}

fn lifetime(path: &str) -> Lifetime {
    if is_fixed(path) { Lifetime::Forever } else { Lifetime::Checked }
}

fn content_type(path: &str) -> &'static str {
    if path.ends_with(".deb") {
        media_type::DEB
    } else if path.rsplit('/').next().is_some_and(|name| name.contains("Release")) {
        TEXT
    } else {
        "application/octet-stream"
    }
}

fn listing(content: &Content) -> Response {
    let mut page = Page::new("Mirrors");
    page.paragraph("Repositories as upstream signed them. To use one: airgap-install packages sources --mirror NAME");
    page.links(content.mirrors.iter().filter_map(|mirror| {
        let release = mirror.tree.files().map(|(path, _)| path).find(|path| path.ends_with("Release"))?;
        let path = release.split('/').map(encode_segment).collect::<Vec<_>>().join("/");
        Some((format!("{}/{}/{path}", mirror.generation, mirror.name), mirror.name.as_str()))
    }));
    page.finish()
}
