//! A stack: which components go into a bundle, with which changes, under which name and version. Written by people as
//! `stack.yaml`; `docs/stack.md` is the reference.

mod mirror;
mod parse;
mod system;
mod trust;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use url::Url;

use crate::component::{
    Constraint, Decision, Offers, Waiver, WantedChart, WantedFile, WantedGit, WantedImage, WantedImageList,
    WantedPackage,
};
use crate::kubernetes::{DistributionName, DistributionVersion, ObjectName, ReleaseName};
use crate::values::Values;
use crate::yaml::{Location, Problems, SourceFile};
use crate::{BundleName, ImageReference, Platform};

pub use mirror::Mirror;
pub(crate) use parse::registry_host;
pub use system::{Base, System};
pub use trust::{DetachedForm, DetachedScheme, SignatureScheme, TrustPattern, TrustRule, TrustedKind};

/// What `stack.yaml` says.
#[derive(Debug, Clone, PartialEq)]
pub struct Stack {
    /// The name of the stack and of its bundles.
    pub name: BundleName,
    /// The version.
    pub version: semver::Version,
    /// What it is, in a sentence.
    pub description: Option<String>,
    /// When this version was defined: the date that its bundles carry.
    pub created: Option<Timestamp>,
    /// The stack that it extends.
    pub extends: Option<OtherStack>,
    /// Stacks whose content it takes over.
    pub include: Vec<OtherStack>,
    /// The platforms that images are carried for; where the file names none, those of the stack that it extends, else `linux/amd64`.
    pub platforms: Vec<Platform>,
    /// The components, in the order of the file.
    pub components: Vec<ComponentUse>,
    /// Sets of components of which one is taken.
    pub choose: Vec<StackChoice>,
    /// Which is taken, by the names of the sets.
    pub choices: BTreeMap<BundleName, ChosenComponent>,
    /// Components that it leaves out.
    pub without: Vec<LeftOut>,
    /// Images of the stack's own.
    pub images: Vec<WantedImage>,
    /// Lists of images that upstreams publish.
    pub image_lists: Vec<WantedImageList>,
    /// Charts of the stack's own.
    pub charts: Vec<WantedChart>,
    /// Files of the stack's own.
    pub files: Vec<WantedFile>,
    /// Git repositories of the stack's own.
    pub git: Vec<WantedGit>,
    /// Packages of the stack's own.
    pub packages: Vec<WantedPackage>,
    /// What the nodes run, each series once.
    pub systems: Vec<System>,
    /// Repositories that are carried whole, each name once.
    pub mirrors: Vec<Mirror>,
    /// The distribution of Kubernetes that its components are deployed on; none where bundles only carry.
    pub distribution: Option<WantedDistribution>,
    /// What its nodes and its site have, whatever components bring.
    pub provides: Offers,
    /// What is said of texts that may be images.
    pub decisions: Vec<Decision>,
    /// Findings that are let pass.
    pub waivers: Vec<Waiver>,
    /// What must be signed upstream, and by whom.
    pub trust: Vec<TrustRule>,
    /// How registries are reached, by their host (and port).
    pub registries: BTreeMap<String, RegistrySettings>,
    /// Where its name stands.
    pub location: Location,
}

/// Another stack that one stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherStack {
    /// Its file, relative to the folder of the file that names it.
    pub path: PathBuf,
    /// Where it is named.
    pub location: Location,
}

/// Components of which a stack has one.
#[derive(Debug, Clone, PartialEq)]
pub struct StackChoice {
    /// What is chosen, such as `postgres`.
    pub name: BundleName,
    /// The components, two at least; without a choice the first is taken.
    pub one_of: Vec<ComponentUse>,
    /// Where its name stands.
    pub location: Location,
}

/// The component that is taken of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChosenComponent {
    /// Its name.
    pub name: BundleName,
    /// Where it is named.
    pub location: Location,
}

/// A component that is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Its name.
    pub name: BundleName,
    /// Where it is named.
    pub location: Location,
}

