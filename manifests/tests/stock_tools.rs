//! What everybody has on their machine accepts a bundle: zstd, GNU tar, sha256sum, skopeo.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::Path;
use std::process::Command;

use manifests::bundle::{UnverifiedBundle, attach_signatures};
use manifests::fake::{self, FakeBundle};

/// Runs a command that must succeed without a word on stderr; gives its stdout.
fn run(folder: &Path, program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).current_dir(folder).output();
    let output = output.unwrap_or_else(|error| panic!("this test needs `{program}`: {error}"));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && stderr.is_empty(), "{program} {args:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

fn bundle(folder: &Path) {
    // Large enough for several frames.
    let layer: Vec<u8> = (0..9_000_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let bundle = FakeBundle::small().image("127.0.0.1:5000/big:v1", &[&layer]);
    bundle.write(&folder.join("x.tar.zst"));
}

#[test]
fn zstd_tar_and_sha256sum_accept_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    bundle(path);
    run(path, "zstd", &["-qt", "x.tar.zst"]);
    let listing = run(path, "tar", &["--zstd", "-tf", "x.tar.zst"]);
    let names: Vec<&str> = listing.lines().collect();
    assert_eq!(names[..5], ["bundle.json", "signatures/1.sig", "SHA256SUMS", "oci-layout", "index.json"]);
    assert!(names[5..].iter().all(|name| name.starts_with("blobs/sha256/")));
    let unpacked = path.join("out");
    fs::create_dir(&unpacked).unwrap();
    run(&unpacked, "tar", &["--zstd", "-xf", "../x.tar.zst"]);
    let sums = run(&unpacked, "sha256sum", &["-c", "--strict", "SHA256SUMS"]);
    assert_eq!(sums.lines().count(), names.len() - 3);
    let opened = UnverifiedBundle::open(&[path.join("x.tar.zst")]).unwrap();
    assert_eq!(fs::read(unpacked.join("bundle.json")).unwrap(), opened.document_bytes());
    assert_eq!(fs::read_to_string(unpacked.join("signatures/1.sig")).unwrap(), opened.signatures()[0]);
}

#[test]
fn skopeo_reads_the_layout_that_it_unpacks_to() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    bundle(path);
    fs::create_dir(path.join("out")).unwrap();
    run(path, "tar", &["--zstd", "-xf", "x.tar.zst", "-C", "out"]);
    let opened = UnverifiedBundle::open(&[path.join("x.tar.zst")]).unwrap();
    let images: Vec<_> = opened.claimed().items.iter().filter_map(|item| item.as_image()).collect();
    assert_eq!(images.len(), 2);
    for (i, image) in images.into_iter().enumerate() {
        let source = format!("oci:out:{}", image.reference);
        let inspected = run(path, "skopeo", &["inspect", "--raw", &source]);
        assert_eq!(manifests::Digest::of(inspected.as_bytes()), image.descriptor.digest);
        // Also without unpacking it.
        let archive = format!("oci-archive:x.tar.zst:{}", image.reference);
        assert_eq!(run(path, "skopeo", &["inspect", "--raw", &archive]), inspected);
        run(path, "skopeo", &["copy", "-q", "--insecure-policy", &source, &format!("dir:copy-{i}")]);
        assert!(path.join(format!("copy-{i}/manifest.json")).is_file());
    }
}

#[test]
fn volumes_are_a_zstd_stream_in_any_number() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let layer: Vec<u8> = (0..9_000_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let bundle = FakeBundle::small().image("127.0.0.1:5000/big:v1", &[&layer]);
    let volumes = bundle.write_with(&path.join("x"), Some(5 << 20), &[]);
    assert!(volumes.len() > 1);
    for volume in &volumes {
        run(path, "zstd", &["-qt", "--no-progress", "-c", volume.to_str().unwrap()]);
    }
    run(path, "sh", &["-c", "cat x.00? | zstd -qdc | tar -tf - >/dev/null"]);
}

#[test]
fn a_signature_is_attached_later_without_moving_anything() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.tar.zst");
    let bundle = FakeBundle::small();
    let signature = fake::sign(bundle.plan().document_bytes());
    bundle.write_with(&path, None, &[]);
    let unsigned = fs::read(&path).unwrap();
    attach_signatures(&[&path], std::slice::from_ref(&signature)).unwrap();
    let attached = fs::read(&path).unwrap();
    bundle.write_with(&path, None, std::slice::from_ref(&signature));
    assert!(attached == fs::read(&path).unwrap() && attached.len() == unsigned.len());
    // Again is refused and changes nothing.
    attach_signatures(&[&path], &[signature]).unwrap_err();
    assert!(attached == fs::read(&path).unwrap());
    run(folder.path(), "tar", &["--zstd", "-xf", "x.tar.zst"]);
    let left: Vec<_> = fs::read_dir(folder.path().join("signatures")).unwrap().collect();
    assert_eq!(left.len(), 1);
}

#[test]
fn the_recipe_in_the_format_document_works() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    FakeBundle::small().write(&path.join("platform.tar.zst"));
    fs::write(path.join("allowed_signers"), fake::allowed_signers()).unwrap();
    let text = include_str!("../FORMAT.md");
    let (_, recipe) = text.split_once("```sh\n").unwrap();
    let (recipe, _) = recipe.split_once("```").unwrap();
    let said = run(path, "sh", &["-euc", &format!("exec 2>&1\n{recipe}")]);
    assert!(said.contains("Good \"airgap-bundle\" signature for ci@example.com"), "{said}");

    // And it notices what it must.
    fs::write(path.join("out/bundle.json"), "{}").unwrap();
    let verify = recipe.lines().find(|line| line.starts_with("ssh-keygen")).unwrap();
    let status = Command::new("sh").args(["-c", verify]).current_dir(path.join("out")).output().unwrap().status;
    assert!(!status.success());
}

#[test]
fn the_format_document_names_the_limits() {
    use manifests::bundle::limits;
    let text = include_str!("../FORMAT.md").replace('\u{a0}', " ");
    for (what, figure) in [
        ("`bundle.json`", format!("{} MiB", limits::DOCUMENT_SIZE >> 20)),
        ("items", "20 000".to_owned()),
        ("blobs", "100 000".to_owned()),
        ("values in `bundle.json`, an object counting as 8", "3 000 000".to_owned()),
        ("all blobs together", format!("{} TiB", limits::CONTENT_SIZE >> 40)),
        ("the path of a file", format!("{} bytes", limits::PATH_LENGTH)),
        ("volumes", limits::VOLUMES.to_string()),
        ("a set document", format!("{} MiB", limits::SET_DOCUMENT_SIZE >> 20)),
    ] {
        assert!(text.contains(&format!("| {what} | {figure} |")), "{what}");
    }
    assert_eq!((limits::ITEMS, limits::BLOBS, limits::SIGNATURES), (20_000, 100_000, 16));
}
