//! Packages of an operating system: the closure of what components ask for, for each system of the nodes.
//!
//! ```text
//! repositories ──verify──▶ indexes ──solve, for each architecture and profile──▶ closure ──prove──▶ artifact
//! ```

mod artifact;
pub mod closure;
mod error;
mod locked;
mod mirror;
mod pool;
pub mod profile;
pub mod proof;
pub mod repository;
mod requests;
mod system;

pub use error::PackagesError;

use std::sync::Arc;

use futures_util::future::join_all;

use crate::content::Resolved;
use crate::lock::Pins;
use crate::resolve::stack::ResolvedSystem;
use manifests::stack::Mirror;
use repository::{Archives, Pocket, PocketRequest, RepositoryError};

/// Whether apt is asked if the packages are complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// It is, and the build fails where it can't be.
    Required,
    /// It is not, for this reason.
    Waived(String),
}

/// Finds packages. Cheap to clone.
#[derive(Debug, Clone)]
pub struct PackageSources {
    archives: Archives,
    proof: Proof,
}

impl PackageSources {
    /// Packages behind these repositories.
    pub fn new(archives: Archives, proof: Proof) -> Self {
        Self { archives, proof }
    }

    /// Resolves the packages of all systems and all mirrors: one artifact for each, tagged with the bundle's version. What
    /// is pinned is as its lock has it.
    ///
    /// # Errors
    /// Everything that stands against it, of all systems.
    pub async fn resolve(
        &self,
        systems: &[ResolvedSystem],
        mirrors: &[Mirror],
        bundle_version: &semver::Version,
        pins: &Pins,
    ) -> Result<Vec<Resolved>, Vec<PackagesError>> {
        let systems: Vec<&ResolvedSystem> = systems.iter().filter(|system| !system.packages.is_empty()).collect();
        let pockets = self
            .read(&systems, mirrors, pins)
            .await
            .map_err(|errors| errors.into_iter().map(PackagesError::from).collect::<Vec<_>>())?;
        let (of_systems, of_mirrors) = pockets.split_at(systems.len());
        let resolved = join_all(systems.into_iter().zip(of_systems.iter().cloned()).map(|(system, pockets)| {
            let (system, proof, version) = (system.clone(), self.proof.clone(), bundle_version.clone());
            let (locked, stop) = (pins.system(&system).cloned(), self.archives.cancellation().clone());
            let work = system::Work { pockets, locked, proof, version, stop };
            // It unpacks, solves and runs apt.
            tokio::task::spawn_blocking(move || system::resolve(&system, &work))
        }))
        .await;
        let (mut items, mut errors) = (Vec::new(), Vec::new());
        for result in resolved {
            match result.unwrap_or_else(|_| Err(vec![PackagesError::Stopped])) {
                Ok(item) => items.push(item),
                Err(found) => errors.extend(found),
            }
        }
        // One after the other: the index of a whole archive fills enough memory.
        for (mirror, pockets) in mirrors.iter().zip(of_mirrors.iter().cloned()) {
            let (mirror, version) = (mirror.clone(), bundle_version.clone());
            let made = tokio::task::spawn_blocking(move || mirror::resolve(&mirror, &pockets, &version));
            match made.await.unwrap_or_else(|_| Err(Box::new(PackagesError::Stopped))) {
                Ok(item) => items.push(item),
                Err(error) => errors.push(*error),
            }
        }
        if errors.is_empty() { Ok(items) } else { Err(errors) }
    }

    /// Reads the pockets of all systems, then those of all mirrors, at one instant.
    async fn read(
        &self,
        systems: &[&ResolvedSystem],
        mirrors: &[Mirror],
        pins: &Pins,
    ) -> Result<Vec<Arc<[Pocket]>>, Vec<RepositoryError>> {
        let (mut requests, mut errors, mut counts) = (Vec::new(), Vec::new(), Vec::new());
        let of_systems = systems.iter().map(|system| requests::of_system(system, pins.system(system)));
        let of_mirrors = mirrors.iter().map(|mirror| requests::of_mirror(mirror, pins.mirror(mirror)));
        let asked: Vec<Result<Vec<PocketRequest>, _>> = of_systems.chain(of_mirrors).collect();
        for found in asked {
            match found {
                Ok(found) => {
                    counts.push(found.len());
                    requests.extend(found);
                }
                Err(found) => errors.extend(found),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let mut pockets = self.archives.read(&requests).await?.into_iter();
        Ok(counts.into_iter().map(|count| pockets.by_ref().take(count).collect()).collect())
    }
}
