//! The closure: every package that has to be carried, so that nodes of all profiles can install what is asked for.
//!
//! # How it is found
//!
//! A node's apt decides what is installed, so a closure is first of all what apt would choose from the whole archive.
//! [`mark`] makes apt's choices in apt's order: the first alternative that can be installed, a real package before one
//! that provides it, what is installed before what is new. In nearly all cases that is the answer, and it is checked
//! relation by relation. Where it runs into a contradiction, apt has a problem resolver, which is a heuristic; we ask a
//! complete solver instead, [`resolvo`] (CDCL): it finds an installation if there is one, and if there is none, its proof
//! of that becomes the explanation. It gets apt's choices as its preferences.
//!
//! The solver alone would not do: any of its solutions is a valid installation, and apt on the node would often choose
//! another one, which is not carried. Marks alone would not do either: they neither go back far enough nor explain.
//!
//! # What is carried
//!
//! - what each profile lacks for all requests together, and for each component alone: sites install one without others;
//! - each package that was asked for, also where a profile has it;
//! - where a profile has a package that satisfies a relation otherwise than apt would have chosen, that choice too.
//!
//! Nothing that is installed is removed or replaced by an earlier version: nodes install with `--no-remove`.
//!
//! [`resolvo`]: https://docs.rs/resolvo

use std::collections::{BTreeMap, BTreeSet};

use manifests::debian::{Architecture, PackageName, VersionConstraint};

mod complete;
mod explain;
mod machine;
mod mark;
mod preference;
mod profile;
mod relations;
mod request;
mod solve;
mod universe;

pub use profile::{EssentialError, Profile};
pub use request::RequestError;
pub use solve::Contradiction;
pub use universe::{IndexError, PackageId, Pocket, Universe, UniverseBuilder, VersionId};

/// Marks go as deep as a chain of dependencies is long.
const STACK_SIZE: usize = 256 << 20;

/// A package that a component asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Who asks: a component's name, or the stack's.
    pub component: String,
    /// What for.
    pub package: PackageName,
    /// For which architecture; that of the system when nothing is said.
    pub architecture: Option<Architecture>,
    /// Which versions.
    pub version: Option<VersionConstraint>,
    /// Whether what it recommends is installed too.
    pub recommends: bool,
}

/// Everything that has to be carried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closure {
    /// The packages, by name, architecture and version.
    pub packages: Vec<Chosen>,
    /// What to install, in the order of the requests.
    pub wanted: Vec<Wanted>,
    /// What is recommended, should be installed and can't be: `app of `web` recommends extra`.
    pub unmet: Vec<String>,
}

/// A package of a closure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// Which: see [`Universe::package_of`], [`Universe::stanza`] and [`Universe::pocket`].
    pub version: VersionId,
    /// Why it is carried.
    pub why: Why,
}

/// Why a package is carried.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// These components ask for it.
    Wanted(Vec<String>),
    /// Another package of the closure needs it, or makes its upgrade necessary.
    For(String),
}

/// A package to install, exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Who asks.
    pub component: String,
    /// Which version of which package.
    pub version: VersionId,
    /// Whether it is installed with what it recommends. That is a run of apt of its own, after the one for all others.
    pub recommends: bool,
}

/// Finds what has to be carried, so that nodes of every profile can install all that is asked for.
///
/// # Errors
/// [`Unsolvable`] with everything that stands against it, as a person would say it.
pub fn close(universe: &Universe<'_>, profiles: &[Profile], requests: &[Request]) -> Result<Closure, Unsolvable> {
    std::thread::scope(|scope| {
        let work = || close_here(universe, profiles, requests);
        let thread = std::thread::Builder::new().stack_size(STACK_SIZE).spawn_scoped(scope, work);
        thread.map_err(Unsolvable::thread)?.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn close_here(universe: &Universe<'_>, profiles: &[Profile], requests: &[Request]) -> Result<Closure, Unsolvable> {
    let resolved = request::resolve_all(universe, requests)?;
    let mut chosen: BTreeMap<VersionId, Why> = BTreeMap::new();
    let mut unmet = BTreeSet::new();
    let mut problems = Vec::new();
    for profile in profiles {
        // It would only say the same again.
        if profile.is_earlier() && !problems.is_empty() {
            continue;
        }
        match solve::for_profile(universe, profile, requests, &resolved) {
            Ok(found) => {
                unmet.extend(found.unmet);
                for (version, why) in found.lacks {
                    chosen.entry(version).or_insert(why);
                }
            }
            Err(problem) => problems.push(problem),
        }
    }
    if !problems.is_empty() {
        return Err(Unsolvable { problems });
    }
    for version in resolved.iter().copied().collect::<BTreeSet<_>>() {
        let asks = requests.iter().zip(&resolved).filter(|(_, asked)| **asked == version);
        let mut components: Vec<String> = asks.map(|(request, _)| request.component.clone()).collect();
        components.sort();
        components.dedup();
        chosen.insert(version, Why::Wanted(components));
    }
    let wanted = requests.iter().zip(&resolved).map(|(request, version)| Wanted {
        component: request.component.clone(),
        version: *version,
        recommends: request.recommends,
    });
    let mut packages: Vec<Chosen> = chosen.into_iter().map(|(version, why)| Chosen { version, why }).collect();
    packages.sort_by_cached_key(|chosen| {
        let package = universe.package_of(chosen.version);
        (package.name, package.architecture, package.version)
    });
    Ok(Closure { packages, wanted: wanted.collect(), unmet: unmet.into_iter().collect() })
}

/// What is asked for can't be installed.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the packages that are asked for can't be installed")]
pub struct Unsolvable {
    /// What stands against it, each on its own.
    #[related]
    pub problems: Vec<Problem>,
}

/// One thing that stands against an installation.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum Problem {
    /// A request that nothing fits.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Request(#[from] RequestError),
    /// Requirements that contradict each other, or the base.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Contradiction(#[from] Contradiction),
    /// A profile that can't be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Profile(#[from] IndexError),
    /// The system gave no thread to work in.
    #[error("can't start a thread to find the packages in")]
    Thread(#[source] std::io::Error),
}

impl Unsolvable {
    fn thread(error: std::io::Error) -> Self {
        Self { problems: vec![Problem::Thread(error)] }
    }
}
