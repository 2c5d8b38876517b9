//! The stacks that come with the software are locked as they are, by the real command, with no way out: an upstream that is made
//! up here has what they ask for. So nothing of them has to be fetched by hand, and nothing that they refer to is missing.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use airgap_tests::{Anything, Machine, image_of, repository};
use bundler::catalogue;
use bundler::resolve::ResolvedStack;
use manifests::component::{ChartSource, FileSource};
use manifests::{Digest, Lock};

/// The names of the stacks in a folder, in the order of their files.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut files: Vec<String> =
        entries.filter(|name| name.ends_with(".yaml") && !name.ends_with(".lock.yaml")).collect();
    files.sort();
    let mut names: Vec<_> = files.iter().map(|name| name.trim_end_matches(".yaml").to_owned()).collect();
    names.sort();
    names
}

/// Locks all stacks by one command, and reads the locks.
fn lock(machine: &Machine, names: &[String]) -> Vec<(String, Lock)> {
    let stacks: Vec<String> = names.iter().map(|name| format!("stacks/{name}.yaml")).collect();
    let words: Vec<&str> = ["lock"].into_iter().chain(stacks.iter().map(String::as_str)).collect();
    machine.bundle(&words).unwrap().success().unwrap();
    let read = |name: &String| {
        let path = machine.path(format!("stacks/{name}.lock.yaml"));
        (fs::read_to_string(&path).unwrap(), bundler::lock::read(&path).unwrap().unwrap())
    };
    names.iter().map(read).collect()
}

#[test]
fn every_stack_is_locked_with_all_that_it_asks_for() {
    let shipped = repository().join("manifests");
    let stacks = catalogue::stacks(&shipped.join("stacks")).unwrap();
    let names = names(&shipped.join("stacks"));
    assert_eq!(names.len(), stacks.len());
    let upstream = Anything::of(&stacks).unwrap();
    let machine = upstream.machine().unwrap();
    for folder in ["stacks", "components"] {
        let from = shipped.join(folder).display().to_string();
        machine.run("cp", &["--recursive", &from, &machine.work().display().to_string()]).unwrap();
    }
    let locked = lock(&machine, &names);
    for ((_, lock), stack) in locked.iter().zip(&stacks) {
        holds(lock, stack);
    }
    for ((before, _), (after, lock)) in locked.iter().zip(lock(&machine, &names)) {
        assert!(*before == after, "{} is locked otherwise the second time", lock.stack);
    }
    // Locks are no stacks.
    let listed = machine.bundle(&["stacks"]).unwrap().success().unwrap().stdout;
    assert!(names.iter().all(|name| listed.contains(name.as_str())), "{listed}");
    assert!(machine.leftovers().unwrap().is_empty());
}

/// A lock has everything of its stack, pinned.
fn holds(lock: &Lock, stack: &ResolvedStack) {
    let name = stack.name.as_str();
    assert_eq!(lock.charts.len(), stack.charts.len(), "{name}");
    let images: BTreeSet<String> = lock.images.iter().map(|image| image.image.to_string()).collect();
    for chart in &stack.charts {
        let locked = lock.charts.iter().find(|it| it.chart == chart.name && it.component == chart.component);
        let locked = locked.unwrap_or_else(|| panic!("{name}: {chart:?}"));
        if let ChartSource::Repository { .. } = chart.source {
            assert!(locked.found.is_some(), "{name}: {}", chart.name);
            let image = image_of(&chart.name, &locked.version);
            assert!(images.contains(&image), "{name}: {image}");
        }
    }
    for image in &stack.images {
        assert!(images.contains(&image.reference.to_string()), "{name}: {}", image.reference);
    }
    assert!(lock.images.iter().all(|image| image.manifests.len() == 1 && image.size > 0), "{name}: one for amd64 each");
    for file in &stack.files {
        let locked = lock.files.iter().find(|it| it.component == file.component && it.file == file.path).unwrap();
        let FileSource::Url { url, .. } = &file.source else { continue };
        let made = format!("{}{}\n", url.host_str().unwrap(), url.path());
        assert!(file.checksums.is_none() || locked.digest == Digest::of(made.as_bytes()), "{name}: {url}");
    }
    for system in &stack.systems {
        let locked = lock.systems.iter().find(|it| it.series == system.series).unwrap();
        for package in &system.packages {
            assert!(locked.packages.iter().any(|it| it.package == package.name), "{name}: {}", package.name);
        }
    }
    let release = stack.platform.as_ref().map(|platform| platform.distribution.name.to_string());
    let from_web = stack.files.iter().any(|file| matches!(file.source, FileSource::Url { .. }));
    assert_eq!(release.is_some(), from_web, "{name}: its release is fetched, and nothing has to be there before");
}
