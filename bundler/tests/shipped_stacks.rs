//! The stacks of the repository resolve with the components of the repository.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use bundler::resolve::load;

#[test]
fn every_stack_resolves_and_asks_for_something() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../manifests/stacks");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stack = load(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(!stack.images.is_empty() && stack.created.is_some(), "{}", path.display());
        seen += 1;
    }
    assert!(seen > 0);
}

#[test]
fn the_platform_holds_each_image_once_and_for_the_stacks_platform() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../manifests/stacks/platform.yaml");
    let stack = load(&path).unwrap();
    let mut names: Vec<String> = stack.images.iter().map(|image| image.reference.to_string()).collect();
    assert!(names.len() > 100, "{} images", names.len());
    assert!(names.contains(&"quay.io/jetstack/cert-manager-acmesolver:v1.18.6".to_owned()));
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
    assert!(stack.images.iter().all(|image| image.platforms == [manifests::Platform::linux_amd64()]));
}
