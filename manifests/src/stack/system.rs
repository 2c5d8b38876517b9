//! What the nodes run: packages are carried for each system.

use std::fmt;
use std::path::PathBuf;

use crate::Platform;
use crate::component::PackageRepository;
use crate::debian::{Architecture, Series};
use crate::yaml::Location;

/// A system: a release of a distribution on the nodes.
#[derive(Debug, Clone, PartialEq)]
pub struct System {
    /// The codename of the release.
    pub series: Series,
    /// The architectures of nodes; never empty.
    pub architectures: Vec<Architecture>,
    /// Foreign architectures that nodes have enabled.
    pub foreign: Vec<Architecture>,
    /// What nodes have already; never empty. The packages are complete for each of these.
    pub base: Vec<Base>,
    /// The kernels that nodes run, for packages that are named after one.
    pub kernels: Vec<String>,
    /// The repositories that packages come from.
    pub repositories: Vec<PackageRepository>,
    /// Where the series is named.
    pub location: Location,
}

/// What a node has already.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Base {
    /// The packages that each node has: Essential and of priority `required`, with what they need, in whatever versions.
    Essential,
    /// A dpkg status file, relative to the stack's folder.
    File(PathBuf),
}

impl Base {
    /// The word for the profile that is computed.
    pub const ESSENTIAL: &str = "essential";
    /// The name of the profile that is computed for nodes of earlier versions.
    pub const EARLIER: &str = "essential-earlier";

    /// The name of the profile: that of its file, without its ending.
    pub fn name(&self) -> String {
        match self {
            Self::Essential => Self::ESSENTIAL.to_owned(),
            Self::File(path) => path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        }
    }

    /// The names of all profiles that it stands for.
    pub fn names(&self) -> Vec<String> {
        let earlier = (*self == Self::Essential).then(|| Self::EARLIER.to_owned());
        [self.name()].into_iter().chain(earlier).collect()
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Essential => f.write_str(Self::ESSENTIAL),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

/// The architectures of Debian that platforms of images run on.
pub(super) fn architectures(platforms: &[Platform]) -> Vec<Architecture> {
    let debian = |platform: &Platform| {
        let name = match (platform.os.as_str(), platform.architecture.as_str(), platform.variant.as_deref()) {
            ("linux", "arm", Some("v5" | "v6")) => "armel",
            ("linux", "arm", _) => "armhf",
            ("linux", "386", _) => "i386",
            ("linux", "ppc64le", _) => "ppc64el",
            ("linux", "mips64le", _) => "mips64el",
            ("linux", "mipsle", _) => "mipsel",
            ("linux", other, _) => other,
            _ => return None,
        };
        name.parse().ok()
    };
    let mut found: Vec<Architecture> = Vec::new();
    for architecture in platforms.iter().filter_map(debian) {
        if !found.contains(&architecture) {
            found.push(architecture);
        }
    }
    found
}
