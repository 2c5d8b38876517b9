//! The shape of git repositories.

use schemars::JsonSchema;
use serde::Serialize;

use super::judgement::LineOfText;
use super::values::LocalPath;
use crate::component::git::{GitCommit, GitName, GitRef, Lfs, Submodules};

/// A git repository.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum GitShape {
    /// From a server.
    FromUrl(GitFromUrl),
    /// From disk.
    OnDisk(GitOnDisk),
}

/// A git repository of a server.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct GitFromUrl {
    /// Its name at the site.
    pub name: GitName,
    /// Where it is cloned from, without a password.
    pub url: GitUrl,
    /// What is carried of it.
    #[serde(flatten)]
    pub carried: GitCarried,
}

/// A git repository on disk.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct GitOnDisk {
    /// Its name at the site.
    pub name: GitName,
    /// Its folder, with a working copy or without.
    pub path: LocalPath,
    /// What is carried of it.
    #[serde(flatten)]
    pub carried: GitCarried,
}

/// What is carried of a repository.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct GitCarried {
    /// The branch or tag that its `HEAD` is; without it upstream's `HEAD`.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<GitRef>,
    /// The commit at which it is carried; without it what upstream has, which a lock pins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<GitCommit>,
    /// Branches and tags that are carried beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refs: Vec<GitRef>,
    /// What becomes of files that are kept in LFS: `refuse` if not given; `carry` carries them too, `pointers` what stands for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lfs: Option<Lfs>,
    /// What becomes of submodules: `refuse` if not given; `carry` wants each as a repository of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub submodules: Option<Submodules>,
    /// Why its files are not looked through.
    #[serde(rename = "withoutDiscovery", skip_serializing_if = "Option::is_none")]
    pub without_discovery: Option<LineOfText>,
}

/// A URL with `https`, `http` or `ssh`, without a password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct GitUrl(
    #[schemars(regex(pattern = r"^(https?://[^\s@/?#]+|ssh://([A-Za-z0-9._-]+@)?[^\s@/?#:]+(:[0-9]+)?)([/?#]|$)"))]
    pub String,
);
