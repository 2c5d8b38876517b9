//! Which package and version a request means.

use manifests::debian::version::compare;

use super::universe::{ArchitectureId, PackageId, Universe, VersionId};
use super::{Problem, Request, Unsolvable};

/// Finds what all requests mean.
pub(super) fn resolve_all(universe: &Universe<'_>, requests: &[Request]) -> Result<Vec<VersionId>, Unsolvable> {
    let mut found = Vec::new();
    let mut problems = Vec::new();
    for request in requests {
        match resolve(universe, request) {
            Ok(version) => found.push(version),
            Err(problem) => problems.push(Problem::Request(problem)),
        }
    }
    if problems.is_empty() { Ok(found) } else { Err(Unsolvable { problems }) }
}

/// Of the versions that fit, the one with the highest pin; of those, the highest.
fn resolve(universe: &Universe<'_>, request: &Request) -> Result<VersionId, RequestError> {
    let asks = || Asks { component: request.component.clone(), package: request.package.to_string() };
    let architecture = match &request.architecture {
        None => Some(ArchitectureId::NATIVE),
        Some(architecture) => universe.architecture_named(architecture.as_str()),
    };
    let package = architecture.and_then(|architecture| universe.find(request.package.as_str(), architecture));
    let package = package.filter(|package| !universe.versions_of(*package).is_empty());
    let Some(package) = package.map_or_else(|| provider(universe, request), |package| Ok(Some(package)))? else {
        return Err(RequestError::NoPackage { asks: asks(), similar: universe.similar(request.package.as_str()) });
    };
    let versions = universe.versions_of(package).iter().copied();
    let fits = |version: &VersionId| {
        let entry = universe.version(*version);
        entry.priority > 0 && request.version.as_ref().is_none_or(|constraint| constraint.accepts(entry.version))
    };
    let best = versions.clone().filter(fits).max_by(|one, other| {
        let (one, other) = (universe.version(*one), universe.version(*other));
        one.priority.cmp(&other.priority).then_with(|| compare(one.version, other.version))
    });
    best.ok_or_else(|| RequestError::NoVersion {
        asks: asks(),
        constraint: request.version.as_ref().map_or_else(|| "any version".to_owned(), ToString::to_string),
        available: versions.map(|version| universe.version(version).version.to_owned()).collect(),
    })
}

/// A name that only one package provides stands for that package; for one that several provide, a person has to choose.
fn provider(universe: &Universe<'_>, request: &Request) -> Result<Option<PackageId>, RequestError> {
    let Some(name) = universe.find_name(request.package.as_str()) else { return Ok(None) };
    let provides = universe.provides_of(name).iter();
    let mut providers: Vec<PackageId> = provides.map(|provide| universe.version(provide.by).package).collect();
    providers.sort_unstable();
    providers.dedup();
    match providers[..] {
        [] => Ok(None),
        [only] => Ok(Some(only)),
        _ => Err(RequestError::Virtual {
            asks: Asks { component: request.component.clone(), package: request.package.to_string() },
            providers: providers.iter().map(|package| universe.display(*package)).collect(),
        }),
    }
}

/// Who asks for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asks {
    /// The component.
    pub component: String,
    /// The package.
    pub package: String,
}

impl std::fmt::Display for Asks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "component `{}` asks for package `{}`", self.component, self.package)
    }
}

/// A request that nothing fits.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum RequestError {
    /// No repository has it.
    #[error("{asks}, which none of the repositories has{}", among(" (similar: ", similar))]
    #[diagnostic(help("check the name, and whether the system's `components` and `repositories` include it"))]
    NoPackage {
        /// Who asks for what.
        asks: Asks,
        /// Names that are close.
        similar: Vec<String>,
    },
    /// None of its versions fits.
    #[error("{asks} ({constraint}), but the repositories have {}", available.join(", "))]
    #[diagnostic(help(
        "ask for one of these; an earlier version is in a `snapshot` of the repository, a later one in another repository, \
         such as that of its publisher"
    ))]
    NoVersion {
        /// Who asks for what.
        asks: Asks,
        /// Which versions.
        constraint: String,
        /// Those that there are.
        available: Vec<String>,
    },
    /// It is a name that several packages provide.
    #[error("{asks}, which several packages provide: {}", providers.join(", "))]
    #[diagnostic(help("name one of them instead"))]
    Virtual {
        /// Who asks for what.
        asks: Asks,
        /// The packages.
        providers: Vec<String>,
    },
}

fn among(before: &str, names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!("{before}{})", names.join(", ")) }
}
