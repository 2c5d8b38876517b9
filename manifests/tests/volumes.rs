//! Volumes: split, joined, and everything that can be wrong with a pile of media.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use manifests::bundle::volume::{self, SetDocument};
use manifests::bundle::{BundleWriter, OccupiedError, OpenError, UnverifiedBundle, WriteError};
use manifests::fake::FakeBundle;

const SIZE: u64 = 5 << 20;

fn noise(seed: u32, size: u32) -> Vec<u8> {
    (0..size).map(|i| ((i ^ seed).wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

fn bundle(version: &str) -> FakeBundle {
    FakeBundle::new("demo", version).image("127.0.0.1:5000/big:v1", &[&noise(1, 9_000_000), &noise(2, 7_000_000)])
}

/// Four volumes `x.001`… in a new folder.
fn set(version: &str, size: u64) -> (tempfile::TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let volumes = bundle(version).write_with(&folder.path().join("x"), Some(size), &[]);
    (folder, volumes)
}

fn problem(paths: &[&Path]) -> String {
    let OpenError::Volumes(error) = UnverifiedBundle::open(paths).unwrap_err() else { panic!("no volume error") };
    error.to_string()
}

#[test]
fn a_bundle_that_is_split_and_joined_is_the_same_to_the_byte() {
    let (folder, volumes) = set("1.0.0", SIZE);
    let single = folder.path().join("single");
    bundle("1.0.0").write_with(&single, None, &[]);
    let split = volume::split(&[&single], &folder.path().join("y"), SIZE, &|_| {}).unwrap();
    assert_eq!(split.len(), volumes.len());
    for (split, built) in split.iter().zip(&volumes) {
        assert!(fs::read(split).unwrap() == fs::read(built).unwrap());
        assert!(fs::metadata(split).unwrap().len() < SIZE);
    }
    let joined = volume::join(&[folder.path().join("y")], &folder.path().join("z"), &|_| {}).unwrap();
    assert!(fs::read(&joined[0]).unwrap() == fs::read(&single).unwrap());
    let left = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, volumes.len() * 2 + 2, "nothing else is left");
}

#[test]
fn the_source_is_never_overwritten() {
    let (folder, volumes) = set("1.0.0", SIZE);
    let error = volume::split(&[&volumes[0]], &folder.path().join("x"), 6 << 20, &|_| {}).unwrap_err();
    assert!(error.to_string().contains("x.001 is what would be read"), "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), volumes.len());
}

#[test]
fn what_is_no_bundle_is_not_replaced_whenever_it_came() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let bundle = bundle("1.0.0");
    bundle.write_with(&path("single"), None, &[]);
    for (name, taken, problem) in [
        ("a", "a.002", "`a.002` is there and is no volume of a bundle"),
        ("a", "a.set.json", "`a.set.json` is there and is no list of a bundle's volumes"),
        ("a", "a.set.json.sig", "`a.set.json.sig` is there and is no signature"),
    ] {
        fs::write(path(taken), "mine").unwrap();
        let error = volume::split(&[path("single")], &path(name), SIZE, &|_| {}).unwrap_err();
        assert_eq!(error.to_string().replace(&format!("{}/", folder.path().display()), ""), problem);
        assert_eq!(fs::read(path(taken)).unwrap(), b"mine");
        fs::remove_file(path(taken)).unwrap();
    }
    // It comes while the bundle is being written.
    for (split, taken) in [(None, "x"), (Some(SIZE), "x.003")] {
        let writer = BundleWriter::create(&path("x"), &bundle.plan(), split).unwrap();
        for blob in writer.pending_raw().iter().chain(&writer.pending_compressed()) {
            let mut sink = writer.sink(&blob.digest).unwrap();
            sink.write_all(bundle.content(&blob.digest).unwrap()).unwrap();
            sink.finish().unwrap();
        }
        fs::write(path(taken), "mine").unwrap();
        let error = writer.finish(&[]).unwrap_err();
        assert!(matches!(error, WriteError::Occupied(OccupiedError::Foreign { .. })), "{error}");
        assert_eq!(fs::read(path(taken)).unwrap(), b"mine");
        assert!(!path("x.001").exists(), "none of the volumes got its name");
        // Once the name is free, the same build goes on: nothing has to be fetched again.
        fs::remove_file(path(taken)).unwrap();
        let writer = BundleWriter::create(&path("x"), &bundle.plan(), split).unwrap();
        assert!(writer.pending_raw().is_empty());
        writer.finish(&[]).unwrap();
        UnverifiedBundle::open(&[path("x")]).unwrap();
        for name in fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()) {
            let is_x = name.file_stem().unwrap() == "x" || name.ends_with("x");
            is_x.then(|| fs::remove_file(&name).unwrap());
        }
    }
}

#[test]
fn one_volume_is_not_replaced_by_a_whole_bundle() {
    let (folder, volumes) = set("1.0.0", SIZE);
    let (other, _) = set("2.0.0", SIZE);
    let error = volume::join(&[other.path().join("x")], &volumes[1], &|_| {}).unwrap_err();
    assert!(error.to_string().ends_with("x.002` is there and is no bundle in one file"), "{error}");
    UnverifiedBundle::open(&[folder.path().join("x")]).unwrap();
}

#[test]
fn volumes_that_are_too_small_are_refused_with_the_least_that_works() {
    let folder = tempfile::tempdir().unwrap();
    let single = bundle("1.0.0").write(&folder.path().join("single"));
    let error = volume::split(&[&single], &folder.path().join("y"), 1000, &|_| {}).unwrap_err();
    assert_eq!(error.to_string(), "volumes of 1000 bytes are too small for this bundle: at least 5242880 are needed");
}

#[test]
fn missing_volumes_are_named_and_the_rest_can_be_listed() {
    let (_folder, volumes) = set("1.0.0", SIZE);
    fs::remove_file(&volumes[1]).unwrap();
    assert_eq!(problem(&[&volumes[2]]), "volume 2 (x.002) of 4 is missing");
    fs::remove_file(&volumes[3]).unwrap();
    assert_eq!(problem(&[&volumes[0]]), "volumes 2 (x.002), 4 (x.004) of 4 are missing");
    let partial = UnverifiedBundle::open_partial(&[&volumes[0]]).unwrap();
    assert_eq!(partial.claimed().items.len(), 1);
    assert_eq!(partial.absent().iter().map(|absent| absent.number).collect::<Vec<_>>(), [2, 4]);
    let digest = partial.document_digest();
    assert!(partial.verify_pinned(&digest).is_err(), "a partial set hands out no content");
    fs::remove_file(&volumes[0]).unwrap();
    let error = UnverifiedBundle::open_partial(&[&volumes[2]]).unwrap_err();
    assert_eq!(error.to_string(), "volumes 1 (x.001), 2 (x.002), 4 (x.004) of 4 are missing");
}

#[test]
fn volumes_in_several_folders_and_under_other_names_are_found() {
    let (folder, volumes) = set("1.0.0", SIZE);
    let other = tempfile::tempdir().unwrap();
    // Two are swapped by name, one is called something else, one lies elsewhere.
    fs::rename(&volumes[1], folder.path().join("tmp")).unwrap();
    fs::rename(&volumes[2], &volumes[1]).unwrap();
    fs::rename(folder.path().join("tmp"), &volumes[2]).unwrap();
    let renamed = other.path().join("copy of disk 4");
    fs::copy(&volumes[3], &renamed).unwrap();
    fs::remove_file(&volumes[3]).unwrap();
    assert_eq!(problem(&[&volumes[0]]), "volume 4 (x.004) of 4 is missing");
    let opened = UnverifiedBundle::open(&[&volumes[0], &renamed]).unwrap();
    let digest = opened.document_digest();
    assert_eq!(opened.verify_pinned(&digest).unwrap().check(1, &|_| {}), vec![]);
}

#[test]
fn truncated_foreign_mixed_up_and_doubled_volumes_are_named() {
    let (folder, volumes) = set("1.0.0", SIZE);
    let whole = fs::read(&volumes[1]).unwrap();
    fs::write(&volumes[1], &whole[..whole.len() - 7]).unwrap();
    let shown = volumes[1].display();
    let expected = format!("volume 2 ({shown}) has {} bytes instead of {}", whole.len() - 7, whole.len());
    assert_eq!(problem(&[&volumes[0]]), expected);

    let (_other, foreign) = set("2.0.0", SIZE);
    fs::copy(&foreign[1], &volumes[1]).unwrap();
    assert!(problem(&[&volumes[0]]).starts_with(&format!("{shown} is a volume of another bundle: sha256:")));

    let (_third, differently) = set("1.0.0", SIZE + 1000);
    fs::copy(&differently[1], &volumes[1]).unwrap();
    let expected = format!("{shown} is of the same bundle, but was split differently from the other volumes");
    assert_eq!(problem(&[&volumes[0]]), expected);

    fs::copy(&volumes[2], &volumes[1]).unwrap();
    let expected = format!("{shown} and {} are both volume 3 of the set", volumes[2].display());
    assert_eq!(problem(&[&volumes[0]]), expected);

    fs::write(&volumes[1], b"something else").unwrap();
    assert_eq!(problem(&[&volumes[0]]), format!("{shown} is not a volume of a bundle"));
    drop(folder);
}

#[test]
fn damage_names_the_volumes_of_the_blob() {
    let (_folder, volumes) = set("1.0.0", SIZE);
    let mut bytes = fs::read(&volumes[2]).unwrap();
    bytes[1_000_000] ^= 1;
    fs::write(&volumes[2], bytes).unwrap();
    let opened = UnverifiedBundle::open(&[&volumes[0]]).unwrap();
    let digest = opened.document_digest();
    let damages = opened.verify_pinned(&digest).unwrap().check(2, &|_| {});
    assert_eq!(damages.len(), 1);
    // The blob has one digest, so the damage is in one of the volumes that it lies in.
    let shown = format!("{}, {}", volumes[2].display(), volumes[3].display());
    assert_eq!(damages[0].volume, Some(shown));
}

#[test]
fn the_set_document_describes_the_set() {
    let (_folder, volumes) = set("1.0.0", SIZE);
    let set = SetDocument::of(&UnverifiedBundle::open(&[&volumes[0]]).unwrap()).unwrap();
    assert_eq!(SetDocument::parse(&set.to_bytes().unwrap()).unwrap(), set);
    for (volume, path) in set.volumes.iter().zip(&volumes) {
        assert_eq!(path.file_name().unwrap().to_str(), Some(volume.name.as_str()));
        assert_eq!(fs::metadata(path).unwrap().len(), volume.size);
    }
    let text = String::from_utf8(set.to_bytes().unwrap()).unwrap();
    for wrong in [text.replace("x.002", "../x.002"), text.replace("volume-set", "other"), text.replace(": 2,", ": 7,")]
    {
        assert!(SetDocument::parse(wrong.as_bytes()).is_err());
    }
}

#[test]
fn a_shorter_set_takes_the_place_of_an_older_longer_one() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("x");
    assert_eq!(bundle("1.0.0").write_with(&target, Some(SIZE), &[]).len(), 4);
    assert_eq!(bundle("2.0.0").write_with(&target, Some(2 * SIZE), &[]).len(), 2);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    assert_eq!(UnverifiedBundle::open(&[&target]).unwrap().claimed().version.to_string(), "2.0.0");
}
