//! Discovery with the real Helm, on charts that hide their images as real ones do.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

mod deployed;
mod helm;
mod inventory;
mod lists;
mod manifests;
mod repositories;
mod rig;
mod traps;
mod unfollowed;
