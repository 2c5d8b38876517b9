//! The stacks of the repository resolve with the components of the repository.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use bundler::resolve::load;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../manifests/stacks")
}

/// Its parts, which stacks stand on, are in a folder of their own.
fn stacks() -> Vec<PathBuf> {
    let paths = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "yaml")).collect()
}

#[test]
fn every_stack_resolves_and_asks_for_something() {
    let stacks = stacks();
    assert!(!stacks.is_empty());
    for path in stacks {
        let stack = load(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let packages = stack.systems.iter().any(|system| !system.packages.is_empty());
        assert!(!stack.images.is_empty() || packages, "{}", path.display());
        assert!(stack.created.is_some(), "{}", path.display());
    }
}

#[test]
fn every_part_is_stood_on() {
    let texts: Vec<String> = stacks().iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    for entry in std::fs::read_dir(folder().join("parts")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(texts.iter().any(|text| text.contains(&format!("./parts/{name}"))), "{name}");
    }
}

#[test]
fn every_stack_has_a_page() {
    let pages = folder().join("../../docs/stacks");
    let pages = std::fs::read_dir(pages).unwrap().map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap());
    let pages: Vec<String> = pages.collect();
    for path in stacks() {
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(
            pages.iter().any(|page| page.contains(&format!("`{name}`")) || page.starts_with(&format!("# {name}\n"))),
            "{name}"
        );
    }
}

#[test]
fn the_platform_holds_each_image_once_and_for_the_stacks_platform() {
    let stack = load(&folder().join("enterprise-platform.yaml")).unwrap();
    let mut names: Vec<String> = stack.images.iter().map(|image| image.reference.to_string()).collect();
    assert!(names.len() > 40, "{} images", names.len());
    assert!(names.contains(&"docker.io/rancher/rke2-runtime:v1.30.6-rke2r1".to_owned()));
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
    assert!(stack.images.iter().all(|image| image.platforms == [manifests::Platform::linux_amd64()]));
}
