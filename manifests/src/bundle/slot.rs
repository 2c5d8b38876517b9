//! The signature slot: a place of fixed size, so that a signature is attached by one write that moves nothing.
//!
//! Its 32 KiB of tar hold `signatures/1.sig`, `signatures/2.sig`, … and then a pax global header whose comment fills
//! the rest; tar tools extract the former and skip the latter.

use jiff::Timestamp;

use super::member::{self, TAR_BLOCK};
use super::{frame, limits};

/// The bytes of tar in the slot.
pub(crate) const SIZE: u64 = 32 << 10;
/// The least that the filler takes: its header and one block.
const FILLER: u64 = 2 * TAR_BLOCK;
const FILLER_NAME: &str = "pax_global_header";

/// The size of the slot's frame in the archive.
pub(crate) fn stored_size() -> u64 {
    frame::raw_size(SIZE)
}

/// Why signatures don't fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SlotError {
    /// There are more signatures, or larger ones, than the slot has room for.
    #[error("{count} signatures of {size} bytes don't fit into the {SIZE} bytes that a bundle has for them")]
    Full {
        /// How many there are.
        count: usize,
        /// Their size as members in bytes.
        size: u64,
    },
    /// The same signature is there already.
    #[error("signature {0} is there twice")]
    Duplicate(usize),
    /// What stands in the slot is not what a writer puts there.
    #[error("the signature slot is damaged: {0}")]
    Damaged(&'static str),
}

/// The slot's frame with `signatures` in it.
pub(crate) fn frame(signatures: &[String], created: Timestamp) -> Result<Vec<u8>, SlotError> {
    content(signatures, created).map(|content| frame::raw(&content))
}

/// The slot's tar bytes.
pub(crate) fn content(signatures: &[String], created: Timestamp) -> Result<Vec<u8>, SlotError> {
    let mut content = Vec::with_capacity(SIZE as usize);
    for (i, signature) in signatures.iter().enumerate() {
        if signatures.get(..i).is_some_and(|before| before.contains(signature)) {
            return Err(SlotError::Duplicate(i + 1));
        }
        content.extend(member::whole(&format!("signatures/{}.sig", i + 1), signature.as_bytes(), created));
    }
    let size = content.len() as u64;
    if size + FILLER > SIZE || signatures.len() > limits::SIGNATURES {
        return Err(SlotError::Full { count: signatures.len(), size });
    }
    let rest = SIZE - size - TAR_BLOCK;
    content.extend(member::typed_header(FILLER_NAME, rest, created, tar::EntryType::XGlobalHeader));
    content.extend(filler(rest as usize));
    Ok(content)
}

/// One pax record of exactly `size` bytes, which counts itself: `<size> comment=…\n`.
fn filler(size: usize) -> Vec<u8> {
    let mut record = format!("{size} comment=").into_bytes();
    record.resize(size - 1, b' ');
    record.push(b'\n');
    record
}

/// The signatures in a slot's tar bytes. The slot is not signed itself: all that counts are texts that verify, so
/// this reads no more than it must and trusts no field of a header but the size.
pub(crate) fn parse(content: &[u8]) -> Result<Vec<String>, SlotError> {
    let mut signatures = Vec::new();
    let mut rest = content;
    loop {
        let (header, after) =
            rest.split_at_checked(TAR_BLOCK as usize).ok_or(SlotError::Damaged("a header is cut off"))?;
        let header = tar::Header::from_byte_slice(header);
        if header.entry_type().is_pax_global_extensions() {
            return Ok(signatures);
        }
        let size = header.entry_size().map_err(|_| SlotError::Damaged("a size can't be read"))?;
        if !header.entry_type().is_file() || signatures.len() == limits::SIGNATURES || size > SIZE {
            return Err(SlotError::Damaged("it holds something else than signatures"));
        }
        let (signature, _) =
            after.split_at_checked(size as usize).ok_or(SlotError::Damaged("a signature is cut off"))?;
        let text = std::str::from_utf8(signature).map_err(|_| SlotError::Damaged("a signature is no text"))?;
        signatures.push(text.to_owned());
        rest = after
            .get(size.next_multiple_of(TAR_BLOCK) as usize..)
            .ok_or(SlotError::Damaged("a signature is cut off"))?;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn signature(i: usize) -> String {
        format!("-----BEGIN SSH SIGNATURE-----\n{i}\n")
    }

    #[test]
    fn any_number_of_signatures_fills_the_same_room_and_reads_back() {
        for count in 0..=limits::SIGNATURES {
            let signatures: Vec<String> = (0..count).map(signature).collect();
            let frame = frame(&signatures, Timestamp::UNIX_EPOCH).unwrap();
            assert_eq!(frame.len() as u64, stored_size());
            assert_eq!(parse(&content(&signatures, Timestamp::UNIX_EPOCH).unwrap()).unwrap(), signatures);
        }
    }

    #[test]
    fn too_many_too_large_and_twice_are_refused() {
        let many: Vec<String> = (0..=limits::SIGNATURES).map(signature).collect();
        assert!(matches!(content(&many, Timestamp::UNIX_EPOCH), Err(SlotError::Full { .. })));
        let large = vec!["x".repeat(SIZE as usize)];
        assert!(matches!(content(&large, Timestamp::UNIX_EPOCH), Err(SlotError::Full { .. })));
        let twice = vec![signature(1), signature(1)];
        assert_eq!(content(&twice, Timestamp::UNIX_EPOCH), Err(SlotError::Duplicate(2)));
    }
}
