//! Which repository a request means.

use manifests::Repository as Name;

use super::error::{Code, Problem};
use crate::content::{Content, Repository};
use crate::http::Request;

/// Finds the repository that a request names:
///
/// 1. with `?ns=<registry>`, as containerd asks a mirror, the repository of that registry;
/// 2. with the registry in front of the path, as in a direct pull. A registry's port is written `host_5000` there,
///    where the client's grammar has no room for the colon;
/// 3. without either, the repository of `docker.io`: Docker's `registry-mirrors` stand for that alone and say no name.
///
/// A registry that is named is never replaced by another one.
pub(super) fn find<'c>(content: &'c Content, request: &Request<'_>, name: &str) -> Result<&'c Repository, Problem> {
    let unknown = || Problem::new(Code::NameUnknown, format!("no bundle of this site has the repository `{name}`"));
    let named = |full: &str| content.repositories.get(full);
    if let Some(registry) = request.parameter("ns").filter(|registry| !registry.is_empty()) {
        let registry = match registry.as_str() {
            "index.docker.io" | "registry-1.docker.io" => "docker.io",
            registry => registry,
        };
        // The last covers a mirror entry for this very server: the path has the registry already.
        return full_name(registry, name).and_then(|full| named(&full)).or_else(|| named(name)).ok_or_else(unknown);
    }
    named(name)
        .or_else(|| named(&with_port(name)?))
        .or_else(|| named(&full_name("docker.io", name)?))
        .ok_or_else(unknown)
}

/// `docker.io` and `nginx` make `docker.io/library/nginx`.
fn full_name(registry: &str, path: &str) -> Option<String> {
    Name::new(registry, path).ok().map(|name| name.to_string())
}

/// `host_5000/a` as `host:5000/a`.
fn with_port(name: &str) -> Option<String> {
    let (first, path) = name.split_once('/')?;
    let (host, port) = first.rsplit_once('_')?;
    port.parse::<u16>().ok()?;
    Some(format!("{host}:{port}/{path}"))
}
