//! One fixture per attack: a good bundle is taken apart, one thing is changed, and the reader has to say what.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

mod archive;
mod document;
mod files;
mod forge;
mod mutations;
mod platform;
