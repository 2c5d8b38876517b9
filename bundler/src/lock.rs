//! Locks: what a stack was resolved to, kept beside it, so that the same bundle can be built again.
//!
//! ```text
//! stack.yaml ──┬─ the same request ─▶ as locked, by digest
//! lock ────────┤
//!              └─ another one, or new ─▶ resolved anew; with --locked an error
//! ```
//!
//! What an item asks for is its [`Request`]: as long as that is the same in stack and lock, the lock decides. Lines and
//! components are no part of it, so a stack may be rearranged.

mod file;
mod folder;
mod make;
mod moved;
mod pins;
mod request;

pub(crate) use file::is_lock;
pub use file::{LockFileError, path, read, read_of, write};
pub use folder::Folder;
pub use make::make;
pub use moved::{moved, moved_on_disk};
pub use pins::{Pins, UnknownItem, Update};
pub(crate) use request::file_source;
pub use request::{Kind, Request};
