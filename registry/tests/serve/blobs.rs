//! Blobs: stored as they are, or compressed, whole or in parts, and never damaged.

use std::fs;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use manifests::Digest;
use manifests::bundle::UnverifiedBundle;
use manifests::fake::{self, FakeBundle};
use registry::server::{Access, Transport};
use serde_json::json;

use crate::content::noise;
use crate::site::{TestSite, import, wait_until};

/// A raw layer that spans several frames, and a compressed one that does so too.
fn bundle() -> (FakeBundle, Vec<(Digest, Vec<u8>)>) {
    let raw = noise(7, 9_000_001);
    let compressed: Vec<u8> = (0..9_000_001_u32).map(|n| (n / 97) as u8).collect();
    let bundle = FakeBundle::new("platform", "1.0.0")
        .image("quay.io/a/b:v1", &[&raw])
        .files("data", &[("big.txt", &compressed), ("empty", b"")]);
    (bundle, vec![(Digest::of(&raw), raw), (Digest::of(&compressed), compressed)])
}

fn path(digest: &Digest, raw: bool) -> String {
    let repository = if raw { "quay.io/a/b" } else { "bundle.local/files/data" };
    format!("/v2/{repository}/blobs/{digest}")
}

/// The place of some bytes in the archive of a generation.
fn place_of(state: &Path, generation: u32, marker: &[u8]) -> (fs::File, u64) {
    let archive = state.join(format!("generations/{generation}/bundle.tar.zst"));
    let bytes = fs::read(&archive).unwrap();
    let place = bytes.windows(marker.len()).position(|window| window == marker).unwrap();
    // In place: the server has the file open.
    (fs::OpenOptions::new().write(true).open(&archive).unwrap(), place as u64)
}

/// Flips a bit of the first of some bytes in the archive of a generation.
fn flip(state: &Path, generation: u32, marker: &[u8]) {
    let (archive, place) = place_of(state, generation, marker);
    archive.write_all_at(&[marker[0] ^ 1], place).unwrap();
}

/// What monitoring sees.
fn problems(site: &TestSite) -> u32 {
    let text = site.get("/metrics").text();
    text.lines().find_map(|line| line.strip_prefix("airgap_problems ")).unwrap().parse().unwrap()
}

#[test]
fn a_blob_comes_whole_and_in_any_part() {
    let (bundle, blobs) = bundle();
    let site = TestSite::plain(&[bundle]);
    for (raw, (digest, content)) in [true, false].into_iter().zip(&blobs) {
        let path = path(digest, raw);
        let whole = site.get(&path);
        assert_eq!((whole.status, whole.header("Content-Type")), (200, Some("application/octet-stream")));
        assert!(whole.body == *content);
        let size = content.len();
        for (range, part) in [
            ("0-0".to_owned(), 0..1),
            ("131071-131073".to_owned(), 131_071..131_074),
            ("4194300-4194400".to_owned(), 4_194_300..4_194_401),
            (format!("{}-", size - 3), size - 3..size),
            ("-100000".to_owned(), size - 100_000..size),
            ("1000000-8999999".to_owned(), 1_000_000..9_000_000),
        ] {
            let answer = site.get_with(&path, &format!("Range: bytes={range}\r\n"));
            let expected = format!("bytes {}-{}/{size}", part.start, part.end - 1);
            assert_eq!((answer.status, answer.header("Content-Range")), (206, Some(expected.as_str())), "{range}");
            assert!(answer.body == content[part], "{range}");
        }
    }
}

#[test]
fn a_range_that_is_none_is_told_or_ignored_as_the_specification_says() {
    let (bundle, blobs) = bundle();
    let site = TestSite::plain(&[bundle]);
    let (path, size) = (path(&blobs[0].0, true), blobs[0].1.len());
    let answer = site.get_with(&path, &format!("Range: bytes={size}-\r\n"));
    assert_eq!((answer.status, answer.header("Content-Range").unwrap()), (416, format!("bytes */{size}").as_str()));
    for ignored in ["bytes=0-1,5-6", "bytes=5-1", "bytes=x", "items=0-1"] {
        assert_eq!(site.get_with(&path, &format!("Range: {ignored}\r\n")).body.len(), size, "{ignored}");
    }
    let etag = site.head(&path).header("ETag").unwrap().to_owned();
    assert_eq!(site.get_with(&path, &format!("Range: bytes=0-1\r\nIf-Range: {etag}\r\n")).status, 206);
    assert_eq!(site.get_with(&path, "Range: bytes=0-1\r\nIf-Range: \"old\"\r\n").status, 200);
    assert_eq!(site.get_with(&path, &format!("Range: bytes=0-1\r\nIf-Range: W/{etag}\r\n")).status, 200);
}

#[test]
fn an_empty_blob_is_a_blob() {
    let (bundle, _) = bundle();
    let site = TestSite::plain(&[bundle]);
    let answer = site.get(&path(&Digest::of(b""), false));
    assert_eq!((answer.status, answer.header("Content-Length")), (200, Some("0")));
}

#[test]
fn a_byte_that_was_flipped_in_the_store_is_found_before_it_is_served() {
    let (bundle, blobs) = bundle();
    let site = TestSite::plain(&[bundle]);
    let (digest, content) = &blobs[0];
    flip(site.folder.path(), 1, &content[5_000_000..5_000_032]);
    for headers in ["", "Range: bytes=0-9\r\n"] {
        let answer = site.get_with(&path(digest, true), headers);
        assert_eq!(answer.status, 500);
        assert!(answer.text().contains("damaged"), "{}", answer.text());
    }
    // The rest of the bundle is served all the same, and whoever watches is told: once, however often it was asked for.
    assert_eq!(site.get("/v2/quay.io/a/b/manifests/v1").status, 200);
    assert_eq!(problems(&site), 1);
    let health = site.get("/healthz");
    assert_eq!((health.status, health.text().as_str()), (200, "ok, with 1 problems: see /\n"));
    let page = site.get("/").text();
    assert!(page.contains(&format!("generation 1: {digest} is damaged")), "{page}");
}

