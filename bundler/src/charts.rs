//! Helm charts, wherever they come from, as Helm OCI artifacts.
//!
//! What upstream packaged keeps its bytes: the archive and its provenance file become layers as they are. Version
//! ranges mean here what they mean to Helm 3.

pub mod constraint;
pub mod version;

pub use constraint::{Constraint, ConstraintError};
pub use version::{Version, VersionError};
