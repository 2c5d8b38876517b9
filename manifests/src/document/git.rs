//! Git repositories in a bundle. Each is a git bundle among the files of its component, `git/<name>.bundle`, and is served
//! as a repository.

use super::{CarriedFile, Document};
use crate::Digest;

/// The folder, among a component's files, of its repositories.
const FOLDER: &str = "git/";
/// What git calls its own bundles.
const ENDING: &str = ".bundle";
/// What stands behind its name for the folder of what it keeps in LFS.
const OBJECTS: &str = ".lfs/";

/// A git repository that a bundle holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CarriedGit<'a> {
    /// The component that it belongs to.
    pub component: &'a str,
    /// Its name.
    pub name: &'a str,
    /// The file that it is packed in.
    pub file: &'a CarriedFile,
}

/// The path of a repository among its component's files.
pub fn carried_path(name: &str) -> String {
    format!("{FOLDER}{name}{ENDING}")
}

/// The path, among its component's files, of an object that a repository keeps in LFS.
pub fn object_path(name: &str, object: &Digest) -> String {
    format!("{FOLDER}{name}{OBJECTS}{}", object.hex())
}

/// The repository that a file is an object in LFS of, and its digest, by its path; none for any other file.
pub fn object_name(path: &str) -> Option<(&str, Digest)> {
    let (name, object) = path.strip_prefix(FOLDER)?.split_once('/')?;
    let name = name.strip_suffix(OBJECTS.strip_suffix('/')?)?;
    name.parse::<crate::component::GitName>().ok()?;
    Some((name, Digest::from_hex(object).ok()?))
}

/// The name of the repository that a file is, by its path; none for any other file.
pub fn carried_name(path: &str) -> Option<&str> {
    let name = path.strip_prefix(FOLDER)?.strip_suffix(ENDING)?;
    name.parse::<crate::component::GitName>().is_ok().then_some(name)
}

impl Document {
    /// The git repositories, in the order of the items.
    pub fn repositories(&self) -> impl Iterator<Item = CarriedGit<'_>> {
        self.items.iter().filter_map(super::Item::as_files).flat_map(|set| {
            let carried = move |file| {
                let file: &CarriedFile = file;
                Some(CarriedGit { component: &set.name, name: carried_name(&file.path)?, file })
            };
            set.files.iter().filter_map(carried)
        })
    }
}

impl CarriedGit<'_> {
    /// The URLs by which others name this repository: that which it came from, with and without `.git`, and the short form
    /// of SSH. None for one that came from a disk.
    pub fn names(&self) -> Vec<String> {
        self.file.source.as_deref().map(other_names).unwrap_or_default()
    }
}

/// A URL of a repository in all the ways in which it is commonly written, the given one first.
pub fn other_names(url: &str) -> Vec<String> {
    let whole = url.trim_end_matches('/');
    let mut names = vec![whole.to_owned()];
    names.push(whole.strip_suffix(".git").map_or_else(|| format!("{whole}.git"), str::to_owned));
    let short = |url: &String| {
        let (host, path) = url.strip_prefix("ssh://")?.split_once('/')?;
        // With a port there is no short form.
        (!host.contains(':')).then(|| format!("{host}:{path}"))
    };
    let short: Vec<String> = names.iter().filter_map(short).collect();
    names.extend(short);
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_a_repository_by_its_path_alone() {
        assert_eq!(carried_name(&carried_path("apps")), Some("apps"));
        for path in ["git/apps", "apps.bundle", "git/a/b.bundle", "git/.bundle", "git/..bundle", "x/git/a.bundle"] {
            assert_eq!(carried_name(path), None, "{path}");
        }
        let object = Digest::of(b"x");
        assert_eq!(object_name(&object_path("apps", &object)), Some(("apps", object)));
        for path in ["git/apps.lfs/x", "git/.lfs/x", "apps.lfs/x", &format!("git/apps/{}", object.hex())] {
            assert_eq!(object_name(path), None, "{path}");
        }
    }

    #[test]
    fn a_repository_has_several_names() {
        assert_eq!(other_names("https://a.org/b/c"), ["https://a.org/b/c", "https://a.org/b/c.git"]);
        assert_eq!(
            other_names("ssh://git@a.org/b.git"),
            ["ssh://git@a.org/b.git", "ssh://git@a.org/b", "git@a.org:b.git", "git@a.org:b"]
        );
        assert_eq!(other_names("ssh://git@a.org:22/b.git").len(), 2);
    }
}
