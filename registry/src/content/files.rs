use std::collections::BTreeMap;
use std::fmt::Write as _;

use bytes::Bytes;
use manifests::Digest;
use manifests::document::{CarriedFile, Files, carried_name, object_name, other_names};

/// A set of files, as it is served under `/files/<name>/`.
#[derive(Debug)]
pub struct FileSet {
    /// The version of the bundle that it comes from.
    pub version: String,
    /// Digest and size of each file by its path.
    pub files: BTreeMap<String, (Digest, u64)>,
    /// The checksums, in the form of `sha256sum`.
    pub checksums: Bytes,
    /// The git repositories among them, by their names.
    pub repositories: BTreeMap<String, ServedGit>,
}

/// A git repository, packed in a file of the set.
#[derive(Debug)]
pub struct ServedGit {
    /// The file.
    pub digest: Digest,
    /// The URLs by which others name it; none for one that came from a disk.
    pub names: Vec<String>,
    /// What it keeps in LFS: the size in bytes of each object.
    pub objects: BTreeMap<Digest, u64>,
}

impl FileSet {
    pub(super) fn new(files: &Files, version: &str) -> Self {
        let mut checksums = String::new();
        for file in &files.files {
            // A path has no control characters and no backslash: none needs the escaped form.
            let _ = writeln!(checksums, "{}  {}", file.digest.hex(), file.path);
        }
        Self {
            version: version.to_owned(),
            files: files.files.iter().map(|file| (file.path.clone(), (file.digest, file.size))).collect(),
            checksums: checksums.into(),
            repositories: repositories(files),
        }
    }
}

fn repositories(files: &Files) -> BTreeMap<String, ServedGit> {
    let repository = |file: &CarriedFile| {
        let names = file.source.as_deref().map(other_names).unwrap_or_default();
        let served = ServedGit { digest: file.digest, names, objects: BTreeMap::new() };
        Some((carried_name(&file.path)?.to_owned(), served))
    };
    let mut repositories: BTreeMap<_, _> = files.files.iter().filter_map(repository).collect();
    for file in &files.files {
        // A path that names another digest than that of its file is no object.
        let named = object_name(&file.path).filter(|(_, digest)| *digest == file.digest);
        if let Some(repository) = named.and_then(|(name, _)| repositories.get_mut(name)) {
            repository.objects.insert(file.digest, file.size);
        }
    }
    repositories
}
