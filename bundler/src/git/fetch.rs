//! Brings what is wanted of a repository into an empty one.

use std::collections::BTreeMap;
use std::path::Path;

use manifests::component::{GitCommit, GitRef, GitSource, WantedGit};
use manifests::lock::LockedGit;

use super::program::{Call, Git, PAUSES, may_pass};
use super::upstream::Upstream;
use super::{GitProblem, place};

/// What of a repository is wanted.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    /// The whole name of what its `HEAD` is.
    pub(super) head: GitRef,
    /// The commit that this has to be at, where that is said.
    commit: Option<GitCommit>,
    /// All of it by its whole name, `head` among it, and what it is at: of a tag with a message, the tag.
    pub(super) refs: BTreeMap<GitRef, GitCommit>,
}

impl Wanted {
    /// What is wanted of what upstream has.
    pub(super) fn of(wanted: &WantedGit, upstream: &Upstream) -> Result<Self, GitProblem> {
        let place = place(&wanted.source);
        let (head, at) = upstream.find(&wanted.reference, &place)?;
        let mut refs = BTreeMap::new();
        for name in &wanted.refs {
            refs.extend([upstream.find(name, &place)?]);
        }
        // A branch is carried at an earlier commit; a tag stays what it is, and is held against the commit.
        let is_branch = head.as_str().starts_with("refs/heads/");
        let at = wanted.commit.clone().filter(|_| is_branch).unwrap_or(at);
        refs.insert(head.clone(), at);
        Ok(Self { head, commit: wanted.commit.clone(), refs })
    }

    /// What is locked.
    pub(super) fn locked(locked: &LockedGit) -> Self {
        let LockedGit { head, commit, refs, .. } = locked.clone();
        Self { head, commit: Some(commit), refs }
    }
}

/// What upstream has.
pub(super) async fn list(
    git: &Git,
    configuration: &[(String, String)],
    source: &GitSource,
) -> Result<Upstream, GitProblem> {
    let from = address(source)?;
    let what = format!("list the branches and tags of {}", place(source));
    let said = persistently(git, || Call {
        configuration: configuration.to_vec(),
        ..Call::new(&what, &["ls-remote", "--quiet", "--symref", &from, "HEAD", "refs/heads/*", "refs/tags/*"])
    });
    Ok(Upstream::read(&String::from_utf8_lossy(&said.await?)))
}

/// Fetches what is wanted into a new repository in `folder`.
pub(super) async fn fetch(
    git: &Git,
    configuration: &[(String, String)],
    source: &GitSource,
    wanted: &Wanted,
    folder: &Path,
) -> Result<(), GitProblem> {
    let path = folder.to_string_lossy();
    let what = "make an empty repository";
    git.run(Call::new(what, &["init", "--quiet", "--bare", "--object-format=sha1", "--template=", &path])).await?;
    let from = address(source)?;
    let what = format!("fetch {}", place(source));
    let call = |specs: &[String]| {
        let options =
            ["fetch", "--quiet", "--force", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", &from];
        let mut call = Call::new(&what, &options).within(folder);
        call.arguments.extend(specs.iter().map(Into::into));
        call.configuration = configuration.to_vec();
        call
    };
    let exactly: Vec<String> = wanted.refs.iter().map(|(name, at)| format!("{at}:{name}")).collect();
    let Err(first) = persistently(git, || call(&exactly)).await else { return Ok(()) };
    if matches!(first, GitProblem::Stopped) {
        return Err(first);
    }
    // Some servers give only what a name is at. What is wanted may be in the history of that.
    let by_name: Vec<String> = wanted.refs.keys().map(|name| format!("+{name}:{}", aside(name))).collect();
    if persistently(git, || call(&by_name)).await.is_err() {
        return Err(first);
    }
    for (name, at) in &wanted.refs {
        let set = Call::new("find what is wanted", &["update-ref", name.as_str(), at.as_str()]).within(folder);
        if git.run(set).await.is_err() {
            return Err(first);
        }
        let drop = Call::new("drop a name", &["update-ref", "-d", &aside(name)]).within(folder);
        git.run(drop).await?;
    }
    Ok(())
}

/// A name that is carried by nobody.
fn aside(name: &GitRef) -> String {
    name.as_str().replacen("refs/", "refs/aside/", 1)
}

/// The commit that `HEAD` is, held against what is wanted.
pub(super) async fn commit(git: &Git, folder: &Path, wanted: &Wanted) -> Result<GitCommit, GitProblem> {
    let name = format!("{}^{{commit}}", wanted.head);
    let what = format!("find the commit of {}", wanted.head);
    let said = git.text(Call::new(&what, &["rev-parse", "--verify", "--quiet", &name]).within(folder)).await?;
    let actual = said.trim();
    match &wanted.commit {
        Some(expected) if expected.as_str() != actual => {
            let (name, expected) = (wanted.head.to_string(), expected.clone());
            Err(GitProblem::OtherCommit { name, expected, actual: actual.to_owned() })
        }
        _ => actual.parse().map_err(|error| GitProblem::Failed { what, said: format!("{error}") }),
    }
}

/// Tries again when the network is what failed.
async fn persistently<'a>(git: &Git, call: impl Fn() -> Call<'a>) -> Result<Vec<u8>, GitProblem> {
    for pause in PAUSES {
        match git.run(call()).await {
            Err(GitProblem::Failed { said, .. }) if may_pass(&said) => {
                tracing::debug!(said, "trying again");
                git.pause(pause).await?;
            }
            ended => return ended,
        }
    }
    git.run(call()).await
}

/// What git is given. It never begins with `-`.
fn address(source: &GitSource) -> Result<String, GitProblem> {
    match source {
        GitSource::Url(url) => Ok(url.to_string()),
        GitSource::Local(path) => {
            let whole = std::path::absolute(path);
            let whole = whole.map_err(|source| GitProblem::Work { path: path.clone(), source })?;
            Ok(whole.display().to_string())
        }
    }
}
