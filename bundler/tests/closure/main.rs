//! The closure of packages against real `apt-get`: on small archives for each rule, and on the machine's own archive for
//! random sets of packages.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

mod apt;
mod archive;
mod essential;
mod fixture;
mod proofs;
mod random_sets;
mod rules;
mod versions;
