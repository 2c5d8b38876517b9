//! Git repositories: names, references and where they come from.

use url::Url;

use super::{local_path, url};
use crate::component::git::{GitCommit, GitRef, GitSource, Lfs, Submodules, WantedGit};
use crate::yaml::{Fields, Node, Problem, Sink, Value};

const LFS: [(&str, Lfs); 3] = [("refuse", Lfs::Refuse), ("pointers", Lfs::Pointers), ("carry", Lfs::Carry)];
const SUBMODULES: [(&str, Submodules); 2] = [("refuse", Submodules::Refuse), ("carry", Submodules::Carry)];

/// A repository.
pub(crate) fn git(node: &Node, sink: &Sink) -> Option<WantedGit> {
    let mut fields = Fields::of(node, "a git repository", sink)?;
    let name = fields.required("name", "give it the name that it has at the site, such as `name: apps`");
    let location = name.map_or(node.head(), |name| &name.location).clone();
    let name = name.and_then(|node| node.parse(sink));
    let (address, local) = (fields.get("url"), fields.get("path"));
    let reference = fields.get("ref").map(|node| node.parse::<GitRef>(sink));
    let wanted_commit = fields.get("commit").map(|node| commit(node, sink));
    let refs = fields.list("refs", other_ref);
    let lfs = fields.get("lfs").map(|node| one_of(node, &LFS, sink));
    let submodules = fields.get("submodules");
    let submodules = submodules.map(|node| one_of(node, &SUBMODULES, sink));
    let without_discovery = fields.get("withoutDiscovery").and_then(|node| super::judgement::reason(node, sink));
    fields.finish();
    let source = match (address, local) {
        (Some(address), Some(local)) => {
            let problem =
                Problem::new(&local.location, "a repository comes from a URL or from disk, not both", "from disk");
            sink.add(problem.with_other(&address.location, "from a URL").with_help("keep one of them"));
            None
        }
        (Some(address), None) => git_url(address, sink).map(GitSource::Url),
        (None, Some(local)) => local_path(local, sink).map(GitSource::Local),
        (None, None) => {
            let problem = Problem::new(&location, "a git repository needs `url` or `path`", "comes from nowhere");
            sink.add(
                problem.with_help("write `url:` with what `git clone` takes, or `path:` with a repository on disk"),
            );
            None
        }
    };
    Some(WantedGit {
        name: name?,
        source: source?,
        reference: reference.unwrap_or_else(|| Some(GitRef::head()))?,
        commit: wanted_commit.map_or(Some(None), |read| read.map(Some))?,
        refs,
        lfs: lfs.unwrap_or(Some(Lfs::Refuse))?,
        submodules: submodules.unwrap_or(Some(Submodules::Refuse))?,
        without_discovery,
        location,
    })
}

/// A commit. Of digits alone it is a number to YAML; that it is meant as text is beyond doubt.
fn commit(node: &Node, sink: &Sink) -> Option<GitCommit> {
    match &node.value {
        Value::Scalar { text, .. } if text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            text.to_ascii_lowercase().parse().ok()
        }
        _ => node.parse(sink),
    }
}

/// A branch or tag beside the first.
fn other_ref(node: &Node, sink: &Sink) -> Option<GitRef> {
    let found = node.parse::<GitRef>(sink)?;
    if found.is_head() {
        let problem = Problem::new(&node.location, "`refs` lists branches and tags, and `HEAD` is neither", "not here");
        sink.add(problem.with_help("`ref: HEAD` carries it, and so does a repository without `ref`"));
        return None;
    }
    Some(found)
}

/// One of some words.
fn one_of<T: Copy>(node: &Node, words: &[(&str, T)], sink: &Sink) -> Option<T> {
    let text = node.text(sink)?;
    let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
    if found.is_none() {
        let words: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
        let message = format!("expected {}, found `{}`", words.join(" or "), text.escape_debug());
        sink.add(Problem::new(&node.location, message, "this word"));
    }
    found
}

/// What `git clone` takes. The user of SSH is part of the name of a server; a password never is.
fn git_url(node: &Node, sink: &Sink) -> Option<Url> {
    let text = node.text(sink)?;
    if let Some((host, path)) = scp_form(text) {
        let problem =
            Problem::new(&node.location, "expected a URL with `https://`, `http://` or `ssh://`", "not a URL");
        sink.add(problem.with_help(format!("write `ssh://{host}/{path}`")));
        return None;
    }
    match Url::parse(text) {
        Ok(found) if found.scheme() == "ssh" && found.password().is_none() && !found.username().is_empty() => {
            // The check of all others would take the user for a credential.
            let odd = found.host_str().is_none_or(|host| host.is_empty() || host.starts_with('-'))
                || found.username().starts_with('-')
                || found.path().len() < 2;
            if odd {
                sink.add(Problem::new(&node.location, "this URL names no repository", "not a repository"));
                return None;
            }
            Some(found)
        }
        _ => url(node, &["https", "http", "ssh"], sink),
    }
}

/// `git@host:path`, as ssh and git have it.
fn scp_form(text: &str) -> Option<(&str, &str)> {
    let (host, path) = text.split_once(':')?;
    let plain = !text.contains("://") && host.contains('@') && !host.contains(['/', ' ']) && !path.is_empty();
    plain.then_some((host, path.trim_start_matches('/')))
}
