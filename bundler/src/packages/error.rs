//! What can stand against the packages of a system.

use std::path::PathBuf;
use std::sync::Arc;

use manifests::debian::{Architecture, Series};
use manifests::reference::ReferenceError;
use miette::{Diagnostic, NamedSource, SourceSpan};

use super::locked::Unlisted;
use super::repository::RepositoryError;
use crate::build::Cause;
use crate::resolve::stack::ResolvedSystem;

/// Why the packages of a system can't be had.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum PackagesError {
    /// A repository can't be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Repository(#[from] RepositoryError),
    /// A profile can't be used.
    #[error("can't use the profile {path} of `{series}`", path = .path.display())]
    Profile {
        /// The file.
        path: PathBuf,
        /// The series.
        series: Series,
        /// The stack.
        #[source_code]
        definition: NamedSource<Arc<str>>,
        /// The system.
        #[label("of this system")]
        place: SourceSpan,
        /// Why.
        #[source]
        #[diagnostic_source]
        source: Cause,
    },
    /// None of the profiles is from a node of an architecture.
    #[error("none of the profiles of `{series}` is from a node of {architecture}")]
    #[diagnostic(help("add the profile of such a node to `base`, or `essential`"))]
    NoProfile {
        /// The series.
        series: Series,
        /// The architecture.
        architecture: Architecture,
        /// The stack.
        #[source_code]
        definition: NamedSource<Arc<str>>,
        /// The system.
        #[label("this system")]
        place: SourceSpan,
    },
    /// Something stands against the closure, or apt against the proof.
    #[error("the packages for `{series}` on {architecture} can't be completed")]
    System {
        /// The series.
        series: Series,
        /// The architecture of nodes.
        architecture: Architecture,
        /// Why.
        #[source]
        #[diagnostic_source]
        source: Cause,
    },
    /// The lock can't be followed.
    #[error("the packages for `{series}` are not as the lock has them")]
    Locked {
        /// The series.
        series: Series,
        /// Why.
        #[source]
        #[diagnostic_source]
        source: Cause,
    },
    /// The artifact can't be named.
    #[error("the packages make no artifact")]
    Name(#[source] ReferenceError),
    /// The build was stopped.
    #[error("stopped")]
    Stopped,
}

impl PackagesError {
    pub(super) fn profile(system: &ResolvedSystem, path: PathBuf, source: Cause) -> Self {
        let (definition, place) = (system.location.source_code(), system.location.span());
        Self::Profile { path, series: system.series.clone(), definition, place, source }
    }

    pub(super) fn no_profile(system: &ResolvedSystem, architecture: &Architecture) -> Self {
        let (definition, place) = (system.location.source_code(), system.location.span());
        Self::NoProfile { series: system.series.clone(), architecture: architecture.clone(), definition, place }
    }

    pub(super) fn locked(system: &ResolvedSystem, source: Unlisted) -> Self {
        Self::Locked { series: system.series.clone(), source: Box::new(source) }
    }

    pub(super) fn system(system: &ResolvedSystem, architecture: &Architecture, source: Cause) -> Self {
        Self::System { series: system.series.clone(), architecture: architecture.clone(), source }
    }
}
