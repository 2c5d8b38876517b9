//! Packages of the operating system: what a component needs of them on a node, with everything that these need.

pub mod closure;
pub mod proof;
