//! From the definition to what is read: the pockets of a system, with the keys that may sign them.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use manifests::component::{KeySource, PackageRepository, Suite};
use manifests::debian::Architecture;
use manifests::lock::{LockedMirror, LockedRepository, LockedSuite, LockedSystem};
use manifests::stack::Mirror;

use super::repository::openpgp::{Keyring, MAX_KEYRING};
use super::repository::{PocketRequest, RepositoryError, RepositoryProblem};
use crate::resolve::stack::ResolvedSystem;

/// All pockets of a system: each suite of each repository that has packages for one of its architectures. With a lock,
/// they are to be as they were then.
pub(super) fn of_system(
    system: &ResolvedSystem,
    lock: Option<&LockedSystem>,
) -> Result<Vec<PocketRequest>, Vec<RepositoryError>> {
    let (mut requests, mut errors) = (Vec::new(), Vec::new());
    for (number, repository) in system.repositories.iter().enumerate() {
        let architectures = architectures(system, repository);
        if architectures.is_empty() {
            continue;
        }
        let keyring = match keyring(&repository.key) {
            Ok(keyring) => Arc::new(keyring),
            Err(problem) => {
                errors.push(RepositoryError::of(repository, problem));
                continue;
            }
        };
        requests.extend(repository.suites.iter().map(|suite| PocketRequest {
            repository: repository.clone(),
            number,
            suite: suite.clone(),
            architectures: architectures.clone(),
            translations: false,
            keyring: Arc::clone(&keyring),
            locked: lock.and_then(|lock| locked(lock.repositories.get(number)?, suite)),
        }));
    }
    if errors.is_empty() { Ok(requests) } else { Err(errors) }
}

/// The architectures of a system that a repository has packages for: the nodes' own first.
fn architectures(system: &ResolvedSystem, repository: &PackageRepository) -> Vec<Architecture> {
    let all = system.architectures.iter().chain(&system.foreign);
    let has = |architecture: &&Architecture| {
        repository.architectures.is_empty() || repository.architectures.contains(architecture)
    };
    all.filter(has).cloned().collect()
}

/// All pockets of a mirror: each suite.
pub(super) fn of_mirror(
    mirror: &Mirror,
    lock: Option<&LockedMirror>,
) -> Result<Vec<PocketRequest>, Vec<RepositoryError>> {
    let repository = &mirror.repository;
    let keyring = keyring(&repository.key).map_err(|problem| vec![RepositoryError::of(repository, problem)])?;
    let keyring = Arc::new(keyring);
    let request = |suite: &Suite| PocketRequest {
        repository: repository.clone(),
        number: 0,
        suite: suite.clone(),
        architectures: repository.architectures.clone(),
        translations: true,
        keyring: Arc::clone(&keyring),
        locked: lock.and_then(|lock| locked(&lock.repository, suite)),
    };
    Ok(repository.suites.iter().map(request).collect())
}

/// A suite as a lock has it.
fn locked(repository: &LockedRepository, suite: &Suite) -> Option<LockedSuite> {
    let found = repository.suites.iter().find(|locked| locked.suite == suite.to_string());
    found.filter(|locked| !locked.signed.is_empty()).cloned()
}

fn keyring(key: &KeySource) -> Result<Keyring, RepositoryProblem> {
    match key {
        KeySource::Inline(text) => {
            Keyring::parse(text.as_bytes()).map_err(|source| RepositoryProblem::Keyring { name: String::new(), source })
        }
        KeySource::File(path) => {
            let bytes = read(path).map_err(|source| RepositoryProblem::KeyFile { path: path.clone(), source })?;
            let name = format!(" {}", path.display());
            Keyring::parse(&bytes).map_err(|source| RepositoryProblem::Keyring { name, source })
        }
    }
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more than is taken: the keyring then says that it is too large.
    std::fs::File::open(path)?.take(MAX_KEYRING as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
