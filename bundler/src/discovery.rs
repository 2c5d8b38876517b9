//! Finds every image that a stack asks for: renders its charts with the real Helm and looks at everything that comes out.
//!
//! What is found is never guessed into a bundle: each [`Sighting`] says where it was seen, why it is taken for an image and
//! how sure that is. Only a field that Kubernetes or a known operator pulls from is [`Confidence::Certain`].

mod archive;
mod engine;
pub mod helm;
pub mod inventory;
pub mod list;
pub(crate) mod removed;
pub(crate) mod repository;
pub mod request;
mod scan;
mod sets;
pub mod sighting;
pub mod trouble;
mod unused;
mod walk;
mod yaml;

use std::io::Read as _;
use std::path::Path;

use manifests::BundleName;
use serde::Serialize;

pub use engine::{discover, read};
pub use helm::{Helm, HelmError};
pub use inventory::{Api, At, Class, Definition, FetchedGit, Inventory, KubernetesRange};
pub use request::{ChartRequest, Cluster, ListRequest, ManifestRequest, RepositoryRequest, Request, TreeRequest};
pub use sighting::{Confidence, Object, Origin, Reason, Sighting};
pub use trouble::{Failure, Trouble};

use walk::{Deployed, Found, Given, Place};

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
    /// Charts that were not rendered with all combinations of what sites may say.
    pub unrendered: Vec<Combinations>,
}

/// A chart that was rendered with some of the combinations of what sites may say.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Combinations {
    /// The component that has the chart.
    pub component: BundleName,
    /// The chart's name.
    pub chart: String,
    /// The release that it is rendered as.
    pub release: String,
    /// The values for which there are several choices.
    pub values: Vec<String>,
    /// How many combinations were rendered.
    pub rendered: u64,
    /// How many there are.
    pub of: u64,
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

/// The field in which an object of the helm controller holds a whole chart, and the name under which such a chart is noted: it is
/// pulled from nowhere, and nobody has looked into it.
pub(crate) const CHART_CONTENT: &str = "chartContent";

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

/// Bytes of a file of Kubernetes' objects that are read.
const LARGEST: u64 = 48 << 20;

/// Reads a file of at most so many bytes.
fn read_text(path: &Path, limit: u64) -> Result<String, String> {
    Ok(String::from_utf8_lossy(&read_bytes(path, limit)?).into_owned())
}

fn read_bytes(path: &Path, limit: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > limit {
        return Err(format!("it has more than {limit} bytes"));
    }
    Ok(bytes)
}
