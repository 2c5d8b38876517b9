use manifests::Digest;

use super::html::Page;
use super::{TEXT, decode_path, not_found};
use crate::content::{Content, ServedGit};
use crate::git::{Asked, Repositories, lfs};
use crate::http::{Method, Request, RequestBody, Response, encode_segment};
use crate::oci::serve_blob;

/// The beginning of what clients of LFS ask for, below a repository.
const OBJECTS: &str = "info/lfs/objects/";

/// What repositories are served from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Served<'a> {
    /// Those that are unpacked.
    pub(crate) git: &'a Repositories,
    /// What bundles hold.
    pub(crate) content: &'a Content,
    /// `https`, or `http`.
    pub(crate) scheme: &'static str,
}

/// Answers a request below `/git/`: `<component>/<name>.git/…`, also without the ending, as people write it.
pub(crate) async fn handle(
    served: Served<'_>,
    request: &Request<'_>,
    path: &str,
    body: &mut RequestBody<'_>,
) -> Response {
    let Some(path) = decode_path(path) else { return not_found() };
    if path.is_empty() && request.reads() {
        return listing(served.content);
    }
    let Some((repository, rest)) = find(served.content, &path) else { return not_found() };
    answer(served, repository, rest, request, body).await
}

/// Answers a request to the place that a repository has elsewhere, where its host's name leads here: `/team/apps.git/info/refs`
/// of `git.example.org`. None for anything else.
pub(crate) async fn by_outside_name(
    served: Served<'_>,
    request: &Request<'_>,
    body: &mut RequestBody<'_>,
) -> Option<Response> {
    const ASKED: [&str; 3] = ["info/refs", "git-upload-pack", "git-receive-pack"];
    let host = request.fields.host?.to_ascii_lowercase();
    let bare = host.split(':').next().unwrap_or_default();
    let of_git = || ASKED.iter().find_map(|asked| Some((request.path.strip_suffix(asked)?.strip_suffix('/')?, *asked)));
    let (path, asked) = of_git().or_else(|| {
        let at = request.path.find(OBJECTS)?;
        Some((request.path[..at].strip_suffix('/')?, &request.path[at..]))
    })?;
    let outside = ["https", "http"].map(|scheme| [&host, bare].map(|host| format!("{scheme}://{host}{path}"))).concat();
    let mut all = served.content.files.values().flat_map(|set| set.repositories.values());
    let repository = all.find(|repository| repository.names.iter().any(|name| outside.contains(name)))?;
    Some(answer(served, repository, asked, request, body).await)
}

/// The repository that a path names, and what is behind it.
fn find<'c, 'p>(content: &'c Content, path: &'p str) -> Option<(&'c ServedGit, &'p str)> {
    let mut parts = path.splitn(3, '/');
    let (component, name, rest) = (parts.next()?, parts.next()?, parts.next().unwrap_or_default());
    let set = content.files.get(component)?;
    Some((set.repositories.get(name.strip_suffix(".git").unwrap_or(name))?, rest))
}

/// Answers what is asked of one repository.
async fn answer(
    served: Served<'_>,
    repository: &ServedGit,
    asked: &str,
    request: &Request<'_>,
    body: &mut RequestBody<'_>,
) -> Response {
    if let Some(object) = asked.strip_prefix(OBJECTS) {
        return in_lfs(served, repository, object, request, body).await;
    }
    let service = request.parameter("service");
    let asked = match (request.method, asked, service.as_deref()) {
        (Method::Get, "info/refs", Some("git-upload-pack")) => Asked::Names,
        (Method::Post, "git-upload-pack", _) => Asked::Objects,
        (_, "info/refs", Some("git-receive-pack")) | (_, "git-receive-pack", _) => {
            return Response::text(403, TEXT, "403 this repository is read-only: it is what the bundle holds\n");
        }
        (_, "info/refs", _) => {
            return Response::text(403, TEXT, "403 this repository is for clients of git's smart HTTP\n");
        }
        (_, "git-upload-pack", _) => {
            return Response::text(405, TEXT, "405 method not allowed\n").with_header("Allow", "POST");
        }
        _ => return not_found(),
    };
    served.git.answer(served.content, &repository.digest, asked, request, body).await
}

/// Answers what a client of LFS asks for: where objects are, and one of them.
async fn in_lfs(
    served: Served<'_>,
    repository: &ServedGit,
    object: &str,
    request: &Request<'_>,
    body: &mut RequestBody<'_>,
) -> Response {
    if object == "batch" {
        if request.method != Method::Post {
            return lfs::refused(405, "objects are asked for by POST").with_header("Allow", "POST");
        }
        // As it was asked for: under that name the client knows and trusts this server.
        let path = request.path.strip_suffix("/info/lfs/objects/batch").unwrap_or_default();
        let place = format!("{}://{}{path}", served.scheme, request.fields.host.unwrap_or_default());
        return lfs::batch(&repository.objects, &place, request, body).await;
    }
    if !request.reads() {
        return lfs::refused(403, "this repository is read-only: it is what the bundle holds");
    }
    match Digest::from_hex(object).ok().filter(|digest| repository.objects.contains_key(digest)) {
        Some(digest) => serve_blob(request, served.content, &digest, "application/octet-stream").await,
        None => lfs::refused(404, "the bundle does not hold this object"),
    }
}

/// The clone URLs of all repositories, below the server's own, each with where it came from.
pub(crate) fn clone_paths(content: &Content) -> Vec<(String, Option<&str>)> {
    let sets = content.files.iter().flat_map(|(component, set)| {
        set.repositories.iter().map(move |(name, git)| {
            let path = format!("/git/{}/{}.git", encode_segment(component), encode_segment(name));
            (path, git.names.first().map(String::as_str))
        })
    });
    sets.collect()
}

fn listing(content: &Content) -> Response {
    let mut page = Page::new("Git repositories");
    page.paragraph("To be cloned from here. `airgap-install snippets git`, run on the server, says what clients need.");
    let rows = clone_paths(content).into_iter();
    page.table(["clone", "from"], rows.map(|(path, from)| [path, from.unwrap_or_default().to_owned()]));
    page.finish()
}
