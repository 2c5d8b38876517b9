//! Numbers and bytes that look random and are the same in every run.

use std::io::{self, Write};

/// A generator (splitmix64). Equal seeds give equal sequences.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// A generator with a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`; 0 when the limit is.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.next_u64().checked_rem(limit).unwrap_or(0)
    }

    /// `size` bytes that no compressor shrinks.
    pub fn bytes(&mut self, size: usize) -> Vec<u8> {
        let mut bytes: Vec<u8> = (0..size.div_ceil(8)).flat_map(|_| self.next_u64().to_le_bytes()).collect();
        bytes.truncate(size);
        bytes
    }

    /// Writes `size` bytes that no compressor shrinks.
    ///
    /// # Errors
    /// When writing fails.
    pub fn write(&mut self, mut size: u64, to: &mut impl Write) -> io::Result<()> {
        while size > 0 {
            let piece = self.bytes(size.min(1 << 20) as usize);
            to.write_all(&piece)?;
            size -= piece.len() as u64;
        }
        Ok(())
    }
}
