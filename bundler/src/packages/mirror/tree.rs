//! The files of a mirror by their paths.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use bytes::Bytes;
use manifests::Digest;
use manifests::bundle::limits;
use manifests::debian::{Package, Stanzas};
use manifests::document::check_path;
use url::Url;

use crate::content::Origin;
use crate::packages::repository::{IndexProblem, Place, Pocket, PocketIndex, RepositoryProblem};

/// Blobs of a bundle that are no files of a mirror, such as manifests: so many that nobody finds the limit late.
const SPARE: usize = 1000;

/// The files of a repository, in the order of their paths.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) files: BTreeMap<String, File>,
    /// Packages, each once.
    pub(super) packages: u64,
    /// Their bytes.
    pub(super) size: u64,
}

/// A file, and where its bytes are.
#[derive(Debug)]
pub(super) struct File {
    pub(super) digest: Digest,
    pub(super) size: u64,
    pub(super) from: From,
}

#[derive(Debug)]
pub(super) enum From {
    Here(Bytes),
    /// A package of the archive at a place.
    Upstream(Box<Url>),
}

impl File {
    fn here(bytes: Bytes) -> Self {
        Self { digest: Digest::of(&bytes), size: bytes.len() as u64, from: From::Here(bytes) }
    }

    pub(super) fn origin(self) -> Origin {
        match self.from {
            From::Here(bytes) => Origin::Bytes(bytes),
            From::Upstream(url) => Origin::Url { url: *url },
        }
    }
}

impl Tree {
    /// Adds what upstream signed of a suite, and every package that it lists.
    pub(super) fn add(&mut self, pocket: &Pocket) -> Result<(), RepositoryProblem> {
        let suite = &pocket.request.suite;
        for (name, bytes) in pocket.signed.files() {
            self.put(suite.path(name), File::here(bytes))?;
        }
        let indexes = pocket.indexes.iter().map(|index| (&index.path, &index.content));
        let translations =
            pocket.translations.iter().flatten().map(|translation| (&translation.path, &translation.content));
        for (path, content) in indexes.chain(translations) {
            let file = || File::here(content.clone());
            if pocket.release.acquire_by_hash {
                let folder = path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
                let hex = Digest::of(content).hex();
                self.put(suite.path(&format!("{folder}by-hash/SHA256/{hex}")), file())?;
            }
            self.put(suite.path(path), file())?;
        }
        pocket.indexes.iter().try_for_each(|index| self.add_packages(index, &pocket.place))
    }

    fn add_packages(&mut self, index: &PocketIndex, place: &Place) -> Result<(), RepositoryProblem> {
        let failed =
            |source: IndexProblem| RepositoryProblem::Index { path: index.path.clone(), source: source.into() };
        let text = index.text().map_err(failed)?;
        for stanza in Stanzas::new(&text) {
            let stanza = stanza.map_err(|error| failed(IndexProblem::Control(error)))?;
            let package = Package::parse(&stanza).map_err(|error| failed(IndexProblem::Package(error)))?;
            self.add_package(&package, place)?;
        }
        Ok(())
    }

    fn add_package(&mut self, package: &Package<'_>, place: &Place) -> Result<(), RepositoryProblem> {
        let incomplete = |field| RepositoryProblem::Incomplete {
            package: package.name.to_owned(),
            version: package.version.to_owned(),
            field,
        };
        if package.filename.is_empty() {
            return Err(incomplete("Filename"));
        }
        let digest = package.sha256.ok_or_else(|| incomplete("SHA256"))?;
        let size = package.size.ok_or_else(|| incomplete("Size"))?;
        let from = From::Upstream(Box::new(place.package(package.filename)));
        if self.put(served_path(package.filename), File { digest, size, from })? {
            self.packages += 1;
            self.size += size;
        }
        Ok(())
    }

    /// Whether the file is new. Suites share packages; two files of one path are none that a repository can have.
    fn put(&mut self, path: String, file: File) -> Result<bool, RepositoryProblem> {
        check_path(&path).map_err(RepositoryProblem::Path)?;
        match self.files.entry(path) {
            Entry::Vacant(place) => {
                place.insert(file);
                Ok(true)
            }
            Entry::Occupied(known) if known.get().digest == file.digest && known.get().size == file.size => Ok(false),
            Entry::Occupied(known) => Err(RepositoryProblem::TwoContents(known.key().clone())),
        }
    }

    /// Told before the first package is fetched.
    pub(super) fn check_count(&self) -> Result<(), RepositoryProblem> {
        let (count, limit) = (self.files.len(), limits::BLOBS - SPARE);
        if count > limit { Err(RepositoryProblem::TooMany { count, limit }) } else { Ok(()) }
    }
}

/// The path that apt asks for, without the `.` that flat repositories have in front. What leads outside stays as it is, and
/// is refused.
fn served_path(filename: &str) -> String {
    filename.split('/').filter(|part| *part != ".").collect::<Vec<_>>().join("/")
}
