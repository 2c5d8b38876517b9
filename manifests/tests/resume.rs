//! Builds that are killed, started twice, fed wrong bytes or out of space.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use manifests::bundle::{BundleWriter, UnverifiedBundle, WriteError};
use manifests::document::{Blob, Encoding};
use manifests::fake::FakeBundle;
use manifests::{Digest, bundle::Plan};

fn noise(seed: u32, size: u32) -> Vec<u8> {
    (0..size).map(|i| ((i ^ seed).wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

fn bundle() -> FakeBundle {
    let layers = [noise(1, 700_000), noise(2, 300_000), noise(3, 900_000)];
    FakeBundle::small().image("127.0.0.1:5000/big:v1", &[&layers[0], &layers[1], &layers[2]])
}

fn partial(path: &Path) -> PathBuf {
    PathBuf::from(format!("{}.partial", path.display()))
}

fn journal(path: &Path) -> PathBuf {
    PathBuf::from(format!("{}.partial.journal", path.display()))
}

/// Starts a build and stops it in the middle: two raw blobs whole, one begun, some compressed ones whole.
fn stopped_build(path: &Path) {
    let bundle = bundle();
    let writer = BundleWriter::create(path, &bundle.plan(), None).unwrap();
    let raw = writer.pending_raw();
    for blob in &raw[..2] {
        let mut sink = writer.sink(&blob.digest).unwrap();
        sink.write_all(bundle.content(&blob.digest).unwrap()).unwrap();
        sink.finish().unwrap();
    }
    let large = raw[2..].iter().max_by_key(|blob| blob.size).unwrap();
    let mut sink = writer.sink(&large.digest).unwrap();
    sink.write_all(&bundle.content(&large.digest).unwrap()[..large.size as usize - 1000]).unwrap();
    drop(sink);
    for blob in &writer.pending_compressed()[..3] {
        let mut sink = writer.sink(&blob.digest).unwrap();
        sink.write_all(bundle.content(&blob.digest).unwrap()).unwrap();
        sink.finish().unwrap();
    }
}

#[test]
fn a_build_goes_on_where_it_was_killed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    stopped_build(&path);
    let bundle = bundle();
    let writer = BundleWriter::create(&path, &bundle.plan(), None).unwrap();
    let all = bundle.plan().document().blobs.len();
    assert_eq!(writer.pending_raw().len() + writer.pending_compressed().len(), all - 5);
    let positions: Vec<u64> =
        writer.pending_raw().iter().map(|blob| writer.sink(&blob.digest).unwrap().position()).collect();
    assert!(positions.iter().any(|position| *position > 0), "the one that was begun goes on in the middle");
}

/// The journal is written after the data. So whatever a kill leaves of the journal, the build that follows makes the
/// same bytes as one that was never killed.
#[test]
fn whatever_a_kill_leaves_the_next_build_makes_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = bundle();
    let reference = fs::read(bundle.write(&folder.path().join("reference"))).unwrap();
    stopped_build(&folder.path().join("x"));
    let told = fs::read(journal(&folder.path().join("x"))).unwrap();
    for cut in (0..told.len()).step_by(41).chain([told.len()]) {
        let path = folder.path().join("y");
        fs::copy(partial(&folder.path().join("x")), partial(&path)).unwrap();
        fs::write(journal(&path), &told[..cut]).unwrap();
        bundle.write(&path);
        assert!(fs::read(&path).unwrap() == reference, "cut at {cut}");
    }
}

#[test]
fn after_a_reboot_nothing_is_trusted_that_was_not_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = bundle();
    let reference = fs::read(bundle.write(&folder.path().join("reference"))).unwrap();
    let path = folder.path().join("x");
    stopped_build(&path);
    // Another boot, and the disk has lost the second half of what was written.
    let told = fs::read_to_string(journal(&path)).unwrap();
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    fs::write(journal(&path), told.replace(boot.trim(), "another")).unwrap();
    let whole = fs::read(partial(&path)).unwrap();
    let half = [&whole[..whole.len() / 2], &vec![0; whole.len() - whole.len() / 2]].concat();
    fs::write(partial(&path), half).unwrap();
    let writer = BundleWriter::create(&path, &bundle.plan(), None).unwrap();
    let pending = writer.pending_raw().len() + writer.pending_compressed().len();
    let all = bundle.plan().document().blobs.len();
    assert!(pending > all - 5, "what was lost is written again");
    drop(writer);
    // A blob that was begun may be damaged in the part that is there: that shows at its end, and then it starts anew.
    let writer = BundleWriter::create(&path, &bundle.plan(), None).unwrap();
    for blob in writer.pending_raw().into_iter().chain(writer.pending_compressed()) {
        let content = bundle.content(&blob.digest).unwrap();
        let attempt = || {
            let mut sink = writer.sink(&blob.digest).unwrap();
            let there = sink.position() as usize;
            sink.write_all(&content[there..]).unwrap();
            sink.finish()
        };
        attempt().or_else(|_| attempt()).unwrap();
    }
    let signature = manifests::fake::sign(bundle.plan().document_bytes());
    writer.finish(&[signature]).unwrap();
    assert!(fs::read(&path).unwrap() == reference);
}

#[test]
fn the_older_bundle_stays_until_the_new_one_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let older = FakeBundle::small();
    older.write(&path);
    stopped_build(&path);
    assert_eq!(UnverifiedBundle::open(&[&path]).unwrap().document_digest(), older.plan().document_digest());
    bundle().write(&path);
    assert_eq!(UnverifiedBundle::open(&[&path]).unwrap().document_digest(), bundle().plan().document_digest());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
}

