//! The disconnected side: takes a bundle that somebody carried in, checks it, keeps it and serves it.
//!
//! ```text
//! trust ─▶ verified bundle ┐
//! site ─▶ what it holds    ├─▶ plan (data) ─▶ engine ─▶ work, step by step
//! options                  ┘                    └─▶ events ─▶ bars, lines, JSON, journal
//! ```
//!
//! Nothing here knows how bundles are laid out (`manifests`) or how content is served (`registry`).
//!
//! To add a step (a node that is prepared, a cluster, packages): a [`plan::Action`] with what it needs to know, a
//! [`event::StepId`], its place in [`plan::Plan::between`], and what it does in [`work::SiteWork`]. A step checks before
//! it acts and verifies after; what it would change is in the plan, so a second run finds nothing to do.

pub mod checks;
pub mod claim;
pub mod cli;
pub mod cluster_files;
pub mod deploy;
pub mod distribution;
pub mod draft;
pub mod engine;
pub mod event;
pub mod facts;
pub mod git;
pub mod held;
pub mod host;
pub mod import;
pub mod inventory;
pub mod journal;
pub mod meter;
pub mod packages;
pub mod place;
pub mod plan;
pub mod preflight;
pub mod proof;
pub mod readiness;
pub mod receipt;
pub mod render;
pub mod rollout;
pub mod secrets;
pub mod service;
pub mod site;
pub mod site_file;
pub mod snippets;
pub mod ssh;
pub mod stop;
pub mod support;
pub mod uninstall;
pub mod work;
