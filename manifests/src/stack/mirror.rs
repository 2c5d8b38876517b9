//! Repositories that are carried whole.

use crate::BundleName;
use crate::component::PackageRepository;
use crate::yaml::Location;

/// A repository of which all packages of some suites, components and architectures are carried, as upstream signed them.
#[derive(Debug, Clone, PartialEq)]
pub struct Mirror {
    /// Its name at the site.
    pub name: BundleName,
    /// The repository. Its architectures are never empty; a priority and series it does not have.
    pub repository: PackageRepository,
    /// Where its name stands.
    pub location: Location,
}
