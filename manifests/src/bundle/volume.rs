//! Volumes: the parts of a set, for media that are smaller than the bundle.
//!
//! Each is a valid zstd file that starts with a skippable frame of fixed size, which names the set, its own number and
//! its place; frames never cross from one volume to the next.

mod error;
pub(crate) mod gather;
pub(crate) mod header;
mod set;
mod transfer;

pub use error::VolumeError;
pub use gather::{Absent, is_volume, names};
pub(crate) use header::{HEADER_SIZE, VolumeHeader};
pub use set::{SET_MEDIA_TYPE, SetBundle, SetDocument, SetError, SetVolume, set_names};
pub use transfer::{TransferError, check_size, join, split};
