//! What can be wrong with a chart.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use manifests::Digest;
use manifests::reference::ReferenceError;
use miette::Diagnostic;

use crate::charts::archive::ArchiveError;
use crate::charts::constraint::ConstraintError;
use crate::charts::index::IndexError;
use crate::charts::metadata::MetadataError;
use crate::charts::package::PackageError;
use crate::http::FetchError;
use crate::item::ItemError;
use crate::oci::OciError;
use crate::resolve::stack::ResolvedChart;

/// A chart that can't be had, and who asked for it.
pub type ChartError = ItemError<ChartProblem>;

impl ChartError {
    pub(super) fn new(chart: &ResolvedChart, problem: ChartProblem) -> Self {
        Self::at(&chart.location, &chart.component, "chart", &chart.name, problem)
    }
}

/// Why a chart can't be had.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum ChartProblem {
    /// The chart repository can't be used.
    #[error("can't use the chart repository {url}")]
    Repository {
        /// The repository.
        url: String,
        /// Why: the same for every chart of the repository.
        #[source]
        source: Arc<RepositoryError>,
        /// What to do.
        #[help]
        help: Option<String>,
    },
    /// The repository has not what was asked for.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Index(#[from] IndexError),
    /// The index names no usable place for the archive.
    #[error("the chart repository gives no usable URL for version {version}: `{url}`")]
    Url {
        /// The version.
        version: String,
        /// What stands there.
        url: String,
    },
    /// The archive can't be fetched.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Fetch(#[from] FetchError),
    /// The archive is another one than the index says.
    #[error("{url}: the chart repository's index says {expected}, but the archive is {actual}")]
    #[diagnostic(help(
        "the archive was replaced without its index, or it was tampered with: ask the repository's owner"
    ))]
    Changed {
        /// The archive's URL.
        url: String,
        /// What the index says.
        expected: Digest,
        /// What it is.
        actual: Digest,
    },
    /// The archive is not what it should be.
    #[error("can't read the chart's archive {place}")]
    Archive {
        /// Its URL or path.
        place: String,
        /// Why.
        #[source]
        #[diagnostic_source]
        source: ArchiveError,
    },
    /// The archive holds another chart.
    #[error("the chart's archive is of a chart named `{actual}`, not `{expected}`")]
    OtherName {
        /// What was asked for.
        expected: String,
        /// What it is.
        actual: String,
    },
    /// The archive holds another version.
    #[error("{place} holds version {actual} of the chart, but the index says {expected}")]
    OtherVersion {
        /// The archive.
        place: String,
        /// What the index says.
        expected: String,
        /// What it is.
        actual: String,
    },
    /// The registry has not what was asked for.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Registry(#[from] OciError),
    /// The range is none.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Range(#[from] ConstraintError),
    /// No tag of the registry fits.
    #[error("{repository} has no version that fits `{range}`{}", newest(.available))]
    NoVersion {
        /// The repository.
        repository: String,
        /// The range.
        range: String,
        /// The newest versions that there are.
        available: Vec<String>,
    },
    /// What the registry has is another kind of artifact.
    #[error("{artifact} is not a Helm chart: {problem}")]
    #[diagnostic(help("carry other artifacts under `images:`"))]
    NotAChart {
        /// Its name.
        artifact: String,
        /// What it is.
        problem: String,
    },
    /// The config of the artifact is not what it should be.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Metadata(#[from] MetadataError),
    /// A local folder can't be packaged.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Package(#[from] PackageError),
    /// A local file can't be read.
    #[error("can't read {}", path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The chart's name gives no name at the site.
    #[error("the chart has no valid name at the site")]
    Reference(#[from] ReferenceError),
}

/// Why no chart of a repository can be had.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum RepositoryError {
    /// Its index can't be fetched.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Fetch(FetchError),
    /// Its index can't be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Index(IndexError),
}

impl ChartProblem {
    pub(super) fn repository(url: String, source: Arc<RepositoryError>) -> Self {
        let help = source.help().map(|help| help.to_string());
        Self::Repository { url, source, help }
    }
}

fn newest(versions: &[String]) -> String {
    if versions.is_empty() { String::new() } else { format!("; the newest are {}", versions.join(", ")) }
}
