//! What a reader accepts at most. `FORMAT.md` names the same figures: changing one changes the format.

/// The size of `bundle.json` in bytes: 32 MiB, some two hundred thousand blobs.
pub const DOCUMENT_SIZE: usize = 32 << 20;
/// The values in `bundle.json`, an object counting as eight: short values take far more memory than text.
pub const DOCUMENT_VALUES: usize = 3_000_000;
/// Items in a bundle.
pub const ITEMS: usize = 20_000;
/// Blobs in a bundle.
pub const BLOBS: usize = 100_000;
/// The bytes of all blobs together: 16 TiB.
pub const CONTENT_SIZE: u64 = 16 << 40;
/// The length of a file's path in bytes.
pub const PATH_LENGTH: usize = 1024;
/// Signatures of a bundle.
pub const SIGNATURES: usize = 16;
/// Volumes of a set: their numbers have three digits.
pub const VOLUMES: usize = 999;
/// The smallest size of a volume in bytes: one frame and the header fit.
pub const VOLUME_SIZE: u64 = 5 << 20;
/// The size of a set document in bytes.
pub const SET_DOCUMENT_SIZE: u64 = 1 << 20;
