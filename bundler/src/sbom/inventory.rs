//! What a bundle holds, as data: what the SBOM is written from, what advisories are matched with, what a report shows.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use manifests::debian::Series;
use manifests::document::{CarriedFile, Mirror};
use manifests::{BundleName, Digest, ImageReference, Platform};
use serde::Serialize;

/// Everything that a bundle holds. Lists are in the order of the document; packages in that of their type, name and version.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Inventory {
    /// The bundle itself.
    pub bundle: Subject,
    /// The images, one for each platform that is carried of each.
    pub images: Vec<ImageContents>,
    /// The charts.
    pub charts: Vec<ChartContents>,
    /// The packages of operating systems that are carried for nodes.
    pub systems: Vec<SystemContents>,
    /// Repositories of packages that are carried whole. Their packages are counted, not listed.
    pub mirrors: Vec<MirrorContents>,
    /// The files.
    pub files: Vec<FileContents>,
}

/// The bundle that an inventory is of.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Subject {
    /// Its name.
    pub name: BundleName,
    /// Its version.
    pub version: semver::Version,
    /// When it was defined.
    pub created: Timestamp,
    /// The digest of `bundle.json`.
    pub digest: Digest,
}

/// An image for one platform, and what is inside.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageContents {
    /// Its original name.
    pub reference: ImageReference,
    /// The component that asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// What the name stands for: the index of all platforms, or the manifest itself.
    pub digest: Digest,
    /// The manifest of this platform.
    pub manifest: Digest,
    /// The platform, where the image says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// The bytes of its layers, as they are carried.
    pub size: u64,
    /// The licences that the image says it is under: the annotation `org.opencontainers.image.licenses`.
    pub licences: Vec<String>,
    /// Who says what is inside.
    pub source: Source,
    /// The distribution that it is made of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distribution: Option<Distribution>,
    /// What is inside.
    pub packages: Vec<Package>,
    /// What was not read, so that packages may be missing above.
    pub unread: Vec<Unread>,
}

/// Who says what is inside an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Source {
    /// Its layers were read.
    Layers {
        /// How many.
        count: usize,
    },
    /// An SBOM of upstream's, carried beside the image. Nobody checked who signed it.
    Attested {
        /// The manifest that holds it.
        manifest: Digest,
        /// The SBOM itself.
        document: Digest,
        /// Its format.
        format: Format,
    },
    /// It is an artifact that holds no system of files.
    Artifact {
        /// What it says it is.
        #[serde(rename = "type")]
        kind: String,
    },
}

/// The formats of SBOMs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Format {
    /// CycloneDX, in JSON.
    #[serde(rename = "CycloneDX")]
    CycloneDx,
    /// SPDX, in JSON.
    #[serde(rename = "SPDX")]
    Spdx,
}

/// A distribution, as `os-release(5)` says it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Distribution {
    /// `ID`: `debian`, `alpine`, `rhel`.
    pub id: String,
    /// `VERSION_ID`: `12`, `3.20.1`; absent for what rolls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// `PRETTY_NAME`, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A package: of an operating system, or of a language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Package {
    /// What kind of package it is.
    #[serde(rename = "type")]
    pub kind: PackageType,
    /// What its name is unique within: a distribution, a scope, a group, the path of a Go module without its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// Its version, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The architecture of a distribution's package.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// The distribution and its version, as package URLs have it: `debian-12`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distro: Option<String>,
    /// What it was built from, where that has another name or version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// The licences that it says it is under, each an SPDX expression or a text of its own.
    pub licences: Vec<String>,
    /// The files that say so, by their paths in the image.
    pub places: Vec<String>,
}

/// The source package that a package was built from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// Kinds of packages, by the types of package URLs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PackageType {
    /// Of Debian and what is made of it.
    Deb,
    /// Of Alpine and what is made like it.
    Apk,
    /// Of RPM.
    Rpm,
    /// A module of Go.
    Golang,
    /// Of Python.
    Pypi,
    /// Of Node.
    Npm,
    /// Of Java.
    Maven,
    /// Of Rust.
    Cargo,
    /// Another type, which only an SBOM of upstream's can name.
    Other(String),
}

/// A chart.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChartContents {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The component that asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// The URL of the repository it comes from; none for a local chart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// The digest of its archive.
    pub digest: Digest,
    /// The size of its archive in bytes.
    pub size: u64,
    /// The licences that its annotations name.
    pub licences: Vec<String>,
}

/// The packages of an operating system that are carried for nodes.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SystemContents {
    /// The series.
    pub series: Series,
    /// The packages.
    pub packages: Vec<CarriedDeb>,
}

/// A package that is carried as a file.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CarriedDeb {
    /// What it is.
    #[serde(flatten)]
    pub package: Package,
    /// The digest of the `.deb`.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
}

/// A repository that is carried whole.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MirrorContents {
    /// Its name at the site.
    pub name: BundleName,
    /// The repository's URL.
    pub source: String,
    /// The digest of its artifact.
    pub digest: Digest,
    /// How many packages it has.
    pub packages: u64,
    /// Their bytes.
    pub size: u64,
}

