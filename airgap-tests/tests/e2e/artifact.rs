//! Writes what was resolved into an image layout, for other tools to look at.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use bundler::content::{Origin, Resolved};
use manifests::Digest;
use serde_json::json;

/// The bytes of everything that an item is made of, under their digests, and the item itself under a tag.
pub(crate) fn write_layout(resolved: &Resolved, folder: &Path, tag: &str) {
    fs::create_dir_all(folder.join("blobs/sha256")).unwrap();
    for blob in &resolved.blobs {
        let bytes = match &blob.origin {
            Origin::Bytes(bytes) => bytes.to_vec(),
            Origin::LocalFile { path } => fs::read(path).unwrap(),
            Origin::ArchiveMember { path, offset } => member(path, *offset, blob.size),
            other => panic!("a blob is at {other:?}"),
        };
        assert_eq!((Digest::of(&bytes), bytes.len() as u64), (blob.digest, blob.size));
        fs::write(folder.join("blobs/sha256").join(blob.digest.hex()), bytes).unwrap();
    }
    let root = resolved.item.descriptor().unwrap();
    let entry = json!({"mediaType": root.media_type, "digest": root.digest.to_string(), "size": root.size,
        "annotations": {"org.opencontainers.image.ref.name": tag}});
    fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
    fs::write(folder.join("index.json"), json!({"schemaVersion": 2, "manifests": [entry]}).to_string()).unwrap();
}

fn member(path: &Path, offset: u64, size: u64) -> Vec<u8> {
    let mut file = File::open(path).unwrap();
    file.seek(SeekFrom::Start(offset)).unwrap();
    let mut bytes = Vec::new();
    file.take(size).read_to_end(&mut bytes).unwrap();
    bytes
}
