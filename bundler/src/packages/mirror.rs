//! A repository that is carried whole: what upstream signed, and every package that it lists.

mod artifact;
mod tree;

use std::collections::BTreeSet;

use manifests::debian::Architecture;
use manifests::document::MirroredSuite;
use manifests::stack::Mirror;

use super::error::PackagesError;
use super::repository::openpgp::KeyringError;
use super::repository::{Pocket, RepositoryError, RepositoryProblem};
use crate::content::{Found, Resolved};
use crate::http::shown;
use artifact::Facts;
use tree::Tree;

/// Makes the artifact of a mirror from its pockets. Reads their indexes, so it takes a while.
pub(super) fn resolve(
    mirror: &Mirror,
    pockets: &[Pocket],
    version: &semver::Version,
) -> Result<Resolved, Box<PackagesError>> {
    let failed = |error: RepositoryError| Box::new(PackagesError::from(error));
    let mut tree = Tree::default();
    for pocket in pockets {
        tree.add(pocket).map_err(|problem| failed(RepositoryError::new(&pocket.request, problem)))?;
    }
    let of_all = |problem| failed(RepositoryError::of(&mirror.repository, problem));
    tree.check_count().map_err(of_all)?;
    let facts = Facts {
        name: mirror.name.clone(),
        source: shown(&mirror.repository.url),
        suites: pockets.iter().map(suite).collect(),
        components: mirror.repository.components.clone(),
        architectures: mirror.repository.architectures.clone(),
        absent: absent(mirror, pockets),
        translations: pockets.iter().all(|pocket| pocket.translations.is_some()),
        key: key(pockets).map_err(|source| of_all(RepositoryProblem::Keyring { name: String::new(), source }))?,
    };
    let found = Found::Mirror(pockets.iter().map(Pocket::lock).collect());
    artifact::build(facts, tree, version, found).map_err(|error| Box::new(PackagesError::Name(error)))
}

fn suite(pocket: &Pocket) -> MirroredSuite {
    MirroredSuite { suite: pocket.request.suite.clone(), date: pocket.release.date }
}

/// What upstream offers besides, and apt would ask for on a node that has it enabled. Packages of the architecture `all`
/// are carried always.
fn absent(mirror: &Mirror, pockets: &[Pocket]) -> Vec<Architecture> {
    let offered = pockets.iter().flat_map(|pocket| &pocket.release.architectures);
    let carried =
        |architecture: &&Architecture| architecture.is_all() || mirror.repository.architectures.contains(architecture);
    let absent: BTreeSet<_> = offered.filter(|architecture| !carried(architecture)).cloned().collect();
    absent.into_iter().collect()
}

fn key(pockets: &[Pocket]) -> Result<String, KeyringError> {
    pockets.first().map_or(Err(KeyringError::Empty), |pocket| pocket.request.keyring.armoured())
}
