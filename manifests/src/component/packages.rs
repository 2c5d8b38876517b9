//! Packages of an operating system, and the repositories that they come from.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::debian::{Architecture, PackageName, Series, VersionConstraint};
use crate::yaml::Location;

/// What stands for the name of a kernel in a package's name.
const KERNEL: &str = "{kernel}";

/// A package that is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct WantedPackage {
    /// Its name.
    pub package: NameTemplate,
    /// The versions that will do; none where any will.
    pub version: Option<VersionConstraint>,
    /// Whether what it recommends is carried and installed too.
    pub recommends: bool,
    /// The foreign architecture of the package itself; none where it is of the nodes' own.
    pub foreign: Option<Architecture>,
    /// The systems that it is for; empty: all of them.
    pub series: Vec<Series>,
    /// The architectures of nodes that it is for; empty: all of the system.
    pub architectures: Vec<Architecture>,
    /// Where it is asked for.
    pub location: Location,
}

/// A package's name, with `{kernel}` in it where it is named after one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameTemplate(String);

/// An apt repository.
#[derive(Debug, Clone, PartialEq)]
pub struct PackageRepository {
    /// Its URL, `http` or `https`, without credentials.
    pub url: Url,
    /// Its suites.
    pub suites: Vec<Suite>,
    /// Its components; none for a flat repository.
    pub components: Vec<String>,
    /// The key that signs it.
    pub key: KeySource,
    /// Where it is read in the place of `url`.
    pub snapshot: Option<Url>,
    /// The priority of its packages as apt has them; where it is not said, what the repository's `Release` implies.
    pub priority: Option<i16>,
    /// The architectures that it has packages for; empty: all of the system.
    pub architectures: Vec<Architecture>,
    /// The systems that it is for; empty: all of them.
    pub series: Vec<Series>,
    /// Whether a `Valid-Until` that has passed is taken.
    pub allow_expired: bool,
    /// Where it is named.
    pub location: Location,
}

/// Where a repository's key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// A file on disk, binary or armoured, relative to the folder of the file that names it.
    File(PathBuf),
    /// The armoured key itself.
    Inline(String),
}

/// A suite of a repository: `bookworm-updates`, or `./` for a flat one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Suite(String);

/// A text that is no name of a package or no suite.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {what}")]
pub struct PackageTextError {
    text: String,
    what: &'static str,
}

impl PackageTextError {
    fn new(text: &str, what: &'static str) -> Self {
        Self { text: text.chars().take(120).collect(), what }
    }
}

impl NameTemplate {
    /// The name for a kernel, such as `6.1.0-28-amd64`; none where that makes no name.
    pub fn for_kernel(&self, kernel: &str) -> Option<PackageName> {
        self.0.replace(KERNEL, kernel).parse().ok()
    }

    /// The name, where no kernel is in it.
    pub fn fixed(&self) -> Option<PackageName> {
        if self.names_kernel() { None } else { self.0.parse().ok() }
    }

    /// Whether the name differs from kernel to kernel.
    pub fn names_kernel(&self) -> bool {
        self.0.contains(KERNEL)
    }
}

impl fmt::Display for NameTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for NameTemplate {
    type Err = PackageTextError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let template = Self(text.to_owned());
        match template.for_kernel("6.1") {
            Some(_) => Ok(template),
            None => Err(PackageTextError::new(text, "a package's name")),
        }
    }
}

impl Suite {
    /// Whether it is the whole of a flat repository, which has no components: apt's notation is a path that ends in `/`.
    pub fn is_flat(&self) -> bool {
        self.0.ends_with('/')
    }

    /// The parts of its path, below `dists/` where it is not flat.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|part| !matches!(*part, "" | "."))
    }

    /// The path of a file of the suite in the repository: below `dists/` where it is not flat.
    pub fn path(&self, file: &str) -> String {
        let dists = (!self.is_flat()).then_some("dists");
        dists.into_iter().chain(self.parts()).chain([file]).collect::<Vec<_>>().join("/")
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Suite {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Whether a text names a component of a repository, such as `main` or `updates/main`.
pub fn is_component(text: &str) -> bool {
    let letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'+' | b'-' | b'/');
    let parts = text.split('/').all(|part| !matches!(part, "" | "." | ".."));
    text.len() <= 100 && text.bytes().all(letter) && parts
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Suite {
    type Err = PackageTextError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'~' | b'+' | b'-' | b'/');
        let good = (1..=200).contains(&text.len()) && text.bytes().all(letter) && text.split('/').all(|p| p != "..");
        let named = text.ends_with('/') || text.split('/').all(|part| !matches!(part, "" | "."));
        if good && named { Ok(Self(text.to_owned())) } else { Err(PackageTextError::new(text, "a suite")) }
    }
}
