//! From what people wrote to what has to be fetched.

pub mod stack;

pub use stack::{ResolvedStack, load};
