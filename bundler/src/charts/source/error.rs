//! What can be wrong with a chart.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use manifests::Digest;
use manifests::lock::{FoundChart, LockedChart};
use manifests::reference::ReferenceError;
use miette::Diagnostic;

use crate::build::Cause;
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
    /// Upstream has another archive in the place of that of the lock.
    #[error("{url} was replaced: the lock has {expected}, and now it is {actual}")]
    Replaced {
        /// The archive's URL.
        url: String,
        /// What the lock says.
        expected: Digest,
        /// What it is.
        actual: Digest,
    },
    /// The provenance file is another one, or gone.
    #[error("its provenance file is not the one of the lock any more ({expected})")]
    NoProvenance {
        /// What the lock says.
        expected: Digest,
    },
    /// What a lock names is not there any more.
    #[error("upstream does not have version {version} any more as the lock has it ({digest})")]
    #[diagnostic(help(
        "`airgap-bundle lock STACK --update {chart}` takes what is there now, where the stack's range allows it"
    ))]
    Gone {
        /// The chart.
        chart: String,
        /// The version.
        version: String,
        /// What the lock has.
        digest: Digest,
        /// What upstream answered.
        #[source]
        #[diagnostic_source]
        source: Cause,
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
    /// The same, told as what it is where a lock named the chart: that it is gone, or was replaced.
    pub(super) fn gone_since(self, locked: &LockedChart) -> Self {
        let gone = match &self {
            Self::Changed { .. } | Self::NoProvenance { .. } => true,
            Self::Registry(error) => error.is_refusal(),
            Self::Fetch(error) => error.status().is_some_and(|status| status.is_client_error()),
            _ => false,
        };
        if !gone {
            return self;
        }
        let source = match self {
            Self::Changed { url, expected, actual } => Self::Replaced { url, expected, actual },
            other => other,
        };
        let digest = match &locked.found {
            Some(FoundChart::Artifact(artifact)) => artifact.digest,
            _ => locked.digest,
        };
        let (chart, version) = (locked.chart.clone(), locked.version.clone());
        Self::Gone { chart, version, digest, source: Box::new(source) }
    }

    pub(super) fn repository(url: String, source: Arc<RepositoryError>) -> Self {
        let help = source.help().map(|help| help.to_string());
        Self::Repository { url, source, help }
    }
}

fn newest(versions: &[String]) -> String {
    if versions.is_empty() { String::new() } else { format!("; the newest are {}", versions.join(", ")) }
}
