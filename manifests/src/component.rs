//! A component: one system, such as cert-manager, with the images, charts, files and packages that it needs. Written by people as
//! `component.yaml`; `docs/component.md` is the reference.

mod about;
pub mod constraint;
mod deployment;
pub mod git;
pub(crate) mod image_list;
pub(crate) mod judgement;
mod kernel;
pub(crate) mod offers;
mod packages;
mod parse;
pub(crate) mod values;
pub mod version;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use url::Url;

pub use about::{About, Lack};
pub use constraint::Constraint;
pub use deployment::{Deployment, Need, SiteValue, ValuesFile, ValuesVariant, WantedRelease};
pub use git::{GitCommit, GitName, GitRef, GitSource, Lfs, Submodules, WantedGit};
pub use image_list::{ImageChoice, WantedImageList};
pub use judgement::{Decision, Verdict, Waiver};
pub use kernel::{KernelNeeds, SysctlName, SysctlValue, WantedSysctl};
pub use offers::{KernelModule, KernelModuleError, Offer, Offers};
pub use packages::{KeySource, NameTemplate, PackageRepository, PackageTextError, Suite, WantedPackage, is_component};
pub use version::Version;

use crate::yaml::{Location, Problems, SourceFile};
use crate::{BundleName, Digest, ImageReference, Platform, Repository};

pub(crate) use parse::{Contents, contents, document, refuse_duplicates};

/// What `component.yaml` says.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    /// The component's name.
    pub name: BundleName,
    /// What it is, in a sentence.
    pub description: Option<String>,
    /// The version of the system, for people to read.
    pub version: Option<String>,
    /// What else people want to know of it.
    pub about: About,
    /// The platforms that its images are carried for; empty: those of the stack.
    pub platforms: Vec<Platform>,
    /// The images.
    pub images: Vec<WantedImage>,
    /// Lists of images that upstream publishes.
    pub image_lists: Vec<WantedImageList>,
    /// The charts.
    pub charts: Vec<WantedChart>,
    /// The files.
    pub files: Vec<WantedFile>,
    /// The git repositories.
    pub git: Vec<WantedGit>,
    /// The packages that it needs on the nodes.
    pub packages: Vec<WantedPackage>,
    /// Repositories that its packages come from, beside those of the systems.
    pub repositories: Vec<PackageRepository>,
    /// How it is deployed.
    pub deployment: Deployment,
    /// What it brings for others.
    pub provides: Offers,
    /// What it relies on.
    pub wants: Offers,
    /// What is said of texts in it that may be images.
    pub decisions: Vec<Decision>,
    /// Findings about it that are let pass.
    pub waivers: Vec<Waiver>,
    /// Where its name stands.
    pub location: Location,
}

/// An image that is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct WantedImage {
    /// The name under which the site will ask for it.
    pub reference: ImageReference,
    /// The platforms to carry; empty: those of the component.
    pub platforms: Vec<Platform>,
    /// Whether signatures, attestations and SBOMs are carried along.
    pub attachments: bool,
    /// Where it comes from.
    pub source: ImageSource,
    /// Where it is asked for.
    pub location: Location,
}

/// Where an image comes from. Paths are as written: relative to the folder of the file that names them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ImageSource {
    /// The registry that its reference names.
    Registry,
    /// The registry of another image, whose content is served under the name.
    Image(ImageReference),
    /// A folder with an OCI image layout.
    OciLayout(LocalImage),
    /// A tar of an OCI image layout, as `ctr images export` and `docker save` (25 and later) write it.
    OciArchive(LocalImage),
    /// A tar as `docker save` writes it.
    DockerArchive(LocalImage),
}

/// An image in a folder or an archive.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LocalImage {
    /// The folder or archive.
    pub path: PathBuf,
    /// The name or tag that the image has in there; without one, the image's own reference or its tag.
    pub name: Option<String>,
}

/// A chart that is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct WantedChart {
    /// The chart's name, as its `Chart.yaml` has it.
    pub name: String,
    /// Where it comes from.
    pub source: ChartSource,
    /// How it is installed; none for one that is only carried.
    pub release: Option<WantedRelease>,
    /// For one that is only carried: the release as which it is rendered to see what it refers to.
    pub carried_as: Option<WantedRelease>,
    /// Why it is not looked through for images; none for one that is.
    pub without_discovery: Option<String>,
    /// Where it is asked for.
    pub location: Location,
}

/// Where a chart comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum ChartSource {
    /// A chart repository with an `index.yaml`.
    Repository {
        /// The repository's URL, `http` or `https`, without credentials.
        url: Url,
        /// The version or range.
        version: Constraint,
    },
    /// A registry.
    Oci {
        /// The repository of the chart itself: that of `repository:` with the chart's name at its end.
        repository: Repository,
        /// The version or range.
        version: Constraint,
    },
    /// A chart's folder or its packed `.tgz`, relative to the folder of the file that names it.
    Local {
        /// The path.
        path: PathBuf,
    },
}

/// A file that is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct WantedFile {
    /// Its path within the component's set: relative, `/` between its parts, no `.` and no `..`.
    pub path: String,
    /// Where it comes from.
    pub source: FileSource,
    /// The path of another file of the component: a list of checksums, as `sha256sum` writes it, that this one is held against
    /// when it is looked up.
    pub checksums: Option<String>,
    /// Where it is asked for.
    pub location: Location,
}

/// Where a file comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileSource {
    /// A web server. What a server hands out may change: without a digest, the lock says what it is.
    Url {
        /// The URL, `http` or `https`, without credentials.
        url: Url,
        /// The digest of the content, where it is said.
        sha256: Option<Digest>,
    },
    /// A file on disk, relative to the folder of the file that names it.
    Local {
        /// The path.
        path: PathBuf,
        /// The digest of the content, where it is checked.
        sha256: Option<Digest>,
    },
}

impl fmt::Display for WantedChart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            ChartSource::Repository { url, version } => write!(f, "{} {version} of {url}", self.name),
            ChartSource::Oci { repository, version } => write!(f, "oci://{repository} {version}"),
            ChartSource::Local { path } => write!(f, "{} in {}", self.name, path.display()),
        }
    }
}

impl Component {
    /// Reads a `component.yaml`.
    ///
    /// # Errors
    /// [`Problems`]: everything that is wrong with it, each at its place.
    pub fn parse(file: &Arc<SourceFile>) -> Result<Self, Problems> {
        parse::component(file)
    }
}
