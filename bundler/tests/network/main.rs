//! The connected side against networks and servers that misbehave. All servers are on the loopback interface.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

mod charts;
mod credentials;
mod docker_registry;
mod download;
mod fake;
mod fixtures;
mod images;
mod oci_auth;
mod oci_errors;
mod proxy;
mod real_registry;
mod secrets;
mod server;
mod tls;
