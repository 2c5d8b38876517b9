//! End-to-end tests, one module per topic.
#![allow(clippy::unwrap_used)]

mod artifact;
mod bad_network;
mod cache;
mod charts;
mod closed_world;
mod cluster;
mod cluster_components;
mod cluster_faults;
mod cluster_life;
mod cluster_options;
mod cluster_platform;
mod documentation;
mod git_lfs;
mod git_push;
mod interrupted;
mod local_images;
mod nodes;
mod packages;
mod preflight;
mod rig;
mod sbom;
mod service;
mod shipped_locks;
mod small_disks;
mod ssh;
mod stand_in;
mod stock_tools;
mod tampered;
mod volumes;
mod whole_way;
