//! End-to-end tests, one module per topic.
#![allow(clippy::unwrap_used)]

mod rig;
