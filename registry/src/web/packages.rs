use manifests::Digest;

use super::html::Page;
use super::{decode_path, not_found};
use crate::apt::File;
use crate::content::Content;
use crate::http::{Body, Representation, Request, Response, encode_segment, push_header, represent};
use crate::oci::serve_blob;

/// Answers a request below `/apt/`.
pub(crate) async fn handle(content: &Content, request: &Request<'_>, path: &str) -> Response {
    let Some(path) = decode_path(path) else { return not_found() };
    if path.is_empty() {
        return listing(content);
    }
    let Some((place, path)) = split(&path) else { return not_found() };
    match content.packages.get(place).and_then(|repository| repository.file(path)) {
        Some(File::Made { bytes, digest }) => serve_made(request, bytes, digest),
        Some(File::Carried(digest)) => serve_blob(request, content, digest, content_type(path)).await,
        None => not_found(),
    }
}

/// Splits a path into `<generation>/<series>` and the path in the repository.
fn split(path: &str) -> Option<(&str, &str)> {
    let (at, _) = path.match_indices('/').nth(1)?;
    Some((&path[..at], &path[at + 1..]))
}

fn content_type(path: &str) -> &'static str {
    let deb = path.ends_with(".deb") || path.ends_with(".udeb");
    if deb { manifests::oci::media_type::DEB } else { super::TEXT }
}

/// Without `Last-Modified`: apt would ask whether there is something newer, and be wrong when a clock was.
fn serve_made(request: &Request<'_>, bytes: &bytes::Bytes, digest: &Digest) -> Response {
    let etag = digest.to_string();
    let mut lines = String::new();
    push_header(&mut lines, "Content-Type", "application/octet-stream");
    push_header(&mut lines, "ETag", &format!("\"{etag}\""));
    push_header(&mut lines, "Cache-Control", "no-cache");
    push_header(&mut lines, "X-Content-Type-Options", "nosniff");
    let what = Representation { etag, lines: lines.into(), length: bytes.len() as u64 };
    represent(request, &what, |range| {
        let place = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(bytes.len());
        Body::Bytes(bytes.slice(place(range.start)..place(range.end)))
    })
}

fn listing(content: &Content) -> Response {
    let mut page = Page::new("Packages");
    page.paragraph("Repositories for apt. To use one: airgap-install packages sources --series SERIES");
    let release = |place: &str, series: &str| format!("{place}/dists/{}/InRelease", encode_segment(series));
    page.links(content.packages.iter().map(|(place, it)| (release(place, it.series().as_str()), place.as_str())));
    page.finish()
}
