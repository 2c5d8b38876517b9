use std::collections::BTreeMap;
use std::fmt::Write as _;

use bytes::Bytes;
use manifests::Digest;
use manifests::document::Files;

/// A set of files, as it is served under `/files/<name>/`.
#[derive(Debug)]
pub struct FileSet {
    /// The version of the bundle that it comes from.
    pub version: String,
    /// Digest and size of each file by its path.
    pub files: BTreeMap<String, (Digest, u64)>,
    /// The checksums, in the form of `sha256sum`.
    pub checksums: Bytes,
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
        }
    }
}
