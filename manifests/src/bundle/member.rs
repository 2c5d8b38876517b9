//! Members of the tar: their names, headers and padding.

use jiff::Timestamp;

use crate::Digest;

/// The size of a tar block; headers are one, content is padded to whole ones.
pub(crate) const TAR_BLOCK: u64 = 512;
/// The name of the signed document.
pub(crate) const DOCUMENT: &str = "bundle.json";
/// The name of the checksum file.
pub(crate) const CHECKSUMS: &str = "SHA256SUMS";
/// The name of the layout's marker.
pub(crate) const LAYOUT: &str = "oci-layout";
/// The name of the layout's index.
pub(crate) const INDEX: &str = "index.json";

/// A member's header.
pub(crate) type Header = [u8; TAR_BLOCK as usize];

/// The name of a blob's member.
pub(crate) fn blob_name(digest: &Digest) -> String {
    format!("blobs/sha256/{}", digest.hex())
}

/// The header of a file: owned by root, readable by all, as old as the bundle. Nothing of the machine gets in.
pub(crate) fn header(name: &str, size: u64, created: Timestamp) -> Header {
    typed_header(name, size, created, tar::EntryType::Regular)
}

/// The header of an entry of a type.
pub(crate) fn typed_header(name: &str, size: u64, created: Timestamp, entry_type: tar::EntryType) -> Header {
    let mut header = tar::Header::new_gnu();
    // Every name here is ASCII and shorter than the 100 bytes of the field.
    if let Some(field) = header.as_gnu_mut().map(|gnu| &mut gnu.name) {
        for (to, from) in field.iter_mut().zip(name.bytes()) {
            *to = from;
        }
    }
    header.set_entry_type(entry_type);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(u64::try_from(created.as_second()).unwrap_or(0));
    header.set_size(size);
    header.set_cksum();
    *header.as_bytes()
}

/// How many zero bytes follow `size` bytes of content.
pub(crate) fn padding(size: u64) -> u64 {
    size.next_multiple_of(TAR_BLOCK) - size
}

/// A whole small member: header, content and padding.
pub(crate) fn whole(name: &str, content: &[u8], created: Timestamp) -> Vec<u8> {
    let size = content.len() as u64;
    let mut member = Vec::with_capacity((TAR_BLOCK + size + padding(size)) as usize);
    member.extend_from_slice(&header(name, size, created));
    member.extend_from_slice(content);
    member.resize(member.len() + padding(size) as usize, 0);
    member
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_size_above_what_the_octal_field_holds_reads_back() {
        // Eleven octal digits end at 8 GiB.
        for size in [0, (8 << 30) - 1, 8 << 30, 9 << 30, 5 << 40] {
            let bytes = header("blobs/sha256/00", size, "2026-01-02T03:04:05Z".parse().unwrap());
            assert_eq!(tar::Header::from_byte_slice(&bytes).entry_size().unwrap(), size);
        }
    }
}
