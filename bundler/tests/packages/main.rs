//! Repositories made with Debian's own tools, read and verified, and whole builds from them.
//!
//! Prerequisites: `gpg`, `dpkg-deb`, `apt-ftparchive`, `reprepro` and `apt-get`; `make setup` installs them.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

mod access;
mod archive;
mod building;
mod definition;
mod gpg;
mod mirrors;
mod reader;
mod reading;
mod signatures;

#[path = "../network/server.rs"]
#[allow(dead_code, reason = "the tests of the network use all of it")]
mod server;
