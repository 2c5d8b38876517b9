//! `Packages.db`: a table of slots, each of which says where in the file a package's header lies.
//!
//! RPM calls the format `ndb` (`lib/backend/ndb/rpmpkg.c`). Numbers have the low byte first.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};

use super::{MAX_HEADER, MAX_PACKAGES, header};
use crate::sbom::inventory::Package;
use crate::sbom::read::Problem;

const MAGIC: &[u8; 4] = b"RpmP";
const SLOT: &[u8; 4] = b"Slot";
const BLOB: &[u8; 4] = b"BlbS";

/// Slots come in pages; the first two places of the first hold the file's own header.
const PAGE: usize = 4096;
const SLOT_SIZE: usize = 16;
const FILE_HEADER: usize = 2 * SLOT_SIZE;
/// What places of headers are counted in.
const BLOCK: u64 = 16;
/// What stands before a package's header: mark, number, checksum, size.
const BLOB_HEADER: usize = 16;

pub(super) fn read(database: &mut File) -> Result<Vec<Package>, Problem> {
    let mut start = [0; FILE_HEADER];
    database.read_exact(&mut start).map_err(Problem::of)?;
    let pages = word(&start, 12) as usize;
    if !start.starts_with(MAGIC) || pages > MAX_PACKAGES * SLOT_SIZE / PAGE + 1 {
        return Err(Problem::Text("it is no database of packages"));
    }
    let mut slots = vec![0; (pages * PAGE).saturating_sub(FILE_HEADER)];
    database.read_exact(&mut slots).map_err(Problem::of)?;
    let mut packages = Vec::new();
    for slot in slots.chunks_exact(SLOT_SIZE) {
        // A slot without a place is free.
        let (is_slot, place) = (slot.starts_with(SLOT), word(slot, 8));
        if is_slot && place != 0 {
            packages.extend(header::read(&blob(database, u64::from(place) * BLOCK)?)?);
        }
    }
    Ok(packages)
}

fn blob(database: &mut File, place: u64) -> Result<Vec<u8>, Problem> {
    let mut start = [0; BLOB_HEADER];
    database.seek(SeekFrom::Start(place)).and_then(|_| database.read_exact(&mut start)).map_err(Problem::of)?;
    let size = word(&start, 12) as usize;
    if !start.starts_with(BLOB) || size > MAX_HEADER {
        return Err(Problem::Text("a slot names a place where no package is"));
    }
    let mut bytes = Vec::new();
    database.take(size as u64).read_to_end(&mut bytes).map_err(Problem::of)?;
    Ok(bytes)
}

fn word(bytes: &[u8], at: usize) -> u32 {
    let mut four = [0; 4];
    four.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(four)
}
