//! The seek table at the end: the stored and unpacked size of every frame.
//!
//! Source: `contrib/seekable_format/zstd_seekable_compression_format.md` of the zstd project, version 0.1.1, without
//! checksums. Headers of volumes are frames that unpack to nothing.

use super::layout::Outline;
use super::volume::HEADER_SIZE;

/// The magic number of the skippable frame that holds the table.
const MAGIC: u32 = 0x184D_2A5E;
/// The magic number at the very end.
const FOOTER_MAGIC: u32 = 0x8F92_EAB1;
/// Magic number and size of a skippable frame.
const SKIPPABLE_HEADER: u64 = 8;
const ENTRY: u64 = 8;
/// The number of frames, a descriptor and the magic number.
pub(crate) const FOOTER: u64 = 9;

/// The size of a table with `frames` entries.
pub(crate) fn size(frames: u64) -> u64 {
    SKIPPABLE_HEADER + frames * ENTRY + FOOTER
}

/// A table with the stored and the unpacked size of each frame.
pub(crate) fn encode(frames: &[(u32, u32)]) -> Vec<u8> {
    let mut table = Vec::with_capacity(size(frames.len() as u64) as usize);
    table.extend_from_slice(&MAGIC.to_le_bytes());
    table.extend_from_slice(&((frames.len() as u64 * ENTRY + FOOTER) as u32).to_le_bytes());
    for (stored, unpacked) in frames {
        table.extend_from_slice(&stored.to_le_bytes());
        table.extend_from_slice(&unpacked.to_le_bytes());
    }
    table.extend_from_slice(&(frames.len() as u32).to_le_bytes());
    table.push(0);
    table.extend_from_slice(&FOOTER_MAGIC.to_le_bytes());
    table
}

/// The number of entries that a table's last nine bytes announce.
pub(crate) fn decode_footer(footer: &[u8; FOOTER as usize]) -> Option<u32> {
    let [a, b, c, d, descriptor, magic @ ..] = *footer;
    (descriptor == 0 && magic == FOOTER_MAGIC.to_le_bytes()).then_some(u32::from_le_bytes([a, b, c, d]))
}

/// The most frames that a bundle with this outline can have: its own and one header for each volume.
pub(crate) fn at_most(outline: &Outline) -> u64 {
    outline.frame_count() as u64 + super::limits::VOLUMES as u64
}

/// Where everything in an archive lies.
#[derive(Debug, Default)]
pub(crate) struct Places {
    /// Where each frame of the outline starts.
    pub(crate) frames: Vec<u64>,
    /// Where headers of volumes start.
    pub(crate) headers: Vec<u64>,
    /// Where the seek table starts.
    pub(crate) table: u64,
}

/// Where every frame of an archive lies, from its seek table, which nobody vouches for.
///
/// Everything in it that follows from the signed document has to be exactly that; what remains are the stored sizes of
/// compressed frames, which have to add up to the archive and whose content is checked when it is read.
pub(crate) fn places(table: &[u8], archive_size: u64, outline: &Outline) -> Result<Places, String> {
    let entries = entries(table)?;
    let mut entries = entries.map(|(stored, unpacked)| (u64::from(stored), unpacked));
    let mut places = Places { frames: Vec::with_capacity(outline.frame_count()), ..Places::default() };
    let mut next = 0_u64;
    for member in outline.members() {
        for k in 0..outline.frames(member) {
            let mut entry = entries.next();
            if entry == Some((HEADER_SIZE, 0)) {
                places.headers.push(next);
                next += HEADER_SIZE;
                entry = entries.next();
            }
            let number = places.frames.len();
            let (stored, unpacked) = entry.ok_or_else(|| format!("the seek table ends at frame {number}"))?;
            if unpacked != outline.unpacked(member, k)
                || outline.stored(member, k).is_some_and(|size| size != stored)
                || stored > outline.stored_at_most(member, k)
            {
                return Err(format!("the seek table disagrees with bundle.json about frame {number}"));
            }
            places.frames.push(next);
            next += stored;
        }
    }
    // A volume may hold nothing but the table.
    let mut rest: Vec<_> = entries.collect();
    if rest == [(HEADER_SIZE, 0)] {
        places.headers.push(next);
        next += HEADER_SIZE;
        rest.clear();
    }
    if !rest.is_empty() {
        return Err("the seek table names frames that bundle.json knows nothing of".to_owned());
    }
    if next + table.len() as u64 != archive_size {
        return Err(format!("the frames end at byte {next}, but the seek table starts elsewhere"));
    }
    places.table = next;
    Ok(places)
}

fn entries(table: &[u8]) -> Result<impl Iterator<Item = (u32, u32)>, String> {
    let bad = || "the seek table is damaged".to_owned();
    let (header, rest) = table.split_at_checked(SKIPPABLE_HEADER as usize).ok_or_else(bad)?;
    let (entries, footer) =
        rest.len().checked_sub(FOOTER as usize).and_then(|at| rest.split_at_checked(at)).ok_or_else(bad)?;
    let count = footer.try_into().ok().and_then(decode_footer).ok_or_else(bad)?;
    let whole = [MAGIC.to_le_bytes(), (rest.len() as u32).to_le_bytes()].concat();
    if header != whole || u64::from(count) * ENTRY != entries.len() as u64 {
        return Err(bad());
    }
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0_u32, |number, byte| (number << 8) | u32::from(*byte));
    Ok(entries.chunks_exact(ENTRY as usize).map(move |entry| (number(&entry[..4]), number(&entry[4..]))))
}
