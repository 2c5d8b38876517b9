//! The report: what it says, how it is shown, what it does with what nobody should trust.
//!
//! Prerequisites: Chromium, `zstd` and OpenSSH; `make setup` installs them.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

mod browser;
mod by_hand;
mod content;
mod hostile;
mod inside;
mod sample;

#[path = "../sbom/fixtures.rs"]
#[allow(dead_code, reason = "the tests of SBOMs use all of it")]
mod fixtures;
#[path = "../cli/site.rs"]
#[allow(dead_code, reason = "the tests of the commands use all of it")]
mod site;