#[test]
fn what_nodes_fetch_first_is_checked_before_anybody_asks_for_it() {
    let (bundle, blobs) = bundle();
    let (digest, content) = &blobs[0];
    let distribution = json!({"name": "rke2", "version": "v1.30.6+rke2r1", "files": "release"});
    let platform = serde_json::from_value(json!({"distribution": distribution, "components": []})).unwrap();
    let bundle = bundle.files("release", &[("rke2-images.linux-amd64.tar.zst", content)]).platform(platform);
    let (site, other) = (TestSite::plain(&[]), tempfile::tempdir().unwrap());
    import(other.path(), &bundle);
    flip(other.path(), 1, &content[5_000_000..5_000_032]);
    fs::create_dir_all(site.folder.path().join("generations")).unwrap();
    fs::rename(other.path().join("generations/1"), site.folder.path().join("generations/1")).unwrap();
    wait_until(&site, || site.get("/").text().contains(&format!("generation 1: {digest} is damaged")));
}

#[test]
fn many_clients_get_the_same_blob_at_once() {
    let (bundle, blobs) = bundle();
    let site = TestSite::plain(&[bundle]);
    std::thread::scope(|scope| {
        for number in 0..16 {
            let (digest, content) = &blobs[number % 2];
            let (site, path) = (&site, path(digest, number % 2 == 0));
            scope.spawn(move || assert!(site.get(&path).body == *content));
        }
    });
}

/// Two generations that have the blobs in common; the second is the one that is read.
fn twice() -> (TestSite, Digest, Vec<u8>) {
    let (first, mut blobs) = bundle();
    let (second, _) = bundle();
    let second = second.files("more", &[("more.txt", b"more")]);
    let (digest, content) = blobs.swap_remove(0);
    (TestSite::plain(&[first, second]), digest, content)
}

#[test]
fn a_damaged_copy_is_replaced_by_a_whole_one_of_another_generation() {
    let (site, digest, content) = twice();
    flip(site.folder.path(), 2, &content[5_000_000..5_000_032]);
    assert!(site.get(&path(&digest, true)).body == content);
    assert!(
        site.get_with(&path(&digest, true), "Range: bytes=5000000-5000031\r\n").body == content[5_000_000..5_000_032]
    );
    assert_eq!(problems(&site), 1);
    let page = site.get("/").text();
    assert!(page.contains(&format!("generation 2: {digest} is damaged")), "{page}");
}

#[test]
fn a_response_that_has_to_break_off_is_whole_when_it_is_asked_for_again() {
    let (site, digest, content) = twice();
    assert!(site.get(&path(&digest, true)).body == content);
    let (archive, place) = place_of(site.folder.path(), 2, &content[5_000_000..5_000_032]);
    archive.set_len(place).unwrap();
    let mut connection = site.connect();
    connection.send(format!("GET {} HTTP/1.1\r\nHost: test\r\n\r\n", path(&digest, true)));
    let got = connection.rest();
    let body = &got[got.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4..];
    assert!(body.len() < content.len() && content.starts_with(body), "{} bytes", body.len());
    assert_eq!(problems(&site), 1);
    assert!(site.get(&path(&digest, true)).body == content);
    assert_eq!(problems(&site), 1);
}

/// Flips a bit in a generation so that an image's manifest can't be read, and the bundle can still be opened.
fn spoil_manifest(state: &Path, generation: u32) {
    let archive = state.join(format!("generations/{generation}/bundle.tar.zst"));
    let open = || UnverifiedBundle::open(std::slice::from_ref(&archive)).ok()?.verify(&fake::trust()).ok();
    let manifest = open().unwrap().document().items.iter().find_map(|item| item.as_image()).unwrap().descriptor.digest;
    let bytes = fs::read(&archive).unwrap();
    let file = fs::OpenOptions::new().write(true).open(&archive).unwrap();
    // It is compressed together with others, so its place is found by trying.
    for place in (0..bytes.len()).rev().step_by(5) {
        file.write_all_at(&[bytes[place] ^ 1], place as u64).unwrap();
        if open().is_some_and(|bundle| bundle.read_to_vec(&manifest, 4 << 20).is_err()) {
            return;
        }
        file.write_all_at(&bytes[place..=place], place as u64).unwrap();
    }
    panic!("no flipped bit spoils the manifest");
}

#[test]
fn a_damaged_manifest_is_read_from_another_generation_too() {
    let bundle = |version| FakeBundle::new("platform", version).image("quay.io/a/b:v1", &[b"a layer"]);
    let site = TestSite::with(&[bundle("1.0.0"), bundle("2.0.0")], |config| {
        config.transport = Transport::Plain;
        config.access = Access::Anonymous;
        spoil_manifest(&config.state, 2);
    });
    let manifest = site.get("/v2/quay.io/a/b/manifests/v1");
    assert_eq!(manifest.status, 200);
    for named in [&manifest.json()["config"], &manifest.json()["layers"][0]] {
        let digest = named["digest"].as_str().unwrap();
        assert_eq!(site.get(&format!("/v2/quay.io/a/b/blobs/{digest}")).status, 200, "{digest}");
    }
    assert!(problems(&site) >= 1);
    let page = site.get("/").text();
    assert!(page.contains("generation 2: sha256:"), "{page}");
}
