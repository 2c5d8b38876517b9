//! The components and stacks that come with the software: what holds for all of them, and what is on record of each.
#![allow(clippy::unwrap_used)]

mod alternatives;
mod classes;
mod coverage;
mod kubernetes;
mod record;
mod rules;
mod stacks;
mod systems;
mod values;

use std::path::{Path, PathBuf};

use bundler::catalogue;
use manifests::Component;

/// A path below `manifests/`.
fn shipped(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../manifests").join(path)
}

/// All components, in the order of their names.
fn components() -> Vec<Component> {
    catalogue::components(&shipped("components"))
        .unwrap_or_else(|error| panic!("{}", airgap_console::error::render(&error)))
}