/// A file.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FileContents {
    /// The set that it is in: the component.
    pub set: String,
    /// Path, digest, size and where it came from.
    #[serde(flatten)]
    pub file: CarriedFile,
}

/// Something that was not read, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unread {
    /// A layer is no archive that can be read to its end.
    Layer {
        /// Which.
        digest: Digest,
        /// What is wrong with it.
        problem: String,
    },
    /// A file can't be understood.
    File {
        /// Its path in the image.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The database is of a kind that is not read.
    Database {
        /// Its path in the image.
        path: String,
        /// The kind.
        kind: &'static str,
    },
    /// An SBOM that is carried beside the image can't be used.
    Attested {
        /// The SBOM.
        document: Digest,
        /// What is wrong with it.
        problem: String,
    },
}

impl Unread {
    /// A file that can't be understood.
    pub(super) fn file(path: &str, problem: &impl fmt::Display) -> Self {
        Self::File { path: path.to_owned(), problem: problem.to_string() }
    }
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Layer { digest, problem } => write!(f, "the layer {digest} was not read to its end: {problem}"),
            Self::File { path, problem } => write!(f, "`{path}` was not read: {problem}"),
            Self::Database { path, kind } => write!(f, "`{path}` was not read: {kind} is not supported"),
            Self::Attested { document, problem } => write!(f, "upstream's SBOM {document} was not used: {problem}"),
        }
    }
}

impl Serialize for Unread {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.name, &self.version) {
            (Some(name), _) => f.write_str(name),
            (None, Some(version)) => write!(f, "{} {version}", self.id),
            (None, None) => f.write_str(&self.id),
        }
    }
}

impl PackageType {
    /// The type as package URLs have it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Deb => "deb",
            Self::Apk => "apk",
            Self::Rpm => "rpm",
            Self::Golang => "golang",
            Self::Pypi => "pypi",
            Self::Npm => "npm",
            Self::Maven => "maven",
            Self::Cargo => "cargo",
            Self::Other(name) => name,
        }
    }

    /// The type of that name.
    pub fn named(name: &str) -> Self {
        let known = [Self::Deb, Self::Apk, Self::Rpm, Self::Golang, Self::Pypi, Self::Npm, Self::Maven, Self::Cargo];
        known.into_iter().find(|kind| kind.as_str() == name).unwrap_or_else(|| Self::Other(name.to_owned()))
    }
}

impl Serialize for PackageType {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CycloneDx => "CycloneDX",
            Self::Spdx => "SPDX",
        })
    }
}

impl Package {
    /// A package of which no more is known.
    pub fn new(kind: PackageType, name: impl Into<String>, version: Option<String>) -> Self {
        Self {
            kind,
            namespace: None,
            name: name.into(),
            version,
            architecture: None,
            distro: None,
            origin: None,
            licences: Vec::new(),
            places: Vec::new(),
        }
    }

    /// Says that it is a package of a distribution.
    pub(super) fn belongs_to(&mut self, distribution: Option<&Distribution>) {
        let default = match self.kind {
            PackageType::Deb => Some("debian"),
            PackageType::Apk => Some("alpine"),
            _ => None,
        };
        let id = distribution.map(|distribution| match distribution.id.as_str() {
            "rhel" => "redhat",
            id => id,
        });
        self.namespace = id.or(default).map(str::to_owned);
        self.distro = distribution.map(|it| match &it.version {
            Some(version) => format!("{}-{version}", it.id),
            None => it.id.clone(),
        });
    }

    /// What two packages that are the same have in common.
    pub(crate) fn identity(&self) -> (&PackageType, Option<&str>, &str, Option<&str>, Option<&str>) {
        let Self { kind, namespace, name, version, architecture, .. } = self;
        (kind, namespace.as_deref(), name, version.as_deref(), architecture.as_deref())
    }

    /// The name within its ecosystem: with the namespace where that is part of it.
    pub fn full_name(&self) -> String {
        match (&self.kind, &self.namespace) {
            (PackageType::Deb | PackageType::Apk | PackageType::Rpm, _) | (_, None) => self.name.clone(),
            (PackageType::Maven, Some(group)) => format!("{group}:{}", self.name),
            (_, Some(namespace)) => format!("{namespace}/{}", self.name),
        }
    }
}

impl ImageContents {
    /// The image and its platform, as findings name them.
    pub fn place(&self) -> String {
        match &self.platform {
            Some(platform) => format!("{} ({platform})", self.reference),
            None => self.reference.to_string(),
        }
    }

    /// How many packages of each type are inside.
    pub fn counts(&self) -> BTreeMap<&str, usize> {
        let mut counts = BTreeMap::new();
        self.packages.iter().for_each(|package| *counts.entry(package.kind.as_str()).or_default() += 1);
        counts
    }
}

impl SystemContents {
    /// These packages, as findings name them.
    pub fn place(&self) -> String {
        format!("packages for {}", self.series)
    }
}

impl MirrorContents {
    pub(super) fn of(mirror: &Mirror) -> Self {
        Self {
            name: mirror.name.clone(),
            source: mirror.source.clone(),
            digest: mirror.descriptor.digest,
            packages: mirror.packages,
            size: mirror.size,
        }
    }
}
