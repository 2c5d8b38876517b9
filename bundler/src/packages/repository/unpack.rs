//! Compressed indexes: which forms there are, and how to unpack them without filling the memory.

use std::io::{self, BufReader, Read};

use flate2::bufread::MultiGzDecoder;
use liblzma::read::XzDecoder;
use liblzma::stream::{CONCATENATED, Stream};

/// Memory that an index in xz may ask for, in bytes: its largest preset asks for 65 MiB.
const XZ_MEMORY: u64 = 128 << 20;
/// The largest window of an index in zstd, as a power of two: 128 MiB.
const ZSTD_WINDOW: u32 = 27;

/// How an index is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Xz,
    Zstd,
    Gzip,
    Plain,
}

impl Form {
    /// All of them.
    pub(super) const ALL: [Self; 4] = [Self::Xz, Self::Zstd, Self::Gzip, Self::Plain];

    /// The ending of the file's name.
    pub(super) fn ending(self) -> &'static str {
        match self {
            Self::Xz => ".xz",
            Self::Zstd => ".zst",
            Self::Gzip => ".gz",
            Self::Plain => "",
        }
    }

    /// Unpacks content of at most `limit` bytes.
    pub(super) fn unpack(self, packed: &[u8], limit: u64) -> io::Result<Vec<u8>> {
        match self {
            Self::Plain => bounded(packed, limit),
            Self::Gzip => bounded(MultiGzDecoder::new(packed), limit),
            Self::Xz => {
                let stream = Stream::new_stream_decoder(XZ_MEMORY, CONCATENATED).map_err(io::Error::other)?;
                bounded(XzDecoder::new_stream(packed, stream), limit)
            }
            Self::Zstd => {
                let mut decoder = zstd::Decoder::with_buffer(BufReader::new(packed))?;
                decoder.window_log_max(ZSTD_WINDOW)?;
                bounded(decoder, limit)
            }
        }
    }
}

fn bounded(mut reader: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    (&mut reader).take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        let message = format!("it unpacks to more than {limit} bytes");
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn pack(form: Form, content: &[u8]) -> Vec<u8> {
        match form {
            Form::Plain => content.to_vec(),
            Form::Zstd => zstd::encode_all(content, 3).unwrap(),
            Form::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
                encoder.write_all(content).unwrap();
                encoder.finish().unwrap()
            }
            Form::Xz => {
                let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 6);
                encoder.write_all(content).unwrap();
                encoder.finish().unwrap()
            }
        }
    }

    #[test]
    fn every_form_is_unpacked_up_to_its_limit() {
        let content = b"Package: hello\n".repeat(10_000);
        for form in Form::ALL {
            let packed = pack(form, &content);
            let size = content.len() as u64;
            assert_eq!(form.unpack(&packed, size).unwrap(), content, "{form:?}");
            assert_eq!(form.unpack(&packed, size - 1).unwrap_err().kind(), io::ErrorKind::InvalidData, "{form:?}");
            // One file behind the other, as tools append them.
            let twice = [packed.clone(), packed.clone()].concat();
            assert_eq!(form.unpack(&twice, 2 * size).unwrap().len() as u64, 2 * size, "{form:?}");
            if form != Form::Plain {
                assert!(form.unpack(&packed[..packed.len() - 20], size).is_err(), "{form:?} is truncated");
            }
        }
    }
}
