//! Reading of the YAML that people write: every value knows its place, and all problems of a file are listed together.
//!
//! The parser under `serde-saphyr` is used without its serde side, because a serde reader stops at the first error.
//! What is read is the YAML 1.2 core schema without tags, merge keys and second documents; what YAML versions and
//! tools disagree on (`yes`, `1.10`, a key given twice) is refused with advice instead of guessed. Sizes, depth and the
//! growth through aliases are limited: see [`limits`].

mod fields;
pub mod limits;
mod location;
mod mask;
mod node;
mod parse;
mod plain;
mod problem;
pub mod suggest;

pub use location::{Location, SourceFile};
pub use problem::{Problem, Problems};

pub(crate) use fields::Fields;
pub(crate) use mask::{is_secret, names_secret};
pub(crate) use node::{Key, Node, Value};
pub(crate) use parse::{Sink, parse};
