//! The closure of packages against real `apt-get`: on small archives for each rule, and on the machine's own archive for
//! random sets of packages.
#![allow(clippy::unwrap_used, missing_docs)]

mod apt;
mod archive;
mod random_sets;
