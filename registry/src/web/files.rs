use manifests::Digest;

use super::html::Page;
use super::{TEXT, decode_path, moved, not_found};
use crate::content::{Content, FileSet};
use crate::http::{Body, Representation, Request, Response, encode_segment, push_header, represent};
use crate::oci::serve_blob;

const CHECKSUMS: &str = "SHA256SUMS";

/// Answers a request below `/files/`.
pub(crate) async fn handle(content: &Content, request: &Request<'_>, path: &str) -> Response {
    let Some(path) = decode_path(path) else { return not_found() };
    if path.is_empty() {
        return sets(content);
    }
    let Some((name, path)) = path.split_once('/') else {
        let known = content.files.contains_key(&path);
        return if known { moved(&format!("{}/", encode_segment(&path))) } else { not_found() };
    };
    let Some(set) = content.files.get(name) else { return not_found() };
    match (path, set.files.get(path)) {
        // A carried file of that name is the component's own list, and comes first.
        (_, Some((digest, _))) => serve_blob(request, content, digest, "application/octet-stream").await,
        (CHECKSUMS, None) => checksums(request, set),
        ("", None) => listing(name, set),
        _ => not_found(),
    }
}

fn checksums(request: &Request<'_>, set: &FileSet) -> Response {
    let etag = Digest::of(&set.checksums).to_string();
    let mut lines = String::new();
    push_header(&mut lines, "Content-Type", TEXT);
    push_header(&mut lines, "ETag", &format!("\"{etag}\""));
    let what = Representation { etag, lines: lines.into(), length: set.checksums.len() as u64 };
    represent(request, &what, |range| {
        let place = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(set.checksums.len());
        Body::Bytes(set.checksums.slice(place(range.start)..place(range.end)))
    })
}

fn sets(content: &Content) -> Response {
    let mut page = Page::new("Files");
    page.links(content.files.keys().map(|name| (format!("{}/", encode_segment(name)), name.as_str())));
    page.finish()
}

fn listing(name: &str, set: &FileSet) -> Response {
    let mut page = Page::new(&format!("Files of {name}"));
    page.paragraph(&format!("From the bundle's version {}. To check: sha256sum -c {CHECKSUMS}", set.version));
    let link = |path: &str| path.split('/').map(encode_segment).collect::<Vec<_>>().join("/");
    page.links(set.files.keys().map(String::as_str).chain([CHECKSUMS]).map(|path| (link(path), path)));
    page.finish()
}
