//! Locks, against upstreams that move: a real registry, archives made with Debian's tools, a chart repository.
//!
//! Prerequisites: those of the tests of packages and of the network; `make setup` installs them.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

mod discovered;
mod drift;
mod git;
mod gone;
mod lfs;
mod lists;
mod moving;
mod others;
mod platforms;
mod repositories;
mod twice;
mod upstream;

#[path = "../packages/archive.rs"]
#[allow(dead_code, reason = "the tests of packages use all of it")]
mod archive;
#[path = "../network/docker_registry.rs"]
mod docker_registry;
#[path = "../packages/gpg.rs"]
#[allow(dead_code, reason = "the tests of packages use all of it")]
mod gpg;
#[path = "../network/server.rs"]
#[allow(dead_code, reason = "the tests of the network use all of it")]
mod server;
