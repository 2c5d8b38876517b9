//! What a node shall hold when it is part of the cluster.

use std::collections::BTreeMap;
use std::sync::Arc;

use manifests::Digest;
use manifests::digest::Hasher;
use manifests::site::Node;

use super::version::Version;
use crate::distribution::{Carried, Release};

/// Everything that a node shall hold.
#[derive(Debug, Clone)]
pub struct NodeWant {
    /// The files, each path once.
    pub files: Vec<WantedFile>,
    /// The packages: their full names and versions.
    pub packages: BTreeMap<String, String>,
    /// The script that installs the packages; it holds a password.
    pub script: Option<Secret>,
    /// The release that is laid out.
    pub release: Arc<Release>,
    /// The version of the distribution.
    pub version: Version,
    /// The distribution's program, which can say its version.
    pub program: &'static str,
    /// The unit that runs.
    pub unit: &'static str,
}

/// A text that is never shown.
#[derive(Clone)]
pub struct Secret(pub Arc<[u8]>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// A file that a node shall hold. It belongs to root.
#[derive(Debug, Clone)]
pub struct WantedFile {
    /// Where.
    pub path: String,
    /// Its permissions.
    pub mode: u32,
    /// The digest of its content.
    pub digest: Digest,
    /// Which step brings it.
    pub part: Part,
    /// Where its content comes from.
    pub content: Content,
}

/// Which step brings a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The programs, units and scripts of the release.
    Release,
    /// Images that the distribution reads when it starts.
    Images,
    /// What components need of the kernel.
    Kernel,
    /// Whom its clock follows.
    Time,
    /// What the distribution is told.
    Configuration,
}

/// Where the content of a file comes from.
#[derive(Debug, Clone)]
pub enum Content {
    /// It is made here; it may hold secrets.
    Text(Secret),
    /// The bundle carries it.
    Carried(Carried),
    /// It comes out of the release's archive.
    Unpacked,
    /// It is a copy of another file of the release, which the node has by then.
    Copied(&'static str),
}

impl WantedFile {
    /// A file of the configuration.
    pub fn text(path: impl Into<String>, mode: u32, text: &str) -> Self {
        let content = Content::Text(Secret(Arc::from(text.as_bytes())));
        Self { path: path.into(), mode, digest: Digest::of(text.as_bytes()), part: Part::Configuration, content }
    }
}

impl NodeWant {
    /// What one step brings, and nothing else: what others bring, such as images, is not hashed again for it.
    pub fn part_alone(&self, part: Part) -> Self {
        let files = self.files.iter().filter(|file| file.part == part).cloned().collect();
        Self { files, ..self.nothing() }
    }

    /// All but what the bundle carries as it is. Such a file gets its name when it was hashed, so it need not be read once more
    /// once it was brought: archives of images are large.
    pub fn without_carried(mut self) -> Self {
        self.files.retain(|file| !matches!(file.content, Content::Carried(_)));
        self
    }

    /// The same without anything to look at.
    pub fn nothing(&self) -> Self {
        let (release, version) = (Arc::clone(&self.release), self.version.clone());
        let (files, packages) = (Vec::new(), BTreeMap::new());
        Self { files, packages, script: None, release, version, program: self.program, unit: self.unit }
    }

    /// The packages, and nothing else.
    pub fn packages_alone(&self) -> Self {
        Self { packages: self.packages.clone(), ..self.nothing() }
    }

    /// Names all that a running distribution depends on: when it changes, the distribution has to start again. Images are not
    /// among it by their content alone, for a node that runs pulls what it lacks; nor are the kernel and the clock, which change while it runs.
    pub fn fingerprint(&self, node: &Node) -> Digest {
        let mut hasher = Hasher::new();
        hasher.update(node.name.as_str().as_bytes());
        for file in self.files.iter().filter(|file| !matches!(file.part, Part::Images | Part::Kernel | Part::Time)) {
            hasher.update(format!("\n{:o} {} {}", file.mode, file.digest, file.path).as_bytes());
        }
        hasher.finish()
    }
}
