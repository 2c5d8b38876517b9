//! `airgap-install` as a person or a script runs it: the real program, in a folder of its own, with nothing of the
//! environment.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod context;
mod import;
mod json;
mod resume;
mod serve;
mod site;
mod site_yaml;
mod ssh;
mod trust;
