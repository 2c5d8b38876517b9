use std::sync::Arc;

use bytes::Bytes;
use manifests::Digest;

use super::error::{Code, Problem};
use super::names;
use crate::content::{BlobError, Content, Manifest, Repository};
use crate::http::{Body, Method, Representation, Request, Response, push_header, represent};

/// `GET /v2/`: this is a registry.
pub(super) fn base() -> Response {
    Response::text(200, "application/json", "{}").with_header("Docker-Distribution-Api-Version", "registry/2.0")
}

pub(super) async fn manifest(content: &Content, request: &Request<'_>, name: &str, reference: &str) -> Response {
    let found = names::find(content, request, name).and_then(|repository| find_manifest(repository, name, reference));
    let manifest = match found {
        Ok(manifest) => manifest,
        Err(problem) => return problem.into(),
    };
    if let Some(bytes) = &manifest.bytes {
        return represent(request, &manifest.representation, |range| in_memory(bytes, range));
    }
    if request.method == Method::Head {
        return represent(request, &manifest.representation, |_| Body::Empty);
    }
    match read(content, manifest).await {
        Ok(bytes) => represent(request, &manifest.representation, |range| in_memory(&bytes, range)),
        Err(error) => {
            tracing::error!(error, "can't serve a manifest");
            unreadable()
        }
    }
}

fn find_manifest<'c>(repository: &'c Repository, name: &str, reference: &str) -> Result<&'c Manifest, Problem> {
    let unknown =
        || Problem::new(Code::ManifestUnknown, format!("`{name}` has no manifest `{reference}` at this site"));
    let digest = match reference.parse::<Digest>() {
        Ok(digest) => digest,
        Err(_) if reference.contains(':') => {
            return Err(Problem::new(Code::DigestInvalid, "only digests of the form sha256:<64 hex digits> are known"));
        }
        Err(_) => *repository.tags.get(reference).ok_or_else(unknown)?,
    };
    repository.manifests.get(&digest).map(AsRef::as_ref).ok_or_else(unknown)
}

fn in_memory(bytes: &Bytes, range: std::ops::Range<u64>) -> Body {
    let place = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(bytes.len());
    Body::Bytes(bytes.slice(place(range.start)..place(range.end)))
}

/// Reads a manifest that is not kept in memory; its digest is checked in passing.
async fn read(content: &Content, manifest: &Manifest) -> Result<Bytes, String> {
    let (digest, length) = (manifest.digest, manifest.representation.length);
    let mut error = format!("{digest} is in no bundle");
    for source in content.holders(&digest) {
        let reader = Arc::clone(source);
        let read = tokio::task::spawn_blocking(move || reader.read_small(&digest, length));
        match read.await.map_err(|error| error.to_string())? {
            Ok(bytes) => return Ok(Bytes::from(bytes)),
            Err(found) => {
                source.doubt(&digest);
                error = found;
            }
        }
    }
    Err(error)
}

pub(super) async fn blob(content: &Content, request: &Request<'_>, name: &str, digest: &str) -> Response {
    let repository = match names::find(content, request, name) {
        Ok(repository) => repository,
        Err(problem) => return problem.into(),
    };
    let Ok(digest) = digest.parse::<Digest>() else {
        return Problem::new(Code::DigestInvalid, "only digests of the form sha256:<64 hex digits> are known").into();
    };
    // A manifest is a blob too; few clients ask for it this way.
    if repository.blobs.contains(&digest) || repository.manifests.contains_key(&digest) {
        return serve_blob(request, content, &digest, "application/octet-stream").await;
    }
    Problem::new(Code::BlobUnknown, format!("`{name}` has no blob {digest} at this site")).into()
}

/// Serves a blob, checked before its first use, out of any bundle that has it whole.
pub(crate) async fn serve_blob(
    request: &Request<'_>,
    content: &Content,
    digest: &Digest,
    content_type: &str,
) -> Response {
    serve_blob_for(request, content, digest, content_type, Lifetime::Forever).await
}

/// How long what stands under a path stays what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lifetime {
    /// For ever: whoever has it needs not ask again.
    Forever,
    /// Until the next bundle: who has it asks whether it is still so.
    Checked,
}

/// The same with a lifetime of its own.
pub(crate) async fn serve_blob_for(
    request: &Request<'_>,
    content: &Content,
    digest: &Digest,
    content_type: &str,
    lifetime: Lifetime,
) -> Response {
    // Nothing is read for a client that only asks whether it is there.
    let source = match request.method {
        Method::Get => content.whole(digest).await,
        _ => content.holders(digest).next().ok_or(BlobError::Unknown(*digest)),
    };
    let source = match source {
        Ok(source) => source,
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "can't serve a blob");
            return unreadable();
        }
    };
    let Some(blob) = source.bundle().document().blob(digest) else { return unreadable() };
    let etag = digest.to_string();
    let mut lines = String::with_capacity(320);
    push_header(&mut lines, "Content-Type", content_type);
    push_header(&mut lines, "Docker-Content-Digest", &etag);
    push_header(&mut lines, "ETag", &format!("\"{etag}\""));
    let caching = match lifetime {
        Lifetime::Forever => "max-age=31536000, immutable",
        Lifetime::Checked => "no-cache",
    };
    push_header(&mut lines, "Cache-Control", caching);
    push_header(&mut lines, "X-Content-Type-Options", "nosniff");
    let what = Representation { etag, lines: lines.into(), length: blob.size };
    represent(request, &what, |range| source.body(digest, range))
}

/// What is wrong with the content is for the log, which has it: it names files of this machine.
fn unreadable() -> Response {
    Problem::new(Code::Unknown, "the content is damaged or can't be read; the server's log says more").into()
}
