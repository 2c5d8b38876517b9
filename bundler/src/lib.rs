//! The connected side: fetches images, charts and files and makes one signed bundle of them.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod archives;
pub mod build;
pub mod charts;
pub mod cli;
pub mod content;
pub mod credentials;
pub mod files;
pub mod http;
pub mod oci;
pub mod resolve;
pub mod sign;
#[cfg(test)]
mod test_server;
