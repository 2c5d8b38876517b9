//! `sbom` and `advisories`: real bundles of images that are made here, looked into by the real command.
#![allow(clippy::unwrap_used)]

mod advisories;
mod attested;
mod documents;
mod fixtures;
mod hostile;
mod inside;
mod layers;
#[allow(dead_code, reason = "as the tests of other commands need it")]
#[path = "../cli/site.rs"]
mod site;
