//! Who signed, and whether that counts.

use std::fs;

use crate::archive::{Archive, Deb};
use crate::reader::Reader;

/// An archive with one package, published as `stable` and signed by `archive`.
fn archive() -> Archive {
    let archive = Archive::new();
    archive.add(&Deb::new("hello", "1.0"));
    archive.publish("stable");
    archive
}

fn sign(archive: &Archive, names: &[&str], options: &[&str]) {
    let folder = archive.path("dists/stable");
    let how: Vec<&str> = options.iter().copied().chain(["--clearsign"]).collect();
    archive.gpg.sign(names, &how, &folder.join("Release"), &folder.join("InRelease"));
}

#[tokio::test]
async fn keys_come_binary_or_armoured_and_several_in_one_file() {
    let archive = archive();
    archive.gpg.key("other", "rsa3072", "2y");
    let server = archive.serve().await;
    let two_blocks = archive.gpg.armoured("other") + &archive.gpg.armoured("archive");
    for keyring in [archive.gpg.keyring(&["other", "archive"]), two_blocks.into_bytes()] {
        let pocket = Reader::new(keyring).read(&server).await.unwrap();
        assert_eq!(pocket.release.codename.as_deref(), Some("stable"));
        let text = String::from_utf8(pocket.indexes[0].text().unwrap()).unwrap();
        assert!(text.contains("Package: hello\n"), "{text}");
    }
}

#[tokio::test]
async fn a_detached_signature_does_too_and_no_signature_does_not() {
    let archive = archive();
    let folder = archive.path("dists/stable");
    let keyring = archive.gpg.keyring(&["archive"]);
    fs::remove_file(folder.join("InRelease")).unwrap();
    let server = archive.serve().await;
    let shown = Reader::new(keyring.clone()).refused(&server).await;
    assert!(shown.contains("it is not signed: it has neither InRelease nor Release.gpg"), "{shown}");

    archive.gpg.sign(&["archive"], &["--detach-sign"], &folder.join("Release"), &folder.join("Release.gpg"));
    Reader::new(keyring.clone()).read(&server).await.unwrap();

    archive.replace("dists/stable/Release", "Origin: Demo", "Origin: Evil");
    let shown = Reader::new(keyring).refused(&server).await;
    assert!(shown.contains("does not fit the text, which was changed"), "{shown}");
}

#[tokio::test]
async fn a_changed_release_is_refused_wherever_it_was_changed() {
    let archive = archive();
    let server = archive.serve().await;
    let reader = Reader::new(archive.gpg.keyring(&["archive"]));
    let place = "dists/stable/InRelease";
    let signed = fs::read_to_string(archive.path(place)).unwrap();
    for (changed, expected) in [
        (signed.replace("Label: Demo", "Label: Evil"), "does not fit the text, which was changed"),
        (format!("Origin: Evil\n{signed}"), "it does not begin with a signed text"),
        (format!("{signed}Origin: Evil\n"), "something follows the signature"),
        (signed.replace("-----END PGP SIGNATURE-----", ""), "it ends before its signature does"),
        (signed[..signed.len() / 2].to_owned(), "it ends before its signature does"),
        ("<html>please log in</html>".to_owned(), "a proxy or a portal may have answered"),
    ] {
        fs::write(archive.path(place), changed).unwrap();
        let shown = reader.refused(&server).await;
        assert!(shown.contains(expected), "{expected}: {shown}");
        assert!(shown.contains("stack.yaml:1:3"), "it is shown where the repository is named: {shown}");
    }
}

#[tokio::test]
async fn a_key_that_nobody_named_does_not_count() {
    let archive = archive();
    archive.gpg.key("other", "ed25519", "2y");
    let server = archive.serve().await;
    let shown = Reader::new(archive.gpg.keyring(&["other"])).refused(&server).await;
    let fingerprint = archive.gpg.fingerprint("archive");
    assert!(shown.contains(&format!("signed by {fingerprint}, which is not among the keys")), "{shown}");

    // Signed by both, each of the keys alone is enough.
    sign(&archive, &["archive", "other"], &[]);
    for name in ["archive", "other"] {
        Reader::new(archive.gpg.keyring(&[name])).read(&server).await.unwrap();
    }
}

#[tokio::test]
async fn keys_that_expired_or_were_revoked_do_not_count() {
    let archive = archive();
    let server = archive.serve().await;
    let late = Reader { today: Some("2099-01-01"), ..Reader::new(archive.gpg.keyring(&["archive"])) };
    let shown = late.refused(&server).await;
    assert!(shown.contains("the key expired on "), "{shown}");

    archive.gpg.revoke("archive");
    let shown = Reader::new(archive.gpg.keyring(&["archive"])).refused(&server).await;
    assert!(shown.contains("the key was revoked by its owner"), "{shown}");
}

#[tokio::test]
async fn of_several_copies_of_a_key_a_renewed_one_counts_and_a_revoked_one_too() {
    let archive = archive();
    let server = archive.serve().await;
    let year = jiff::Zoned::now().checked_add(jiff::Span::new().days(1000)).unwrap().date().to_string();
    let old = archive.gpg.keyring(&["archive"]);
    archive.gpg.renew("archive", "5y");
    let renewed = archive.gpg.keyring(&["archive"]);
    for both in [[old.clone(), renewed.clone()], [renewed.clone(), old.clone()]] {
        let reader = Reader { today: Some(year.clone().leak()), ..Reader::new(both.concat()) };
        reader.read(&server).await.unwrap();
    }
    archive.gpg.revoke("archive");
    let revoked = archive.gpg.keyring(&["archive"]);
    for both in [[revoked.clone(), renewed.clone()], [renewed, revoked]] {
        let shown = Reader::new(both.concat()).refused(&server).await;
        assert!(shown.contains("the key was revoked by its owner"), "{shown}");
    }
}

#[tokio::test]
async fn a_subkey_signs_for_its_key_as_long_as_it_lives() {
    let archive = archive();
    archive.gpg.subkey("archive", "ed25519", "1y");
    sign(&archive, &["archive"], &[]);
    let signed = fs::read_to_string(archive.path("dists/stable/InRelease")).unwrap();
    assert!(!signed.is_empty());
    let server = archive.serve().await;
    let reader = Reader::new(archive.gpg.keyring(&["archive"]));
    reader.read(&server).await.unwrap();
    // GnuPG signs with the newest subkey; the key itself lives for two years, the subkey for one.
    let next_year = jiff::Zoned::now().checked_add(jiff::Span::new().days(500)).unwrap().date().to_string();
    let late = Reader { today: Some(next_year.leak()), ..Reader::new(archive.gpg.keyring(&["archive"])) };
    let shown = late.refused(&server).await;
    assert!(shown.contains("the key expired on "), "{shown}");
}

#[tokio::test]
async fn what_can_be_forged_does_not_count() {
    let archive = archive();
    let server = archive.serve().await;
    sign(&archive, &["archive"], &["--digest-algo", "SHA1"]);
    let shown = Reader::new(archive.gpg.keyring(&["archive"])).refused(&server).await;
    assert!(shown.contains("uses SHA1, which can be forged"), "{shown}");

    archive.gpg.key("short", "rsa1024", "2y");
    sign(&archive, &["short"], &[]);
    let shown = Reader::new(archive.gpg.keyring(&["short"])).refused(&server).await;
    assert!(shown.contains("the key is too weak: RSA with 1024 bits, where 2048 are needed"), "{shown}");
}
