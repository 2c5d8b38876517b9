//! The forms in which an index is offered. apt takes the first that it knows, most often `.xz`.

use std::io::{self, Write as _};

/// A form of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Gzip,
    Xz,
    Zstd,
}

/// What an index of some megabytes needs no more than: a higher one takes 94 MiB of memory for a hundredth.
const XZ_PRESET: u32 = 3;
/// About as small as `.xz`, in a tenth of the time that the highest takes.
const ZSTD_LEVEL: i32 = 15;

impl Form {
    pub(super) const ALL: [Self; 3] = [Self::Gzip, Self::Xz, Self::Zstd];

    /// What the name of such a file ends with.
    pub(super) fn suffix(self) -> &'static str {
        match self {
            Self::Gzip => ".gz",
            Self::Xz => ".xz",
            Self::Zstd => ".zst",
        }
    }

    pub(super) fn compress(self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Self::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
                encoder.write_all(bytes)?;
                encoder.finish()
            }
            Self::Xz => {
                let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), XZ_PRESET);
                encoder.write_all(bytes)?;
                encoder.finish()
            }
            Self::Zstd => zstd::bulk::compress(bytes, ZSTD_LEVEL),
        }
    }
}
