use std::collections::BTreeMap;
use std::io;

use bytes::Bytes;
use jiff::Timestamp;
use manifests::Digest;
use manifests::bundle::VerifiedBundle;
use manifests::debian::release::IndexFile;
use manifests::debian::{Release, Series};
use manifests::document::{Packages, PackagesIndex};

use super::compress::Form;
use super::index::{self, IndexError};
use crate::site::{PackagesKey, SiteError};

/// The size of an index that is taken at most: 64 MiB, what a whole release of Debian has.
const INDEX_SIZE: u64 = 64 << 20;

/// A repository of one bundle for one series, ready to be served.
#[derive(Debug)]
pub struct Repository {
    series: Series,
    files: BTreeMap<String, File>,
}

/// A file of a repository.
#[derive(Debug, Clone)]
pub enum File {
    /// Made at the site.
    Made {
        /// Its content.
        bytes: Bytes,
        /// The content's digest.
        digest: Digest,
    },
    /// Carried in the bundle.
    Carried(Digest),
}

/// Why a bundle's packages can't be served.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// An index can't be read out of the bundle.
    #[error("can't read the index for {architecture}")]
    Unreadable {
        /// The architecture.
        architecture: String,
        /// Why not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An index is not what the document says.
    #[error("the bundle's packages for {series} ({architecture}) are not served")]
    Index {
        /// The series.
        series: String,
        /// The architecture.
        architecture: String,
        /// What is wrong with it.
        #[source]
        source: IndexError,
    },
    /// An index can't be compressed.
    #[error("can't compress an index")]
    Compress(#[source] io::Error),
    /// The key can't be had or used.
    #[error("can't sign the packages")]
    Sign(#[from] SiteError),
}

impl Repository {
    /// Makes what a bundle lacks to be a repository. Reads the indexes, not the packages.
    ///
    /// # Errors
    /// [`MakeError`] when an index does not describe exactly what is carried, or when it can't be signed.
    pub fn make(set: &Packages, bundle: &VerifiedBundle, key: &PackagesKey) -> Result<Self, MakeError> {
        let mut repository = Self { series: set.series.clone(), files: BTreeMap::new() };
        let date = bundle.document().created;
        let mut release = describe(set, date);
        for index in &set.indexes {
            repository.add_index(set, index, bundle, &mut release.files)?;
        }
        for package in &set.packages {
            repository.files.insert(package.path.clone(), File::Carried(package.digest));
        }
        let release = release.to_string();
        let signed = key.sign_clear(&release, date)?;
        let signature = key.sign_detached(release.as_bytes(), date)?;
        for (name, text) in [("Release", release), ("InRelease", signed), ("Release.gpg", signature)] {
            repository.files.insert(format!("dists/{}/{name}", set.series), File::made(text.into_bytes()));
        }
        Ok(repository)
    }

    /// Adds an index in all its forms, each under its name and under its digest.
    fn add_index(
        &mut self,
        set: &Packages,
        index: &PackagesIndex,
        bundle: &VerifiedBundle,
        listed: &mut BTreeMap<String, IndexFile>,
    ) -> Result<(), MakeError> {
        let architecture = index.architecture.to_string();
        let unreadable = |source: Box<dyn std::error::Error + Send + Sync>| MakeError::Unreadable {
            architecture: architecture.clone(),
            source,
        };
        let bytes = bundle.read_to_vec(&index.digest, INDEX_SIZE).map_err(|error| unreadable(error.into()))?;
        index::check(&bytes, set, &index.architecture).map_err(|source| MakeError::Index {
            series: set.series.to_string(),
            architecture: architecture.clone(),
            source,
        })?;
        let folder = format!("dists/{}/", set.series);
        let beside = format!("main/binary-{architecture}");
        let mut add = |name: String, file: File, size: u64| {
            let digest = file.digest();
            self.files.insert(format!("{folder}{beside}/by-hash/SHA256/{}", digest.hex()), file.clone());
            self.files.insert(format!("{folder}{beside}/{name}"), file);
            listed.insert(format!("{beside}/{name}"), IndexFile { digest, size });
        };
        add("Packages".to_owned(), File::Carried(index.digest), bytes.len() as u64);
        for form in Form::ALL {
            let packed = form.compress(&bytes).map_err(MakeError::Compress)?;
            let size = packed.len() as u64;
            add(format!("Packages{}", form.suffix()), File::made(packed), size);
        }
        Ok(())
    }

    /// The series that it is for.
    pub fn series(&self) -> &Series {
        &self.series
    }

    /// The file at a path.
    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.get(path)
    }

    /// All files with their paths, in order.
    pub fn files(&self) -> impl Iterator<Item = (&str, &File)> {
        self.files.iter().map(|(path, file)| (path.as_str(), file))
    }
}

/// What the repository says of itself, before its files are listed.
///
/// The date is the bundle's: never in a node's future, and the same whenever it is made again. Origin and label are the
/// same for every generation: apt asks a person when they change.
fn describe(set: &Packages, date: Timestamp) -> Release {
    let mut release = Release::new(date);
    release.origin = Some("airgap".to_owned());
    release.label = Some("airgap".to_owned());
    release.suite = Some(set.series.to_string());
    release.codename = Some(set.series.to_string());
    release.architectures = set.indexes.iter().map(|index| index.architecture.clone()).collect();
    release.components = vec!["main".to_owned()];
    release.acquire_by_hash = true;
    release
}

impl File {
    fn made(bytes: Vec<u8>) -> Self {
        let digest = Digest::of(&bytes);
        Self::Made { bytes: bytes.into(), digest }
    }

    /// The digest of its content.
    pub fn digest(&self) -> Digest {
        match self {
            Self::Made { digest, .. } | Self::Carried(digest) => *digest,
        }
    }
}
