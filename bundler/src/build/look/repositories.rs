//! Git repositories of a stack, with the files of their commits.

use futures_util::{StreamExt as _, stream};
use manifests::component::GitSource;
use manifests::document::other_names;
use manifests::lock::{LockedCommits, LockedGit};

use super::Looker;
use crate::build::error::{BuildError, ItemFailure};
use crate::discovery::{RepositoryRequest, TreeRequest};
use crate::git::{PackedFile, shown_with_user};
use crate::resolve::stack::{ResolvedGit, ResolvedStack};

/// Repositories that are fetched side by side: each keeps a processor and a disk busy.
const SIDE_BY_SIDE: usize = 2;

/// A repository that is looked through.
#[derive(Debug)]
pub(super) struct KnownRepository<'a> {
    git: &'a ResolvedGit,
    /// What it is at.
    pub(super) commits: LockedCommits,
    /// Its files; none where it is pinned and was not fetched yet.
    trees: Option<Vec<TreeRequest>>,
}

/// The repositories of a stack that are looked through.
fn looked_through(stack: &ResolvedStack) -> impl Iterator<Item = &ResolvedGit> {
    stack.git.iter().filter(|git| git.wanted.without_discovery.is_none())
}

/// What the repositories of a stack are at, in their order, as locks say it.
pub(super) fn locked<'a>(
    stack: &'a ResolvedStack,
    pinned: impl Fn(&'a ResolvedGit) -> Option<&'a LockedGit>,
) -> Vec<LockedCommits> {
    sorted(looked_through(stack).filter_map(|git| pinned(git).map(of_locked)).collect())
}

/// What known repositories are at, in their order.
pub(super) fn commits(known: &[KnownRepository<'_>]) -> Vec<LockedCommits> {
    sorted(known.iter().map(|known| known.commits.clone()).collect())
}

fn sorted(mut commits: Vec<LockedCommits>) -> Vec<LockedCommits> {
    commits.sort();
    commits
}

fn of_locked(locked: &LockedGit) -> LockedCommits {
    let LockedGit { component, git, commit, refs, .. } = locked.clone();
    LockedCommits { component, git, commit, refs }
}

impl<'s> Looker<'s> {
    /// Finds what all repositories are at: as locked, or as they are upstream.
    pub(super) async fn repositories(&self) -> Result<Vec<KnownRepository<'s>>, BuildError> {
        let stack = self.stack;
        self.each(looked_through(stack).collect(), |git| self.repository(git)).await
    }

    async fn repository(&self, git: &'s ResolvedGit) -> Result<KnownRepository<'s>, ItemFailure> {
        if let Some(locked) = self.pins.git(git) {
            return Ok(KnownRepository { git, commits: of_locked(locked), trees: None });
        }
        let PackedFile { packed, trees, .. } = self.sources.repository(git).await?;
        let (component, name) = (git.component.clone(), git.wanted.name.clone());
        let commits = LockedCommits { component, git: name, commit: packed.commit, refs: packed.refs };
        Ok(KnownRepository { git, commits, trees: Some(trees) })
    }

    /// The files of repositories. What is pinned is fetched for them as it is locked.
    pub(super) async fn files_of(&self, known: Vec<KnownRepository<'s>>) -> Result<Vec<RepositoryRequest>, BuildError> {
        self.each(known, |known| self.files_of_one(known)).await
    }

    async fn files_of_one(&self, known: KnownRepository<'s>) -> Result<RepositoryRequest, ItemFailure> {
        let KnownRepository { git, trees, .. } = known;
        let trees = match (trees, self.pins.git(git)) {
            (Some(trees), _) => trees,
            (None, Some(locked)) => self.sources.files_of_locked(git, locked).await?,
            (None, None) => self.sources.repository(git).await?.trees,
        };
        let places = match &git.wanted.source {
            GitSource::Url(url) => other_names(&shown_with_user(url)),
            GitSource::Local(_) => Vec::new(),
        };
        let (component, repository) = (git.component.clone(), git.wanted.name.clone());
        Ok(RepositoryRequest { component, repository, places, trees })
    }

    /// Does something to each; all that fail are told.
    async fn each<T, D, F: Future<Output = Result<D, ItemFailure>>>(
        &self,
        of: Vec<T>,
        work: impl Fn(T) -> F,
    ) -> Result<Vec<D>, BuildError> {
        let count = of.len();
        let done: Vec<_> = stream::iter(of.into_iter().map(work)).buffered(SIDE_BY_SIDE).collect().await;
        let (mut all, mut failures) = (Vec::new(), Vec::new());
        for one in done {
            match one {
                Ok(one) => all.push(one),
                Err(failure) => failures.push(failure),
            }
        }
        if failures.is_empty() { Ok(all) } else { Err(BuildError::Unresolved { failures, of: count }) }
    }
}
