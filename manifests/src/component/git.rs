//! A git repository that is asked for.

use std::path::PathBuf;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::word::{excerpt, word};
use crate::yaml::Location;

/// A git repository that is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct WantedGit {
    /// Its name at the site.
    pub name: GitName,
    /// Where it comes from.
    pub source: GitSource,
    /// The branch or tag that its `HEAD` is, or `HEAD`: upstream's own.
    pub reference: GitRef,
    /// The commit at which that is carried; none where it is what upstream has.
    pub commit: Option<GitCommit>,
    /// Branches and tags that are carried beside it.
    pub refs: Vec<GitRef>,
    /// What becomes of files that are kept in LFS.
    pub lfs: Lfs,
    /// What becomes of submodules.
    pub submodules: Submodules,
    /// Why its files are not looked through; none where they are.
    pub without_discovery: Option<String>,
    /// Where it is asked for.
    pub location: Location,
}

/// Where a repository comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum GitSource {
    /// A server: `https`, `http` or `ssh`, without a password.
    Url(Url),
    /// A repository on disk, relative to the folder of the file that names it.
    Local(PathBuf),
}

/// What becomes of files that are kept in LFS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Lfs {
    /// A repository that has any is refused.
    #[default]
    Refuse,
    /// What stands for them in the repository is carried, and they are not.
    Pointers,
    /// They are carried too: those that the branches and tags have.
    Carry,
}

/// What becomes of submodules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Submodules {
    /// A repository that has any is refused.
    #[default]
    Refuse,
    /// Each has to be carried as a repository of its own.
    Carry,
}

/// The name of a carried repository: one part of a path and of a URL.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GitName(String);

word!(GitName, r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$", "The name of a repository at the site: one part of a path.");

/// A branch or a tag: its short name (`main`, `v1.2.3`), its whole name (`refs/heads/main`), or `HEAD`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GitRef(String);

word!(
    GitRef,
    r"^[A-Za-z0-9_][A-Za-z0-9._/+@=-]{0,199}$",
    "A branch or a tag: its short name (`main`, `v1.2.3`) or its whole name (`refs/heads/main`)."
);

/// A commit by its whole name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GitCommit(String);

word!(GitCommit, r"^[0-9a-f]{40}$", "A commit: 40 hex digits.");

/// A text that is no name of a repository, a reference or a commit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {what}")]
pub struct GitWordError {
    what: &'static str,
    text: String,
}

/// What names and references have in common: no part that git or a file system takes for something else.
fn is_part(part: &str) -> bool {
    !part.is_empty()
        && !part.starts_with('.')
        && !part.ends_with('.')
        && !part.contains("..")
        && !part.ends_with(".lock")
}

impl FromStr for GitName {
    type Err = GitWordError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let begins = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        let good = begins && text.len() <= 63 && text.bytes().all(is_known) && is_part(text) && !text.ends_with(".git");
        let what = "the name of a repository: letters, digits, `.`, `_` and `-`, without `.git` at the end";
        if good { Ok(Self(text.to_owned())) } else { Err(GitWordError { what, text: excerpt(text) }) }
    }
}

impl GitRef {
    /// Upstream's own `HEAD`.
    pub const HEAD: &'static str = "HEAD";

    /// Upstream's own `HEAD`.
    pub fn head() -> Self {
        Self(Self::HEAD.to_owned())
    }

    /// Whether it is upstream's own `HEAD`.
    pub fn is_head(&self) -> bool {
        self.0 == Self::HEAD
    }
}

impl FromStr for GitRef {
    type Err = GitWordError;

    /// What `git check-ref-format` takes, without what shells and URLs read something in.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_known =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'/' | b'+' | b'@' | b'=' | b'-');
        let begins = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let whole = text.strip_prefix("refs/").is_none_or(|rest| {
            ["heads/", "tags/"].iter().any(|kind| rest.strip_prefix(kind).is_some_and(|name| !name.is_empty()))
        });
        let good = begins && whole && text.len() <= 200 && text.bytes().all(is_known) && text.split('/').all(is_part);
        if good {
            Ok(Self(text.to_owned()))
        } else {
            Err(GitWordError { what: "a branch or tag", text: excerpt(text) })
        }
    }
}

impl FromStr for GitCommit {
    type Err = GitWordError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let good = text.len() == 40 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let what = "a commit: write all 40 hex digits";
        if good { Ok(Self(text.to_owned())) } else { Err(GitWordError { what, text: excerpt(text) }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_part_of_a_path() {
        for name in ["apps", "argo-cd", "a.b_c", "X1"] {
            assert!(name.parse::<GitName>().is_ok(), "{name}");
        }
        for name in ["", ".", "..", "a/b", ".a", "-a", "a.git", "a.lock", "a..b", "a b", "a\n", &"a".repeat(64)] {
            assert!(name.parse::<GitName>().is_err(), "{name:?}");
        }
    }

    #[test]
    fn references_are_branches_and_tags() {
        for name in ["HEAD", "main", "v1.2.3", "release/1.0", "refs/heads/main", "refs/tags/v1", "a+b@c"] {
            assert!(name.parse::<GitRef>().is_ok(), "{name}");
        }
        for name in [
            "",
            "-x",
            "--upload-pack=x",
            "a..b",
            "a/",
            "/a",
            "a//b",
            "a.lock",
            "a b",
            "a:b",
            "a~1",
            "a^",
            "refs/x/y",
            "refs/heads/",
            "refs/",
            "*",
            "+main",
        ] {
            assert!(name.parse::<GitRef>().is_err(), "{name:?}");
        }
    }

    #[test]
    fn commits_are_whole() {
        assert!("0123456789abcdef0123456789abcdef01234567".parse::<GitCommit>().is_ok());
        for text in ["", "0123456", "0123456789ABCDEF0123456789abcdef01234567", &"0".repeat(64)] {
            assert!(text.parse::<GitCommit>().is_err(), "{text}");
        }
    }
}
