//! Helm charts, wherever they come from, as Helm OCI artifacts.
//!
//! What upstream packaged keeps its bytes: the archive and its provenance file become layers as they are. Version
//! ranges mean here what they mean to Helm 3.

pub mod archive;
pub mod artifact;
pub(crate) mod glob;
pub mod helm_repositories;
mod ignore;
pub mod index;
pub mod metadata;
pub mod package;
pub mod source;

pub use helm_repositories::{HelmRepositories, HelmRepositoriesError};
pub use ignore::IgnoreError;
pub use manifests::component::constraint::{self, Constraint, ConstraintError};
pub use manifests::component::version::{self, Version, VersionError};
pub(crate) use source::name_of_locked;
pub use source::{ChartError, ChartProblem, ChartSources};
