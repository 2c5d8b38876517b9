//! Blobs: stored as they are, or compressed, whole or in parts, and never damaged.

use std::fs;

use manifests::Digest;
use manifests::fake::FakeBundle;

use crate::content::noise;
use crate::site::TestSite;

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
    let archive = site.folder.path().join("generations/1/bundle.tar.zst");
    let mut bytes = fs::read(&archive).unwrap();
    let (digest, content) = &blobs[0];
    let marker = &content[5_000_000..5_000_032];
    let place = bytes.windows(32).position(|window| window == marker).unwrap();
    bytes[place] ^= 1;
    // In place: the server has the file open.
    fs::OpenOptions::new()
        .write(true)
        .open(&archive)
        .and_then(|mut file| std::io::Write::write_all(&mut file, &bytes))
        .unwrap();
    for headers in ["", "Range: bytes=0-9\r\n"] {
        let answer = site.get_with(&path(digest, true), headers);
        assert_eq!(answer.status, 500);
        assert!(answer.text().contains("damaged"), "{}", answer.text());
    }
    // The rest of the bundle is served all the same.
    assert_eq!(site.get("/v2/quay.io/a/b/manifests/v1").status, 200);
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
