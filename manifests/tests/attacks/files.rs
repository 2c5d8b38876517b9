//! Attacks by way of files: cut off, exchanged, of another kind.

use std::fs;

use manifests::bundle::UnverifiedBundle;
use manifests::fake::{self, FakeBundle};

use super::forge::{Forge, accept};

#[test]
fn a_bundle_that_is_cut_off_anywhere_is_refused() {
    let forge = Forge::new();
    let bytes = forge.bytes();
    for length in (0..bytes.len()).step_by(977).chain(bytes.len() - 40..bytes.len()) {
        assert!(accept(&forge, &bytes[..length]).is_err(), "{length}");
    }
}

#[test]
fn garbage_behind_the_end_is_refused() {
    let forge = Forge::new();
    for garbage in [&b"\0"[..], b"garbage", &[0; 10_240]] {
        let error = accept(&forge, &[forge.bytes().as_slice(), garbage].concat()).unwrap_err();
        assert!(error.to_string().contains("its end is missing"), "{error}");
    }
    // A second bundle behind the first one, with a table that fits itself.
    let error = accept(&forge, &forge.bytes().repeat(2)).unwrap_err();
    assert!(error.to_string().contains("the seek table starts elsewhere"), "{error}");
}

#[test]
fn what_is_no_bundle_is_refused_with_its_reason() {
    let forge = Forge::new();
    for (bytes, reason) in [
        (vec![], "it is too short"),
        (vec![0; 100_000], "it is not compressed with zstd"),
        (b"PK\x03\x04 a zip archive, say, or anything".to_vec(), "it is not compressed with zstd"),
        (zstd::bulk::compress(&[7; 5000], 3).unwrap(), "it does not start with bundle.json"),
        (zstd::bulk::compress(&vec![7; 5 << 20], 3).unwrap(), "its first frame is not that of a bundle"),
    ] {
        let error = accept(&forge, &bytes).unwrap_err().to_string();
        assert!(error.ends_with(&format!("is not a bundle: {reason}")), "{error}");
    }
}

#[test]
fn folders_pipes_and_devices_are_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    for path in [folder.path(), &pipe, std::path::Path::new("/dev/zero")] {
        let error = UnverifiedBundle::open(&[path]).unwrap_err().to_string();
        assert!(error.ends_with("is not a bundle: it is no ordinary file"), "{error}");
    }
}

#[test]
fn a_file_that_is_exchanged_after_it_was_verified_has_no_effect() {
    let folder = tempfile::tempdir().unwrap();
    let path = FakeBundle::small().write(&folder.path().join("x"));
    let bundle = UnverifiedBundle::open(&[&path]).unwrap().verify(&fake::trust()).unwrap();
    fs::write(folder.path().join("evil"), vec![0; 1 << 20]).unwrap();
    fs::rename(folder.path().join("evil"), &path).unwrap();
    assert_eq!(bundle.check(1, &|_| {}), vec![]);
    assert_eq!(bundle.read_to_vec(&manifests::Digest::of(b"read me\n"), 100).unwrap(), b"read me\n");
}

#[test]
fn a_file_that_is_changed_in_place_after_it_was_verified_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = FakeBundle::small().write(&folder.path().join("x"));
    let bundle = UnverifiedBundle::open(&[&path]).unwrap().verify(&fake::trust()).unwrap();
    let size = fs::metadata(&path).unwrap().len();
    fs::write(&path, vec![0; size as usize]).unwrap();
    for blob in &bundle.document().blobs {
        assert!(bundle.read_to_vec(&blob.digest, 1 << 20).is_err());
    }
    fs::write(&path, b"").unwrap();
    for blob in &bundle.document().blobs {
        assert!(bundle.read_to_vec(&blob.digest, 1 << 20).is_err());
    }
}
