//! Releases and their indexes: dates, digests, fallbacks, and archives that don't stand still.

use std::fs;

use crate::archive::{Archive, Deb};
use crate::reader::Reader;
use crate::server::Reply;

fn archive() -> (Archive, Reader) {
    let archive = Archive::new();
    archive.add(&Deb::new("hello", "1.0"));
    archive.publish("stable");
    let reader = Reader::new(archive.gpg.keyring(&["archive"]));
    (archive, reader)
}

#[tokio::test]
async fn a_release_from_the_future_or_past_its_validity_is_refused() {
    let (archive, reader) = archive();
    let server = archive.serve().await;
    archive.release("stable", "Valid-Until: Thu, 01 Jan 2026 00:00:00 UTC");
    archive.sign("stable");
    let shown = reader.refused(&server).await;
    assert!(shown.contains("it was valid until 2026-01-01T00:00:00Z"), "{shown}");
    assert!(shown.contains("write `allowExpired: true`"), "{shown}");
    Reader { allow_expired: true, ..Reader::new(archive.gpg.keyring(&["archive"])) }.read(&server).await.unwrap();

    archive.release("stable", "Date: Fri, 01 Jan 2077 00:00:00 UTC");
    archive.sign("stable");
    let shown = reader.refused(&server).await;
    assert!(shown.contains("it was made on 2077-01-01T00:00:00Z"), "{shown}");
}

#[tokio::test]
async fn an_older_release_than_before_is_taken() {
    let (archive, reader) = archive();
    let server = archive.serve().await;
    reader.read(&server).await.unwrap();
    archive.release("stable", "Date: Fri, 02 Jan 2026 00:00:00 UTC");
    archive.sign("stable");
    let pocket = reader.read(&server).await.unwrap();
    assert_eq!(pocket.release.date.to_string(), "2026-01-02T00:00:00Z");
}

#[tokio::test]
async fn digests_that_can_be_forged_are_not_enough() {
    let (archive, reader) = archive();
    let server = archive.serve().await;
    archive.replace("dists/stable/Release", "SHA256:", "SHA224:");
    archive.sign("stable");
    let shown = reader.refused(&server).await;
    assert!(shown.contains("lists no index by SHA-256"), "{shown}");
}

#[tokio::test]
async fn indexes_are_found_by_their_digests_and_in_any_form() {
    let (archive, reader) = archive();
    archive.release("stable", "Acquire-By-Hash: yes");
    archive.sign("stable");
    archive.only_by_hash("stable");
    let server = archive.serve().await;
    let pocket = reader.read(&server).await.unwrap();
    assert_eq!(pocket.indexes.len(), 1);
    assert!(server.targets().iter().any(|target| target.contains("/by-hash/SHA256/")));

    // Nothing below its digest, and the smallest form missing: as mirrors are that drop files.
    let (archive, reader) = self::archive();
    archive.release("stable", "Acquire-By-Hash: yes");
    archive.sign("stable");
    let folder = archive.path("dists/stable/main/binary-amd64");
    let sizes = |name: &str| fs::metadata(folder.join(name)).unwrap().len();
    let smallest = ["Packages", "Packages.gz", "Packages.xz"].into_iter().min_by_key(|name| sizes(name)).unwrap();
    fs::remove_file(folder.join(smallest)).unwrap();
    let server = archive.serve().await;
    let pocket = reader.read(&server).await.unwrap();
    assert!(!pocket.indexes[0].path.ends_with(&format!("/{smallest}")), "{}", pocket.indexes[0].path);
    assert!(String::from_utf8(pocket.indexes[0].text().unwrap()).unwrap().contains("Package: hello\n"));
}

#[tokio::test]
async fn a_changed_or_truncated_index_is_refused() {
    let (archive, reader) = archive();
    let server = archive.serve().await;
    for name in ["Packages", "Packages.gz", "Packages.xz"] {
        archive.tamper(&format!("dists/stable/main/binary-amd64/{name}"));
    }
    let shown = reader.refused(&server).await;
    assert!(shown.contains("does not hold what it should"), "{shown}");
    for name in ["Packages", "Packages.gz", "Packages.xz"] {
        let path = archive.path(&format!("dists/stable/main/binary-amd64/{name}"));
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    }
    let shown = reader.refused(&server).await;
    assert!(shown.contains("as its signed release lists it"), "{shown}");
    assert!(shown.contains("bytes"), "{shown}");
}

#[tokio::test]
async fn what_a_repository_does_not_have_is_named() {
    let (archive, reader) = archive();
    let server = archive.serve().await;
    let other = Reader { components: vec!["main", "universe"], ..Reader::new(archive.gpg.keyring(&["archive"])) };
    let shown = other.refused(&server).await;
    assert!(shown.contains("it has no component `universe`") && shown.contains("it has main"), "{shown}");
    let other = Reader { suite: "testing", ..reader };
    let shown = other.refused(&server).await;
    assert!(shown.contains("/debian/dists/testing/Release answered 404"), "{shown}");
}

/// The second release, with one more package.
fn second_release(archive: &Archive) -> Vec<u8> {
    let first = fs::read(archive.path("dists/stable/InRelease")).unwrap();
    archive.add(&Deb::new("world", "1.0"));
    archive.publish("stable");
    first
}

#[tokio::test]
async fn an_archive_that_changes_while_it_is_read_is_read_again() {
    let (archive, reader) = archive();
    let first = second_release(&archive);
    // Who asks first gets the old release, and the indexes of the new one.
    let server = archive
        .serve_with(move |request, number| {
            (number == 0 && request.path().ends_with("/InRelease")).then(|| Reply::ok(first.clone()))
        })
        .await;
    let pocket = reader.read(&server).await.unwrap();
    assert!(String::from_utf8(pocket.indexes[0].text().unwrap()).unwrap().contains("Package: world\n"));
}

#[tokio::test]
async fn an_archive_that_never_stands_still_is_refused() {
    let (archive, reader) = archive();
    let first = second_release(&archive);
    let turn = std::sync::atomic::AtomicUsize::new(0);
    let server = archive
        .serve_with(move |request, _| {
            let is_release = request.path().ends_with("/InRelease");
            let odd = is_release && turn.fetch_add(1, std::sync::atomic::Ordering::Relaxed) % 2 == 1;
            odd.then(|| Reply::ok(first.clone()))
        })
        .await;
    let shown = reader.refused(&server).await;
    assert!(shown.contains("it changed each of the 4 times that it was read"), "{shown}");
    assert!(shown.contains("name a snapshot of it as `snapshot`"), "{shown}");
}

#[tokio::test]
async fn a_flat_repository_has_one_index_for_all() {
    let archive = Archive::new();
    archive.add(&Deb::new("hello", "1.0"));
    archive.publish("stable");
    let index = fs::read(archive.path("dists/stable/main/binary-amd64/Packages")).unwrap();
    fs::write(archive.path("Packages"), &index).unwrap();
    let release = format!(
        "Date: Fri, 02 Jan 2026 00:00:00 UTC\nSHA256:\n {} {} Packages\n",
        manifests::Digest::of(&index).hex(),
        index.len()
    );
    fs::write(archive.path("Release"), release).unwrap();
    archive.gpg.sign(&["archive"], &["--clearsign"], &archive.path("Release"), &archive.path("InRelease"));
    let server = archive.serve().await;
    let keyring = archive.gpg.keyring(&["archive"]);
    let reader = Reader { suite: "./", components: Vec::new(), ..Reader::new(keyring) };
    let pocket = reader.read(&server).await.unwrap();
    assert_eq!(pocket.indexes[0].text().unwrap(), index);
}
