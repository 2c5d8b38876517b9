//! The connected side: fetches images, charts and files and makes one signed bundle of them.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod advisories;
pub mod archives;
mod bounded;
pub mod build;
pub mod cache;
pub mod catalogue;
pub mod charts;
pub mod cli;
pub mod closed;
pub mod compare;
pub mod content;
pub mod credentials;
mod deadline;
pub mod discovery;
pub mod extract;
pub mod files;
pub mod git;
pub mod http;
pub mod item;
pub mod lock;
pub mod look;
pub mod oci;
pub mod packages;
pub mod report;
pub mod resolve;
pub mod sbom;
pub mod sign;
#[cfg(test)]
mod test_server;
pub mod trust;
pub mod volume_set;

/// How many threads to use: as many as were asked for, else as there are processors.
pub(crate) fn jobs(asked: Option<std::num::NonZeroUsize>) -> usize {
    let processors = || std::thread::available_parallelism().unwrap_or(std::num::NonZeroUsize::MIN);
    asked.unwrap_or_else(processors).get()
}
