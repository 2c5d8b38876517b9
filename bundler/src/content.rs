//! What sources give the build: items, and the blobs they stand on, each with a place to get it from.

mod bundle_sink;
mod fetch;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use manifests::debian::{PackageName, Version};
use manifests::document::{Encoding, Item};
use manifests::lock::LockedSuite;
use manifests::oci::Descriptor;
use manifests::{Digest, ImageReference, Repository};
use url::Url;

use crate::git::{LazyGit, PackedGit};

pub use bundle_sink::BundleSink;
pub use fetch::{BlobError, Fetcher};

/// An item whose every byte is known by digest and size, though few of them are here yet.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// What it is.
    pub item: Item,
    /// Everything that it needs, manifests included. A blob may stand here twice.
    pub blobs: Vec<WantedBlob>,
    /// How it was found.
    pub found: Found,
}

/// How an item was found, beyond what the item itself says: what a lock needs to find the same again.
#[derive(Debug, Clone, Default)]
pub enum Found {
    /// By what the item says.
    #[default]
    Plainly,
    /// A chart: by the archive that its repository's index names, as it is written there.
    Archive(String),
    /// A chart: as an artifact of a registry.
    Artifact(ImageReference),
    /// Packages, in repositories as they were at one instant.
    Packages(Box<FoundPackages>),
    /// A mirror: the suites as they were at one instant.
    Mirror(Vec<LockedSuite>),
    /// Files: what the git repositories among them were packed from, by the paths of their files.
    Git(BTreeMap<String, PackedGit>),
}

/// How packages were found.
#[derive(Debug, Clone, Default)]
pub struct FoundPackages {
    /// What of each profile that is a file matters, in the order of the system's `base`.
    pub base: Vec<Option<Digest>>,
    /// The suites that were read, each with the number of its repository.
    pub suites: Vec<(usize, LockedSuite)>,
    /// What each request stood for: for each architecture in the order of the requests that are for it.
    pub wanted: Vec<(PackageName, Version)>,
    /// The suite of each package, in the order of the item.
    pub from: Vec<String>,
}

/// A blob to fetch.
#[derive(Debug, Clone)]
pub struct WantedBlob {
    /// The digest that its bytes must have.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// How the bundle stores it.
    pub encoding: Encoding,
    /// Where it can be had.
    pub origin: Origin,
}

/// Where a blob can be had.
#[derive(Debug, Clone)]
pub enum Origin {
    /// It is here: manifests, and what was made on the way.
    Bytes(Bytes),
    /// A blob of a repository at a registry.
    Registry {
        /// The repository.
        repository: Repository,
    },
    /// A file on a web server.
    Url {
        /// Where; it may hold a user and a password.
        url: Url,
    },
    /// A whole local file: a file, or a blob of an image layout.
    LocalFile {
        /// Where.
        path: PathBuf,
    },
    /// A part of a local file: a member of an uncompressed archive, `size` bytes long.
    ArchiveMember {
        /// The archive.
        path: PathBuf,
        /// Where in it the member's content begins, in bytes.
        offset: u64,
    },
    /// An object in LFS, at a server.
    Lfs {
        /// Where it is asked for.
        server: Url,
    },
    /// A git repository that is locked: it is fetched and packed when its bytes are asked for.
    Git(Arc<LazyGit>),
}

impl WantedBlob {
    /// A blob that is here, stored as befits its media type.
    pub fn here(media_type: &str, bytes: Bytes) -> Self {
        let digest = Digest::of(&bytes);
        let encoding = Encoding::for_name(media_type);
        Self { digest, size: bytes.len() as u64, encoding, origin: Origin::Bytes(bytes) }
    }

    /// A blob that a descriptor names, to be had from `origin`.
    pub fn described(descriptor: &Descriptor, origin: Origin) -> Self {
        let encoding = Encoding::for_name(&descriptor.media_type);
        Self { digest: descriptor.digest, size: descriptor.size, encoding, origin }
    }
}
