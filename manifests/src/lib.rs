//! The vocabulary of an air-gapped platform: what a stack asks for, what a bundle holds and who vouches for it.
//!
//! This crate does no input or output that it was not handed: no network, no clock, no environment. Everything else in
//! the workspace stands on it.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod bundle;
pub mod component;
pub mod debian;
pub mod digest;
pub mod document;
pub mod evidence;
#[cfg(feature = "fake")]
pub mod fake;
pub mod kubernetes;
pub mod lock;
pub mod oci;
pub mod platform;
pub mod reference;
pub mod schema;
pub mod signature;
pub mod site;
pub mod stack;
pub mod values;
mod word;
pub mod yaml;

pub use component::Component;
pub use digest::Digest;
pub use document::{BundleName, Document};
pub use lock::Lock;
pub use platform::Platform;
pub use reference::{ImageReference, Repository};
pub use site::Site;
pub use stack::Stack;