/// A component that a stack uses.
#[derive(Debug, Clone, PartialEq)]
pub struct ComponentUse {
    /// Which one.
    pub component: ComponentSource,
    /// The variant of its values that this stack takes.
    pub variant: Option<VariantChoice>,
    /// Images that this stack adds to it.
    pub add_images: Vec<WantedImage>,
    /// Images of it that this stack leaves out.
    pub remove_images: Vec<ImageRemoval>,
    /// Images of it that this stack takes from elsewhere.
    pub replace_images: Vec<ImageReplacement>,
    /// Charts of it that this stack takes in another version.
    pub chart_versions: Vec<ChartVersion>,
    /// Values of its releases that this stack puts over the component's.
    pub values: Vec<ValuesChange>,
    /// Where it is named.
    pub location: Location,
}

/// Where a component's definition is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ComponentSource {
    /// `<name>.yaml` in a folder `components/` beside the stack or above it.
    Name(BundleName),
    /// A file, relative to the stack's folder.
    File(PathBuf),
}

/// A variant of a component's values.
#[derive(Debug, Clone, PartialEq)]
pub struct VariantChoice {
    /// Its name.
    pub name: BundleName,
    /// Where it is named.
    pub location: Location,
}

impl ComponentSource {
    /// The component's name, or that which its file has.
    pub fn name(&self) -> &str {
        match self {
            Self::Name(name) => name.as_str(),
            Self::File(path) => path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default(),
        }
    }
}

/// An image that is left out.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageRemoval {
    /// The image.
    pub reference: ImageReference,
    /// Where this is said.
    pub location: Location,
}

/// An image that another takes the place of.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageReplacement {
    /// The image that the component asks for.
    pub reference: ImageReference,
    /// The one that is carried instead.
    pub with: WantedImage,
    /// Where this is said.
    pub location: Location,
}

/// Another version of a chart.
#[derive(Debug, Clone, PartialEq)]
pub struct ChartVersion {
    /// The chart's name.
    pub name: String,
    /// The version or range.
    pub version: Constraint,
    /// Where this is said.
    pub location: Location,
}

/// Values that a stack puts over those of a release.
#[derive(Debug, Clone, PartialEq)]
pub struct ValuesChange {
    /// The release's name: the chart's, if the component says no other.
    pub release: ReleaseName,
    /// The values.
    pub values: Values,
    /// Where this is said.
    pub location: Location,
}

/// A distribution of Kubernetes.
#[derive(Debug, Clone, PartialEq)]
pub struct WantedDistribution {
    /// Which one.
    pub name: DistributionName,
    /// Its version.
    pub version: DistributionVersion,
    /// The component whose files hold its release.
    pub files: BundleName,
    /// What of that which it brings is left out: `rke2-ingress-nginx`.
    pub disable: Vec<ObjectName>,
    /// Where it is named.
    pub location: Location,
    /// Where the component is named, or the distribution.
    pub files_location: Location,
}

/// How one registry is reached from the connected side. Credentials have no place here: they come from where docker
/// and podman have them.
#[derive(Debug, Clone, PartialEq)]
pub struct RegistrySettings {
    /// Mirrors, asked in this order before the registry itself: `http` or `https`, with a path where the mirror keeps
    /// the content below one.
    pub mirrors: Vec<Url>,
    /// Certificates (PEM) that are trusted for this registry beside the system's; relative to the stack's folder.
    pub ca: Option<PathBuf>,
    /// The certificate (PEM) that the client shows, and its key.
    pub client: Option<ClientCertificate>,
    /// Whether the registry is spoken to without TLS.
    pub plain_http: bool,
    /// Whether the registry's certificate goes unchecked.
    pub insecure_skip_verify: bool,
    /// Requests at a time; without it, the build's own limit.
    pub concurrency: Option<u16>,
    /// Where the registry is named.
    pub location: Location,
}

/// A client's certificate; paths are relative to the stack's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The certificate's file (PEM).
    pub certificate: PathBuf,
    /// The key's file (PEM).
    pub key: PathBuf,
}

impl fmt::Display for ComponentSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

impl Stack {
    /// Reads a `stack.yaml`. The components that it names are not looked at.
    ///
    /// # Errors
    /// [`Problems`]: everything that is wrong with it, each at its place.
    pub fn parse(file: &Arc<SourceFile>) -> Result<Self, Problems> {
        parse::stack(file)
    }
}
