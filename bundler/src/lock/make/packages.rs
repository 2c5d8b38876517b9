//! Packages and mirrors of a lock.

use manifests::Lock;
use manifests::component::PackageRepository;
use manifests::document::Packages;
use manifests::lock::{
    LockedBase, LockedMirror, LockedPackage, LockedRepository, LockedRequest, LockedSuite, LockedSystem,
};

use crate::content::{Found, FoundPackages};
use crate::http::shown;
use crate::lock::request::profile;
use crate::lock::{Folder, Pins};
use crate::resolve::Resolution;
use crate::resolve::stack::{ResolvedStack, ResolvedSystem};

pub(super) fn add(lock: &mut Lock, stack: &ResolvedStack, resolution: &Resolution, pins: &Pins, folder: &Folder) {
    for system in stack.systems.iter().filter(|system| !system.packages.is_empty()) {
        let found = resolution.others.iter().find_map(|resolved| {
            let item = resolved.item.as_packages().filter(|item| item.series == system.series)?;
            let Found::Packages(found) = &resolved.found else { return None };
            Some(self::system(system, item, found, folder))
        });
        let kept = || pins.system(system).cloned().map(|kept| placed(kept, system, folder));
        lock.systems.extend(found.or_else(kept));
    }
    lock.systems.sort_by(|a, b| a.series.as_str().cmp(b.series.as_str()));
    for mirror in &stack.mirrors {
        let asked = folder.place(&mirror.location);
        let found = resolution.others.iter().find_map(|resolved| {
            let item = resolved.item.as_mirror().filter(|item| item.name == mirror.name)?;
            let Found::Mirror(suites) = &resolved.found else { return None };
            let repository = repository(&mirror.repository, |suite| suites.iter().find(|one| one.suite == suite));
            let (packages, size) = (item.packages, item.size);
            Some(LockedMirror { mirror: mirror.name.clone(), asked: asked.clone(), repository, packages, size })
        });
        let kept = || pins.mirror(mirror).cloned().map(|kept| LockedMirror { asked: asked.clone(), ..kept });
        lock.mirrors.extend(found.or_else(kept));
    }
    lock.mirrors.sort_by(|a, b| a.mirror.cmp(&b.mirror));
}

fn system(system: &ResolvedSystem, item: &Packages, found: &FoundPackages, folder: &Folder) -> LockedSystem {
    let base = system.base.iter().zip(&found.base);
    let base = base.map(|(base, digest)| LockedBase { profile: profile(base, folder), digest: *digest }).collect();
    let of_repository = |(number, of): (usize, &PackageRepository)| {
        repository(of, |suite| {
            let found = found.suites.iter().find(|(place, found)| *place == number && found.suite == suite);
            found.map(|(_, suite)| suite)
        })
    };
    let packages = item.packages.iter().zip(&found.from).map(|(package, from)| LockedPackage {
        package: package.name.clone(),
        version: package.version.clone(),
        architecture: package.architecture.clone(),
        from: from.clone(),
        digest: package.digest,
        size: package.size,
    });
    LockedSystem {
        series: system.series.clone(),
        asked: folder.place(&system.location),
        architectures: system.architectures.clone(),
        foreign: system.foreign.clone(),
        base,
        repositories: system.repositories.iter().enumerate().map(of_repository).collect(),
        wanted: wanted(system, found, folder),
        packages: packages.collect(),
    }
}

/// What is asked for: for each architecture in the order in which it was solved.
fn wanted(system: &ResolvedSystem, found: &FoundPackages, folder: &Folder) -> Vec<LockedRequest> {
    let asked = system.architectures.iter().flat_map(|architecture| {
        let own = system.packages.iter().filter(move |package| package.architectures.contains(architecture));
        own.map(move |package| (architecture, package))
    });
    let locked = asked.zip(&found.wanted).map(|((architecture, package), (name, version))| LockedRequest {
        package: package.name.clone(),
        component: package.component.clone(),
        asked: folder.place(&package.location),
        architecture: architecture.clone(),
        versions: package.version.as_ref().map(ToString::to_string),
        recommends: package.recommends,
        foreign: package.foreign.clone(),
        found: Some(name).filter(|name| **name != package.name).cloned(),
        version: version.clone(),
    });
    locked.collect()
}

/// What is kept, asked for where the stack asks for it now.
fn placed(mut kept: LockedSystem, system: &ResolvedSystem, folder: &Folder) -> LockedSystem {
    kept.asked = folder.place(&system.location);
    let packages = system.architectures.iter().flat_map(|architecture| {
        system.packages.iter().filter(move |package| package.architectures.contains(architecture))
    });
    for (wanted, package) in kept.wanted.iter_mut().zip(packages) {
        wanted.asked = folder.place(&package.location);
    }
    kept
}

fn repository<'a>(repository: &PackageRepository, found: impl Fn(&str) -> Option<&'a LockedSuite>) -> LockedRepository {
    let suites = repository.suites.iter().map(|suite| {
        let suite = suite.to_string();
        // One that has nothing for these nodes is not read.
        let unread = || LockedSuite {
            suite: suite.clone(),
            date: None,
            signed: Vec::new(),
            indexes: Vec::new(),
            translations: None,
        };
        found(&suite).cloned().unwrap_or_else(unread)
    });
    LockedRepository {
        repository: shown(&repository.url),
        snapshot: repository.snapshot.as_ref().map(shown),
        components: repository.components.clone(),
        architectures: repository.architectures.clone(),
        priority: repository.priority,
        suites: suites.collect(),
    }
}
