//! Where the files of a repository are.

use manifests::Digest;
use manifests::component::Suite;
use url::Url;

use crate::http::shown;

/// A suite of a repository, as URLs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    base: Url,
    /// The suite's folder, below the base.
    folder: Vec<String>,
}

impl Place {
    /// The suite below a repository's URL; a flat one has no `dists/`.
    pub fn new(base: &Url, suite: &Suite) -> Self {
        let dists = (!suite.is_flat()).then_some("dists");
        let folder = dists.into_iter().chain(suite.parts()).map(str::to_owned).collect();
        Self { base: base.clone(), folder }
    }

    /// A file of the suite, such as `InRelease` or `main/binary-amd64/Packages.xz`.
    pub fn file(&self, path: &str) -> Url {
        self.below(self.folder.iter().map(String::as_str).chain(parts(path)))
    }

    /// The same file by its digest.
    pub fn by_hash(&self, path: &str, digest: &Digest) -> Url {
        let hex = digest.hex();
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let suite = self.folder.iter().map(String::as_str).chain(parts(folder));
        self.below(suite.chain(["by-hash", "SHA256", &hex]))
    }

    /// A package by its `Filename`, which is relative to the repository, also in a flat one.
    pub fn package(&self, filename: &str) -> Url {
        self.below(parts(filename))
    }

    /// As it may be shown.
    pub fn shown(&self) -> String {
        shown(&self.file(""))
    }

    fn below<'a>(&'a self, parts: impl Iterator<Item = &'a str>) -> Url {
        let mut path = self.base.path().trim_end_matches('/').to_owned();
        for part in parts {
            path.push('/');
            part.bytes().for_each(|byte| push(&mut path, byte));
        }
        let mut url = self.base.clone();
        url.set_path(&path);
        url
    }
}

fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| !matches!(*part, "" | "." | ".."))
}

/// `+` is encoded as apt does it: some stores of objects take it for a space.
fn push(path: &mut String, byte: u8) {
    if byte.is_ascii_alphanumeric() || b"-._:@!$&'()*,;=".contains(&byte) {
        path.push(char::from(byte));
    } else {
        path.push_str(&format!("%{byte:02x}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(base: &str, suite: &str) -> Place {
        Place::new(&base.parse().unwrap(), &suite.parse().unwrap())
    }

    #[test]
    fn files_are_where_apt_looks_for_them() {
        let debian = place("https://archive.example.org/debian/", "bookworm-security");
        let base = "https://archive.example.org/debian/";
        assert_eq!(debian.file("InRelease").as_str(), format!("{base}dists/bookworm-security/InRelease"));
        let digest = Digest::of(b"");
        let by_hash = debian.by_hash("main/binary-amd64/Packages.xz", &digest);
        let folder = "dists/bookworm-security/main/binary-amd64/by-hash/SHA256";
        assert_eq!(by_hash.as_str(), format!("{base}{folder}/{}", digest.hex()));
        let package = debian.package("pool/main/g/gcc/libstdc++6_1%3a12~rc.deb");
        assert_eq!(package.as_str(), format!("{base}pool/main/g/gcc/libstdc%2b%2b6_1%253a12%7erc.deb"));
        assert_eq!(debian.package("../../etc/passwd").as_str(), format!("{base}etc/passwd"));
    }

    #[test]
    fn a_flat_repository_has_no_dists() {
        for (suite, release) in [("./", "Release"), ("/", "Release"), ("amd64/", "amd64/Release")] {
            let flat = place("https://packages.example.org/k8s", suite);
            assert_eq!(flat.file("Release").as_str(), format!("https://packages.example.org/k8s/{release}"));
            assert_eq!(flat.package("./a/b.deb").as_str(), "https://packages.example.org/k8s/a/b.deb");
        }
    }
}
