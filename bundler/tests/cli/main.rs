//! The command `airgap-bundle`, run as a person runs it: what it prints, how it exits, what it leaves behind.
#![allow(clippy::unwrap_used)]

mod build;
mod catalogue;
mod diff;
mod extract;
mod help;
mod inspect;
mod json;
mod keys;
mod site;
mod verify;
mod volumes;

#[path = "../sbom/fixtures.rs"]
#[allow(dead_code, reason = "the tests of SBOMs use all of it")]
mod fixtures;
