//! The rules of a set of packages: what is in it fits together.

use std::collections::HashSet;

use super::{DocumentError, check_paths};
use crate::debian::Architecture;
use crate::document::{Packages, PackagesIndex};

/// Checks what the types don't hold. What the indexes say is not looked at: they are content.
pub(super) fn check(set: &Packages) -> Result<(), DocumentError> {
    let wrong = |problem: String| DocumentError::Packages { series: set.series.to_string(), problem };
    let indexed: HashSet<&Architecture> = set.indexes.iter().map(|index| &index.architecture).collect();
    if indexed.len() != set.indexes.len() {
        return Err(wrong("an architecture has two indexes".to_owned()));
    }
    if let Some(architecture) = set.architectures.iter().find(|architecture| !indexed.contains(architecture)) {
        return Err(wrong(format!("there is no index for {architecture}")));
    }
    let mut carried = HashSet::with_capacity(set.packages.len());
    for package in &set.packages {
        if !package.path.starts_with("pool/") {
            return Err(wrong(format!("`{}` is not below `pool/`", package.path)));
        }
        if !package.architecture.is_all() && !indexed.contains(&package.architecture) {
            return Err(wrong(format!("{} is for {}, which has no index", package.name, package.architecture)));
        }
        if !carried.insert((&package.name, package.version.as_str(), &package.architecture)) {
            return Err(wrong(format!("{} {} stands there twice", package.name, package.version)));
        }
    }
    let all = Architecture::all();
    for wanted in &set.wanted {
        let is_carried = |architecture| carried.contains(&(&wanted.package, wanted.version.as_str(), architecture));
        if !set.architectures.contains(&wanted.architecture) {
            return Err(wrong(format!("{} is wanted on {}", wanted.package, wanted.architecture)));
        }
        if !is_carried(wanted.own_architecture()) && !is_carried(&all) {
            return Err(wrong(format!("{} {} is wanted, but not carried", wanted.package, wanted.version)));
        }
    }
    check_paths(
        set.packages.iter().map(|package| package.path.as_str()).chain(index_paths(set).iter().map(String::as_str)),
    )
}

fn index_paths(set: &Packages) -> Vec<String> {
    let path = |index: &PackagesIndex| Packages::index_path(&set.series, &index.architecture);
    set.indexes.iter().map(path).collect()
}
