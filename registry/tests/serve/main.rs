//! The server as its clients see it: raw HTTP, and the real tools.
#![allow(clippy::unwrap_used)]

mod access;
mod binary;
mod blobs;
mod charts;
mod client;
mod content;
mod files;
mod git;
mod lfs;
mod mirrors;
mod names;
mod oci;
mod packages;
mod reload;
mod site;
mod skopeo;
mod status;
mod tls;
mod torture;
