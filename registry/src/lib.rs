//! The site's server: what a bundle holds, served to a cluster that has nothing else.
//!
//! An OCI registry, a chart repository, a package repository for apt, git repositories and a file server in one, straight out of bundles.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod app;
pub mod apt;
pub mod auth;
pub mod content;
pub mod git;
pub mod http;
pub mod metrics;
pub mod notify;
mod oci;
pub mod server;
pub mod site;
pub mod store;
pub mod systemd;
mod web;
