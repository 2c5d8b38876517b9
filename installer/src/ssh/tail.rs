//! The end of an output.

/// The last bytes of what was written.
#[derive(Debug)]
pub(super) struct Tail {
    bytes: Vec<u8>,
    kept: usize,
    cut: bool,
}

impl Tail {
    /// Keeps at most so many bytes.
    pub(super) fn new(kept: usize) -> Self {
        Self { bytes: Vec::new(), kept, cut: false }
    }

    /// Adds what was written.
    pub(super) fn push(&mut self, more: &[u8]) {
        let fits = &more[more.len().saturating_sub(self.kept)..];
        self.cut |= fits.len() < more.len();
        self.bytes.extend_from_slice(fits);
        // Twice as much before any is moved, so that each byte is moved once at most.
        if self.bytes.len() > self.kept.saturating_mul(2) {
            self.trim();
        }
    }

    /// The bytes, and whether there were more.
    pub(super) fn finish(mut self) -> (Vec<u8>, bool) {
        self.trim();
        (self.bytes, self.cut)
    }

    fn trim(&mut self) {
        let over = self.bytes.len().saturating_sub(self.kept);
        self.cut |= over > 0;
        self.bytes.drain(..over);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_kept() {
        for piece in 1..30 {
            let mut tail = Tail::new(10);
            let text: Vec<u8> = (0..100).collect();
            text.chunks(piece).for_each(|chunk| tail.push(chunk));
            assert_eq!(tail.finish(), (text[90..].to_vec(), true), "in pieces of {piece}");
        }
        let mut tail = Tail::new(10);
        tail.push(b"0123456789");
        assert_eq!(tail.finish(), (b"0123456789".to_vec(), false));
    }
}
