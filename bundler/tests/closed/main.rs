//! Findings, from what a stack says and what was seen in its charts.
#![allow(clippy::unwrap_used)]

mod cluster;
mod decisions;
mod images;
mod judgement;
mod waivers;
mod world;
