//! Finds every image that a stack asks for: renders its charts with the real Helm and looks at everything that comes out.
//!
//! What is found is never guessed into a bundle: each [`Sighting`] says where it was seen, why it is taken for an image and
//! how sure that is. Only a field that Kubernetes or a known operator pulls from is [`Confidence::Certain`].

mod archive;
mod engine;
pub mod helm;
pub mod inventory;
mod list;
pub mod request;
mod scan;
mod sets;
pub mod sighting;
mod unused;
mod walk;
mod yaml;

use std::io::Read as _;
use std::path::Path;

use manifests::BundleName;
use serde::Serialize;

pub use engine::{discover, read};
pub use helm::{Helm, HelmError};
pub use inventory::{Api, At, Class, Definition, Inventory, KubernetesRange};
pub use request::{ChartRequest, Cluster, ListRequest, ManifestRequest, Request};
pub use sighting::{Confidence, Object, Origin, Reason, Sighting};

use walk::{Found, Place};

/// Everything that was found in a stack. Every list is sorted, so that the same stack gives the same.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Discovered {
    /// The images that are asked for.
    pub sightings: Vec<Sighting>,
    /// Images of tests (`helm test`): nothing of them is needed.
    pub tests: Vec<Sighting>,
    /// Images that charts know of and that no rendering asks for.
    pub unused: Vec<Mention>,
    /// Charts and artifacts that something in the cluster pulls by itself.
    pub pulled_charts: Vec<At<PulledChart>>,
    /// What is there beside images.
    pub inventory: Inventory,
    /// What could not be looked at, and why.
    pub failures: Vec<Failure>,
}

/// An image that a chart mentions: in values that are off, or in its list of images.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Mention {
    /// The component that has the chart.
    pub component: BundleName,
    /// The chart's name.
    pub chart: String,
    /// Where: a file of the chart.
    pub file: String,
    /// The way to it in the file.
    pub path: String,
    /// The image as far as it is told: its tag may be put together by the chart.
    pub image: String,
}

/// A chart or another artifact that is pulled at run time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PulledChart {
    /// Its name, or that of the artifact's repository.
    pub name: String,
    /// Where it is pulled from; empty where another object says it.
    pub from: String,
    /// The version or range; empty for any.
    pub version: String,
}

/// Something that could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// The component.
    pub component: BundleName,
    /// What of it.
    pub origin: Origin,
    /// Under which values, where not under those of the release itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// What went wrong.
    pub trouble: Trouble,
}

/// What goes wrong when something is looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, thiserror::Error)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "kind")]
pub enum Trouble {
    /// Helm refuses to render it.
    #[error("helm can't render it: {said}")]
    Render {
        /// What Helm says.
        said: String,
    },
    /// The chart is not for this version of Kubernetes.
    #[error("the chart is not for this version of Kubernetes: {said}")]
    KubernetesVersion {
        /// What Helm says.
        said: String,
    },
    /// Helm took too long.
    #[error("helm did not end within {seconds} s")]
    Late {
        /// How long was waited.
        seconds: u64,
    },
    /// Helm wrote too much.
    #[error("helm wrote more than {limit} bytes")]
    TooMuch {
        /// How much is read.
        limit: u64,
    },
    /// A file can't be read.
    #[error("it can't be read: {why}")]
    Unreadable {
        /// Why.
        why: String,
    },
    /// A document is no YAML, or too large or deep.
    #[error("a document can't be read as YAML, from line {line} of what is rendered: {why}")]
    Document {
        /// The line at which the document begins, from 1.
        line: usize,
        /// Why.
        why: String,
    },
    /// A line of a list is no image reference.
    #[error("line {line} of the list, `{text}`, is no image reference")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What stands there.
        text: String,
    },
    /// An image that no cluster could pull.
    #[error("{object} has `{text}` at {path}, which is no image reference")]
    NoReference {
        /// The object.
        object: Object,
        /// The way to it in the object.
        path: String,
        /// What stands there.
        text: String,
    },
    /// An image that has a site's own value in it.
    #[error("{object} has the image `{text}` at {path}: it depends on a value that only the site knows")]
    DependsOnSite {
        /// The object.
        object: Object,
        /// The way to it in the object.
        path: String,
        /// What stands there, with the placeholder.
        text: String,
    },
}

impl Trouble {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Render { .. } => {
                "set the values that the chart asks for; name those that only the site knows under `siteValues`"
            }
            Self::KubernetesVersion { .. } => "take another version of the chart, or of the distribution",
            Self::Late { .. } | Self::TooMuch { .. } => {
                "render the chart by hand with `helm template` to see what it does"
            }
            Self::Unreadable { .. } => "look whether the file is there and whole",
            Self::Document { .. } => "render the chart by hand with `helm template`, and look at this document",
            Self::Line { .. } => "say what the placeholders in it stand for, or take the line out of the list",
            Self::NoReference { .. } => "set the image in the values of the release",
            Self::DependsOnSite { .. } => "name what a site may say there as `oneOf` of the site value",
        }
    }
}

/// Reads a file of at most so many bytes.
fn read_text(path: &Path, limit: u64) -> Result<String, String> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > limit {
        return Err(format!("it has more than {limit} bytes"));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
