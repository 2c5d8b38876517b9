//! What a fuzzer calls.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::AsRawFd;

use rustix::fs::MemfdFlags;

use crate::bundle::UnverifiedBundle;

/// Opens any bytes as a bundle and does everything with them that a reader can do. It must not panic, hang or take much
/// memory, whatever the bytes.
pub fn fuzz_entry(bytes: &[u8]) {
    let file = rustix::fs::memfd_create("fuzz", MemfdFlags::CLOEXEC).expect("a file in memory");
    let mut file = File::from(file);
    file.write_all(bytes).expect("written");
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    let Ok(bundle) = UnverifiedBundle::open(&[&path]) else { return };
    let digest = bundle.document_digest();
    let Ok(bundle) = bundle.verify_pinned(&digest) else { return };
    let damages = bundle.check(1, &|_| {});
    let _ = bundle.layout_index();
    for blob in &bundle.document().blobs {
        let whole = bundle.read_to_vec(&blob.digest, 1 << 20);
        assert!(whole.is_ok() || !damages.is_empty() || blob.size > 1 << 20, "the check missed a damage");
        let _ = bundle.segments(&blob.digest, 1..1 << 20);
        if let Ok(reader) = bundle.read_range(&blob.digest, 1..1 << 20) {
            let _ = reader.take(1 << 20).read_to_end(&mut Vec::new());
        }
    }
}
