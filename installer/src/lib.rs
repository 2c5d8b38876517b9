//! The disconnected side: takes a bundle that somebody carried in, checks it, keeps it and serves it.

pub mod engine;
pub mod event;
pub mod journal;
pub mod place;
pub mod plan;
pub mod preflight;
pub mod render;
pub mod snippets;
pub mod stop;
pub mod trust;
