//! Packages of an operating system: the closure of what components ask for, for each system of the nodes.

pub mod repository;
