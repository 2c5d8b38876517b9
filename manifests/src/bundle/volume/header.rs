//! The skippable frame at the start of each volume.

use crate::Digest;

/// The size of a volume's header in bytes.
pub(crate) const HEADER_SIZE: u64 = 512;
/// A skippable frame, by the first of its magic numbers.
const MAGIC: u32 = 0x184D_2A50;
/// What the frame starts with.
const TAG: &[u8; 16] = b"airgap volume v1";
const FIELDS: usize = 8 + TAG.len() + 32 + 4 + 4 + 8 * 3;

/// What a volume says of itself. Nobody vouches for it: it serves to find mistakes, not attacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct VolumeHeader {
    /// The digest of `bundle.json`.
    pub(crate) set: Digest,
    /// From 1.
    pub(crate) number: u32,
    /// How many volumes the set has; 0 while it is being written.
    pub(crate) count: u32,
    /// The size that every volume stays below, in bytes.
    pub(crate) split: u64,
    /// Where the volume starts in the set, in bytes.
    pub(crate) start: u64,
    /// The volume's size in bytes, with this header.
    pub(crate) size: u64,
}

impl VolumeHeader {
    /// The frame's bytes.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_SIZE as usize);
        bytes.extend_from_slice(&MAGIC.to_le_bytes());
        bytes.extend_from_slice(&(HEADER_SIZE as u32 - 8).to_le_bytes());
        bytes.extend_from_slice(TAG);
        bytes.extend_from_slice(self.set.as_bytes());
        bytes.extend_from_slice(&self.number.to_le_bytes());
        bytes.extend_from_slice(&self.count.to_le_bytes());
        for number in [self.split, self.start, self.size] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.resize(HEADER_SIZE as usize, 0);
        bytes
    }

    /// Reads what [`Self::encode`] wrote; nothing for any other bytes.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let fields = bytes.get(..FIELDS)?;
        let number = |at: usize, size: usize| {
            let bytes = fields.get(at..at + size).unwrap_or_default();
            bytes.iter().rev().fold(0_u64, |number, byte| (number << 8) | u64::from(*byte))
        };
        let at = 8 + TAG.len();
        let header = Self {
            set: Digest::from_hex(&hex::encode(fields.get(at..at + 32)?)).ok()?,
            number: number(at + 32, 4) as u32,
            count: number(at + 36, 4) as u32,
            split: number(at + 40, 8),
            start: number(at + 48, 8),
            size: number(at + 56, 8),
        };
        (bytes.get(..HEADER_SIZE as usize)? == header.encode()).then_some(header)
    }
}
