//! The repository of a bundle: where each package is in it, and the indexes that list them.

use std::collections::HashMap;

use manifests::Digest;
use manifests::debian::{Architecture, PackageName, Version};
use manifests::document::CarriedPackage;
use url::Url;

/// A package that was chosen, as an index lists it.
#[derive(Debug, Clone)]
pub(super) struct Chosen {
    pub(super) name: PackageName,
    pub(super) version: Version,
    pub(super) architecture: Architecture,
    /// Its path in the repository that it comes from.
    pub(super) filename: String,
    pub(super) digest: Digest,
    pub(super) size: u64,
    /// Its stanza in the index, as upstream wrote it.
    pub(super) stanza: Vec<u8>,
    /// Where it is fetched.
    pub(super) url: Url,
    /// The suite that lists it, for people.
    pub(super) from: String,
}

/// A package in its place.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub(super) package: CarriedPackage,
    /// Its stanza in the bundle's index.
    stanza: Vec<u8>,
    pub(super) url: Url,
    /// The suite that lists it, for people.
    pub(super) from: String,
}

/// Gives every package its place: once, however many systems chose it, in the order of names, versions and
/// architectures.
pub(super) fn place(mut chosen: Vec<Chosen>) -> Vec<Placed> {
    chosen.sort_by(|a, b| key(a).cmp(&key(b)));
    chosen.dedup_by(|a, b| {
        (&a.name, a.version.as_str(), &a.architecture) == (&b.name, b.version.as_str(), &b.architecture)
    });
    let mut taken: HashMap<String, Digest> = HashMap::new();
    let placed = |chosen: Chosen| {
        let mut path = pool_path(&chosen.filename);
        // Two repositories may have different files of one path.
        if taken.get(&path).is_some_and(|digest| *digest != chosen.digest) {
            path = format!("pool/{}/{}", &chosen.digest.hex()[..12], path.trim_start_matches("pool/"));
        }
        taken.insert(path.clone(), chosen.digest);
        let stanza = rewrite(&chosen.stanza, &path);
        let Chosen { name, version, architecture, digest, size, url, from, .. } = chosen;
        Placed { package: CarriedPackage { name, version, architecture, path, digest, size }, stanza, url, from }
    };
    chosen.into_iter().map(placed).collect()
}

/// What decides the order; the digest so that it never depends on which index came first.
fn key(chosen: &Chosen) -> (&PackageName, &Version, &str, &Architecture, &Digest) {
    (&chosen.name, &chosen.version, chosen.version.as_str(), &chosen.architecture, &chosen.digest)
}

/// The index of architectures: their own packages and those for all.
pub(super) fn index(placed: &[Placed], architectures: &[&Architecture]) -> Vec<u8> {
    let is_listed = |placed: &&Placed| {
        let own = &placed.package.architecture;
        own.is_all() || architectures.contains(&own)
    };
    let stanzas: Vec<&[u8]> = placed.iter().filter(is_listed).map(|placed| placed.stanza.as_slice()).collect();
    stanzas.join(&b'\n')
}

/// The path of upstream, below `pool/`; a repository that has its packages elsewhere loses nothing by that.
fn pool_path(filename: &str) -> String {
    let parts: Vec<&str> = filename.split('/').filter(|part| !matches!(*part, "" | "." | "..")).collect();
    let path = parts.join("/");
    if path.starts_with("pool/") { path } else { format!("pool/{path}") }
}

/// The stanza as upstream wrote it, but for the place of the file and for the share of machines that get it first:
/// what a bundle carries is meant for all.
fn rewrite(stanza: &[u8], path: &str) -> Vec<u8> {
    let mut lines: Vec<u8> = Vec::with_capacity(stanza.len() + 64);
    let mut dropping = false;
    for line in stanza.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            continue;
        }
        if !line.starts_with(b" ") && !line.starts_with(b"\t") {
            dropping = is_field(line, b"Phased-Update-Percentage:");
            if is_field(line, b"Filename:") {
                lines.extend_from_slice(b"Filename: ");
                lines.extend_from_slice(path.as_bytes());
                lines.push(b'\n');
                dropping = true;
            }
        }
        if !dropping {
            lines.extend_from_slice(line);
            lines.push(b'\n');
        }
    }
    lines
}

fn is_field(line: &[u8], name: &[u8]) -> bool {
    line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(name: &str, version: &str, architecture: &str, filename: &str) -> Chosen {
        Chosen {
            name: name.parse().unwrap(),
            version: version.parse().unwrap(),
            architecture: architecture.parse().unwrap(),
            filename: filename.to_owned(),
            digest: Digest::of(format!("{name}{version}{architecture}{filename}").as_bytes()),
            size: 3,
            stanza: format!("Package: {name}\nFilename: {filename}\nDescription: x\n more\n").into_bytes(),
            url: "https://archive.example.org/x".parse().unwrap(),
            from: "https://archive.example.org/dists/stable".to_owned(),
        }
    }

    fn paths(placed: &[Placed]) -> Vec<&str> {
        placed.iter().map(|placed| placed.package.path.as_str()).collect()
    }

    #[test]
    fn packages_keep_their_paths_unless_another_has_it() {
        let placed = place(vec![
            chosen("web", "2.0", "amd64", "./web.deb"),
            chosen("app", "1.10", "amd64", "pool/a/app.deb"),
            chosen("app", "1.9", "amd64", "pool/a/app.deb"),
            chosen("app", "1.9", "amd64", "pool/a/app.deb"),
        ]);
        let digest = Digest::of(b"app1.10amd64pool/a/app.deb").hex();
        assert_eq!(paths(&placed), ["pool/a/app.deb", &format!("pool/{}/a/app.deb", &digest[..12]), "pool/web.deb"]);
    }

    #[test]
    fn an_index_has_its_architecture_and_all() {
        let placed = place(vec![
            chosen("doc", "1", "all", "pool/doc.deb"),
            chosen("lib", "1", "amd64", "pool/lib_amd64.deb"),
            chosen("lib", "1", "arm64", "pool/lib_arm64.deb"),
        ]);
        let index = String::from_utf8(index(&placed, &[&"arm64".parse().unwrap()])).unwrap();
        let expected = "Package: doc\nFilename: pool/doc.deb\nDescription: x\n more\n\n\
                        Package: lib\nFilename: pool/lib_arm64.deb\nDescription: x\n more\n";
        assert_eq!(index, expected);
    }

    #[test]
    fn a_stanza_changes_in_two_fields_only() {
        let stanza = b"Package: a\nPHASED-update-percentage: 10\nfilename: old\nMD5sum: x\nDescription: b\n .\n c\n\n";
        let expected = "Package: a\nFilename: pool/new\nMD5sum: x\nDescription: b\n .\n c\n";
        assert_eq!(String::from_utf8(rewrite(stanza, "pool/new")).unwrap(), expected);
    }
}
