//! The archive: how a bundle is laid out, written, opened, verified and read.
//!
//! `FORMAT.md` is the normative text. In short: an ordinary `tar` in zstd frames, one member after the other:
//!
//! ```text
//! bundle.json          the signed document                          ┐ known before the first blob is fetched,
//! signatures/<n>.sig   a slot of fixed size, rewritten in place     │ so every place behind it is known too
//! SHA256SUMS, oci-layout, index.json                                ┘
//! blobs/sha256/<hex>   raw ones: places follow from their sizes; written in parallel, in any order
//! blobs/sha256/<hex>   compressed ones: appended in order
//! (end of archive)     two zero blocks, then the seek table in a skippable frame
//! ```

mod attach;
mod contents;
mod cursor;
mod frame;
mod layout;
pub mod limits;
mod member;
pub mod occupied;
mod read_at;
pub mod reader;
mod seek_table;
mod slot;
pub mod volume;
pub mod writer;

pub use attach::{AttachError, attach_signatures};
pub use occupied::OccupiedError;
pub use reader::{BlobReader, CopyError, CopyTarget, Damage, OpenError, Segment, UnverifiedBundle, VerifiedBundle};
pub use slot::SlotError;
pub use writer::{BlobSink, BundleWriter, Plan, WriteError};
