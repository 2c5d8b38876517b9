//! Where the next frame goes: behind the last one, or at the start of a new volume where it would not fit any more.

use super::volume::HEADER_SIZE;

/// Gives frames their places. Offsets run through all volumes, as if they were one file.
#[derive(Debug, Clone)]
pub(crate) struct Cursor {
    next: u64,
    /// The most that a volume holds.
    limit: Option<u64>,
    /// Where each volume starts.
    starts: Vec<u64>,
}

impl Cursor {
    /// Places frames in one file, or in volumes smaller than `volume_size`.
    pub(crate) fn new(volume_size: Option<u64>) -> Self {
        let next = if volume_size.is_some() { HEADER_SIZE } else { 0 };
        Self { next, limit: volume_size.map(|size| size.saturating_sub(1)), starts: vec![0] }
    }

    /// The place of a frame of `size` bytes.
    pub(crate) fn place(&mut self, size: u64) -> u64 {
        if !self.fits(size) {
            return self.place_in_new_volume(size);
        }
        let place = self.next;
        self.next += size;
        place
    }

    /// Whether `size` bytes still fit into the current volume.
    pub(crate) fn fits(&self, size: u64) -> bool {
        let start = self.starts.last().copied().unwrap_or_default();
        self.limit.is_none_or(|limit| self.next - start + size <= limit)
    }

    /// The place of a frame of `size` bytes that starts a volume.
    pub(crate) fn place_in_new_volume(&mut self, size: u64) -> u64 {
        self.starts.push(self.next);
        let place = self.next + HEADER_SIZE;
        self.next = place + size;
        place
    }

    /// Where the volumes start.
    pub(crate) fn starts(&self) -> &[u64] {
        &self.starts
    }

    /// The size of each volume.
    pub(crate) fn sizes(&self) -> Vec<u64> {
        let ends = self.starts.iter().copied().skip(1).chain([self.next]);
        self.starts.iter().zip(ends).map(|(start, end)| end - start).collect()
    }

    /// Whether the frames go into volumes.
    pub(crate) fn in_volumes(&self) -> bool {
        self.limit.is_some()
    }
}