#[test]
fn a_volume_set_that_was_killed_between_its_renames_gets_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let bundle = FakeBundle::small().image("127.0.0.1:5000/big:v1", &[&noise(1, 9_000_000)]);
    let volumes = bundle.write_with(&path, Some(5 << 20), &[]);
    let reference: Vec<_> = volumes.iter().map(|volume| fs::read(volume).unwrap()).collect();
    // As a kill leaves it: the second volume has not got its name yet, the journal says that all is written.
    let document = bundle.plan().document_digest();
    let told = format!("{{\"journal\":1,\"document\":\"{document}\",\"volumeSize\":{}}}\n\"whole\"\n", 5 << 20);
    fs::write(journal(&path), told).unwrap();
    fs::rename(&volumes[1], partial(&volumes[1])).unwrap();
    let again = bundle.write_with(&path, Some(5 << 20), &[]);
    assert!(again.iter().zip(&reference).all(|(volume, bytes)| fs::read(volume).unwrap() == *bytes));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), reference.len());
}

#[test]
fn a_build_takes_over_what_a_killed_build_of_something_else_left() {
    for volume_size in [None, Some(5 << 20)] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let all = bundle().plan().document().blobs.len();
        stopped_build(&path);
        // One file more, and perhaps volumes instead of one file.
        let later = bundle().files("more", &[("new", b"new")]);
        let writer = BundleWriter::create(&path, &later.plan(), volume_size).unwrap();
        let pending = writer.pending_raw();
        let taken_over = bundle().plan().document().blobs.iter().filter(|blob| blob.encoding == Encoding::Raw).count();
        assert_eq!(pending.len(), taken_over - 2, "the two raw blobs that were whole");
        drop(writer);
        let written = later.write_with(&path, volume_size, &[]);
        let again = later.write_with(&folder.path().join("y"), volume_size, &[]);
        assert!(written.iter().zip(&again).all(|(one, other)| fs::read(one).unwrap() == fs::read(other).unwrap()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2 * written.len(), "nothing else is left");
        assert!(later.plan().document().blobs.len() > all);
    }
}

#[test]
fn a_damaged_journal_ends_at_its_damage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    stopped_build(&path);
    let told = fs::read_to_string(journal(&path)).unwrap();
    let lines: Vec<&str> = told.lines().collect();
    let damaged = [&lines[..3], &["\0\0\0"], &lines[3..]].concat().join("\n") + "\n";
    fs::write(journal(&path), damaged).unwrap();
    let writer = BundleWriter::create(&path, &bundle().plan(), None).unwrap();
    let all = bundle().plan().document().blobs.len();
    assert_eq!(writer.pending_raw().len() + writer.pending_compressed().len(), all - 1);
}

#[test]
fn two_builds_to_one_place_do_not_meet() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let _first = BundleWriter::create(&path, &bundle().plan(), None).unwrap();
    let error = BundleWriter::create(&path, &bundle().plan(), None).unwrap_err();
    assert_eq!(error.to_string(), format!("another build is writing {}", path.display()));
}

#[test]
fn wrong_bytes_are_refused_and_the_blob_starts_anew() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = bundle();
    let writer = BundleWriter::create(&folder.path().join("x"), &bundle.plan(), None).unwrap();
    for blob in [writer.pending_raw()[0], writer.pending_compressed()[0]] {
        let right = bundle.content(&blob.digest).unwrap();
        let mut wrong = right.to_vec();
        wrong[0] ^= 1;
        let mut sink = writer.sink(&blob.digest).unwrap();
        assert!(matches!(writer.sink(&blob.digest), Err(WriteError::Taken(_))), "one writer at a time");
        sink.write_all(&wrong).unwrap();
        let error = sink.write_all(b"!").unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidData, "one byte too many");
        assert!(matches!(sink.finish(), Err(WriteError::Content { .. })));
        let mut sink = writer.sink(&blob.digest).unwrap();
        assert_eq!(sink.position(), 0);
        sink.write_all(right).unwrap();
        sink.finish().unwrap();
        assert!(matches!(writer.sink(&blob.digest), Err(WriteError::Taken(_))), "it is in place");
    }
    assert!(matches!(writer.sink(&Digest::of(b"?")), Err(WriteError::Unknown(_))));
    assert!(matches!(writer.finish(&[]), Err(WriteError::Incomplete { .. })));
    assert!(!folder.path().join("x").exists());
}

#[test]
fn a_waiting_sink_is_woken_by_cancel() {
    let folder = tempfile::tempdir().unwrap();
    let writer = BundleWriter::create(&folder.path().join("x"), &bundle().plan(), None).unwrap();
    let second = writer.pending_compressed()[1].digest;
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| writer.sink(&second).map(drop));
        writer.cancel();
        assert!(matches!(waiting.join().unwrap(), Err(WriteError::Cancelled)));
    });
}

#[test]
fn what_can_not_fit_is_refused_before_anything_is_fetched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let blob = Blob { digest: Digest::of(b"huge"), size: 8 << 40, encoding: Encoding::Raw };
    let created = "2026-01-02T03:04:05Z".parse().unwrap();
    let plan =
        Plan::new("demo".parse().unwrap(), "1.0.0".parse().unwrap(), created, vec![], vec![blob, blob], None).unwrap();
    let error = BundleWriter::create(&path, &plan, None).unwrap_err();
    assert!(error.to_string().contains("bytes are needed"), "{error}");
    assert!(!path.exists());
}
