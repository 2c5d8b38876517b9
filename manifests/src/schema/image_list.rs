//! The shape of lists of images that upstreams publish.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::judgement::LineOfText;
use super::values::{LocalPath, Sha256, WebUrl};

/// A list of images: one reference in a line.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ImageListShape {
    /// From a web server.
    FromUrl(ImageListFromUrl),
    /// From disk.
    OnDisk(ImageListOnDisk),
}

/// A list of images from a web server.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ImageListFromUrl {
    /// The URL.
    pub url: WebUrl,
    /// What it must be.
    pub sha256: Sha256,
    /// What of it is taken.
    #[serde(flatten)]
    pub choice: ListChoice,
}

/// A list of images from disk.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ImageListOnDisk {
    /// The file on disk.
    pub file: LocalPath,
    /// What it must be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
    /// What of it is taken.
    #[serde(flatten)]
    pub choice: ListChoice,
}

/// What of a list is taken, and what its placeholders stand for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct ListChoice {
    /// What stands for placeholders: `version` for `{version}` in the list.
    #[serde(rename = "with", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub placeholders: BTreeMap<String, LineOfText>,
    /// Patterns of the complete names of images that are taken; without it all. `*` stands for any text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<LineOfText>,
    /// Patterns of those that are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<LineOfText>,
}
