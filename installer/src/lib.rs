//! The disconnected side: takes a bundle that somebody carried in, checks it, keeps it and serves it.

pub mod cli;
pub mod engine;
pub mod event;
pub mod import;
pub mod journal;
pub mod meter;
pub mod place;
pub mod plan;
pub mod preflight;
pub mod render;
pub mod service;
pub mod site;
pub mod snippets;
pub mod stop;
pub mod trust;
pub mod uninstall;
pub mod work;
