use bytes::Bytes;
use manifests::Digest;

use super::html::Page;
use super::{decode_path, moved, not_found};
use crate::content::Content;
use crate::http::{Body, Representation, Request, Response, encode_segment, push_header, represent};
use crate::oci::serve_blob;

/// Answers a request below `/charts/`.
pub(crate) async fn handle(content: &Content, request: &Request<'_>, path: &str) -> Response {
    let Some(path) = decode_path(path) else { return not_found() };
    // A registry's port is written with an underscore, as everywhere in paths, and understood with a colon.
    let path = match path.split_once('/') {
        Some((host, rest)) => format!("{}/{rest}", host.replace(':', "_")),
        None => path,
    };
    if let Some(file) = content.charts.files.get(&path) {
        let kind = if file.provenance { "text/plain; charset=utf-8" } else { "application/gzip" };
        return serve_blob(request, content, &file.digest, kind).await;
    }
    let folder = path.strip_suffix("index.yaml").unwrap_or(&path);
    let (named, folder) = (path.len() != folder.len(), folder.trim_end_matches('/'));
    match content.charts.indexes.get(folder) {
        Some(index) if named => serve_index(request, index),
        Some(_) if path.is_empty() || path.ends_with('/') => listing(content, folder),
        Some(_) => moved(&format!("{}/", folder.rsplit('/').next().map(encode_segment).unwrap_or_default())),
        None => not_found(),
    }
}

fn serve_index(request: &Request<'_>, index: &Bytes) -> Response {
    let etag = Digest::of(index).to_string();
    let mut lines = String::new();
    push_header(&mut lines, "Content-Type", "application/yaml");
    push_header(&mut lines, "ETag", &format!("\"{etag}\""));
    push_header(&mut lines, "Cache-Control", "no-cache");
    let what = Representation { etag, lines: lines.into(), length: index.len() as u64 };
    represent(request, &what, |range| {
        let place = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(index.len());
        Body::Bytes(index.slice(place(range.start)..place(range.end)))
    })
}

fn listing(content: &Content, folder: &str) -> Response {
    let mut page = Page::new(&format!("Charts {folder}"));
    page.paragraph(
        "A chart repository: helm repo add NAME <this address> --ca-file ca.crt --username USER --password PASSWORD",
    );
    let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    let below = |path: &String| path.starts_with(&prefix) && (folder.is_empty() || !path[prefix.len()..].contains('/'));
    let mut files: Vec<&str> =
        content.charts.files.keys().filter(|path| below(path)).map(|path| &path[prefix.len()..]).collect();
    files.sort_unstable();
    let link = |path: &str| path.split('/').map(encode_segment).collect::<Vec<_>>().join("/");
    page.links(files.into_iter().chain(["index.yaml"]).map(|path| (link(path), path)));
    page.finish()
}
