//! Paths in a repository: always from its top, without slashes around them; empty for the top itself.

use std::collections::BTreeSet;

use crate::charts::glob;

pub(super) fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The folder of a file; empty for the repository's own.
pub(in crate::discovery) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A path from a folder on; none where it leaves the repository.
pub(in crate::discovery) fn join(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    let from = if path.starts_with('/') { "" } else { folder };
    for part in from.split('/').chain(path.split('/')).filter(|part| !part.is_empty() && *part != ".") {
        match part {
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Whether a file lies in a folder.
pub(super) fn is_in(path: &str, folder: &str) -> bool {
    folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether a folder is one that a pattern means, in which `*` is anything within one name, `**` any number of names, and nothing else is
/// special.
pub(in crate::discovery) fn is_meant(pattern: &str, folder: &str) -> bool {
    let names: Vec<&str> = parts(folder).collect();
    // How many names may be those of the pattern so far.
    let mut taken: BTreeSet<usize> = BTreeSet::from([0]);
    for part in parts(pattern) {
        taken = match (part, taken.first()) {
            ("**", Some(first)) => (*first..=names.len()).collect(),
            (part, _) => {
                let is_next = |at: &&usize| names.get(**at).is_some_and(|name| is_name(part, name));
                taken.iter().filter(is_next).map(|at| at + 1).collect()
            }
        };
    }
    taken.contains(&names.len())
}

fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| !part.is_empty())
}

fn is_name(pattern: &str, name: &str) -> bool {
    let escaped = pattern.replace('\\', r"\\").replace('?', r"\?").replace('[', r"\[");
    glob::matches(&escaped, name) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_never_leaves_the_repository() {
        assert_eq!(join("a/b", "../c/./d.yaml").as_deref(), Some("a/c/d.yaml"));
        assert_eq!(join("a", "/x").as_deref(), Some("x"));
        assert_eq!(join("a", "..").as_deref(), Some(""));
        assert_eq!(join("a", "../../etc/passwd"), None);
    }

    #[test]
    fn a_pattern_means_names_within_one_folder_unless_it_says_more() {
        for (pattern, folder, is) in [
            ("apps/*", "apps/web", true),
            ("apps/*", "apps/web/base", false),
            ("apps/*/over-*s/x", "apps/web/over-lays/x", true),
            ("apps", "apps", true),
            ("apps", "app", false),
            ("**", "", true),
            ("**", "apps/web", true),
            ("envs/**/base", "envs/base", true),
            ("envs/**/base", "envs/eu/prod/base", true),
            ("envs/**/base", "envs/eu/prod", false),
        ] {
            assert_eq!(is_meant(pattern, folder), is, "{pattern} {folder}");
        }
    }
}
