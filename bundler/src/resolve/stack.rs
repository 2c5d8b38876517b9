//! A stack with its components, from disk into one definition.
//!
//! Paths come out joined with the folder of the file that names them. What two components ask for alike is carried
//! once; what they ask for in different ways is an error that names both places.

mod changes;
mod closed;
mod compose;
mod created;
mod files;
mod merge;
mod packages;
mod platform;

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use manifests::component::{ChartSource, FileSource, ImageSource, PackageRepository, WantedGit};
use manifests::debian::{Architecture, PackageName, Series, VersionConstraint};
use manifests::stack::{Base, Mirror, RegistrySettings, TrustRule};
use manifests::yaml::Location;
use manifests::{BundleName, ImageReference, Platform};

pub use closed::{
    OwnDecision, OwnOffers, OwnWaiver, RemovedImage, ResolvedImageList, ResolvedManifest, ResolvedRendering,
};
pub use created::{CreatedError, created};
pub(crate) use files::read;
pub use files::{ResolveError, load};
pub use platform::{ResolvedPlatform, ResolvedRelease};

/// Everything that a bundle of a stack is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedStack {
    /// The name of the stack and of its bundles.
    pub name: BundleName,
    /// The version.
    pub version: semver::Version,
    /// What it is, in a sentence.
    pub description: Option<String>,
    /// What the stack says about its date; see [`created`].
    pub created: Option<Timestamp>,
    /// The images, in the order of their references, each once.
    pub images: Vec<ResolvedImage>,
    /// The charts, in the order of the components.
    pub charts: Vec<ResolvedChart>,
    /// The files, in the order of components and paths.
    pub files: Vec<ResolvedFile>,
    /// The git repositories, in the order of components and names.
    pub git: Vec<ResolvedGit>,
    /// What the nodes run, with the packages for each.
    pub systems: Vec<ResolvedSystem>,
    /// Repositories that are carried whole.
    pub mirrors: Vec<Mirror>,
    /// How it is deployed; none where the stack names no distribution.
    pub platform: Option<ResolvedPlatform>,
    /// How each chart is rendered to find what it refers to, in the order of the components.
    pub renderings: Vec<ResolvedRendering>,
    /// Files of Kubernetes' objects, in the order of the components.
    pub manifests: Vec<ResolvedManifest>,
    /// Lists of images, in the order of the components.
    pub image_lists: Vec<ResolvedImageList>,
    /// Images that the stack takes out of components.
    pub removed: Vec<RemovedImage>,
    /// What components bring and want; what the stack's site has stands first.
    pub offers: Vec<OwnOffers>,
    /// What is said of texts that may be images, those of the stack first.
    pub decisions: Vec<OwnDecision>,
    /// Findings that are let pass, by the stack first.
    pub waivers: Vec<OwnWaiver>,
    /// What must be signed upstream, and by whom.
    pub trust: Vec<TrustRule>,
    /// How registries are reached, by their host (and port).
    pub registries: BTreeMap<String, RegistrySettings>,
    /// The platforms that images are carried for, where nothing says others.
    pub platforms: Vec<Platform>,
    /// The components, with the platforms that their images are carried for.
    pub components: Vec<(BundleName, Vec<Platform>)>,
    /// Where the stack's name stands.
    pub location: Location,
}

/// An image to fetch.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedImage {
    /// Its name at the site.
    pub reference: ImageReference,
    /// The platforms to carry, sorted; never empty.
    pub platforms: Vec<Platform>,
    /// Whether signatures, attestations and SBOMs are carried along.
    pub attachments: bool,
    /// Where it comes from.
    pub source: ImageSource,
    /// Whether no component lists it itself: it is carried because something refers to it, or a list of upstream.
    pub found: bool,
    /// The component that asks for it; the first, where several do.
    pub component: BundleName,
    /// The other components that ask for it.
    pub others: Vec<BundleName>,
    /// Where it is asked for.
    pub location: Location,
}

/// A chart to fetch.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedChart {
    /// Its name.
    pub name: String,
    /// Where it comes from.
    pub source: ChartSource,
    /// The component that asks for it; the first, where several do.
    pub component: BundleName,
    /// Where it is asked for.
    pub location: Location,
}

/// A file to fetch.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedFile {
    /// Its path within the set of its component.
    pub path: String,
    /// Where it comes from.
    pub source: FileSource,
    /// The path of a list of checksums in the same set that it is held against when it is looked up.
    pub checksums: Option<String>,
    /// The component that it belongs to: the name of its set.
    pub component: BundleName,
    /// Where it is asked for.
    pub location: Location,
}

/// A git repository to fetch.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedGit {
    /// What is asked for.
    pub wanted: WantedGit,
    /// The component that it belongs to.
    pub component: BundleName,
}

/// What nodes run, and the packages that are carried for them.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedSystem {
    /// The codename of the release.
    pub series: Series,
    /// The architectures of nodes; never empty.
    pub architectures: Vec<Architecture>,
    /// Foreign architectures that nodes have enabled.
    pub foreign: Vec<Architecture>,
    /// What nodes have already; never empty.
    pub base: Vec<Base>,
    /// Where packages come from: the system's repositories, then those that components bring along.
    pub repositories: Vec<PackageRepository>,
    /// The packages that are asked for, in the order of the components.
    pub packages: Vec<ResolvedPackage>,
    /// Where the series is named.
    pub location: Location,
}

/// A package that a component wants on the nodes.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedPackage {
    /// Its name.
    pub name: PackageName,
    /// The versions that will do; none where any will.
    pub version: Option<VersionConstraint>,
    /// Whether what it recommends is carried and installed too.
    pub recommends: bool,
    /// The foreign architecture of the package itself; none where it is of the nodes' own.
    pub foreign: Option<Architecture>,
    /// The architectures of nodes that it is for; never empty.
    pub architectures: Vec<Architecture>,
    /// The component that asks for it.
    pub component: BundleName,
    /// Where it is asked for.
    pub location: Location,
}

/// Joins what a file names with the folder that it stands in.
fn rebase(path: &mut std::path::PathBuf, location: &Location) {
    let folder = Path::new(location.file()).parent().unwrap_or(Path::new(""));
    *path = folder.join(&*path);
}
