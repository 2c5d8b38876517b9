//! Layers that are broken, or made to do harm.

use manifests::fake::FakeBundle;

use crate::fixtures::{Layer, gzip, image, inside, nested, node, rpm_sqlite, sbom, site, unread, zip};

const A: &str = "node_modules/a/package.json";

#[test]
fn a_layer_that_breaks_off_is_told_and_what_came_before_counts() {
    let whole = Layer::new().file(A, node("a", "1.0.0")).file("big", vec![7; 300_000]).plain();
    let packed = gzip(&whole);
    for (what, layer) in [
        ("tar", whole[..100_000].to_vec()),
        ("gzip", packed[..packed.len() - 20].to_vec()),
        ("zstd", zstd::encode_all(&whole[..], 3).unwrap()[..100].to_vec()),
    ] {
        let site = image(&[layer]);
        let unread = unread(&site);
        assert_eq!(unread.len(), 1, "{what}: {unread:?}");
        assert!(unread[0].contains("was not read to its end: "), "{what}: {unread:?}");
        if what != "zstd" {
            assert_eq!(inside(&site), ["pkg:npm/a@1.0.0"], "{what}");
        }
        assert_eq!(sbom(&site, "")["compositions"][0]["aggregate"], "incomplete", "{what}");
    }
    let site = image(&[b"this is no layer at all, and it is long enough for a header of tar".repeat(20)]);
    assert!(unread(&site)[0].contains("a header has a wrong checksum"));
}

#[test]
fn a_bomb_is_defused() {
    let bomb = || {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        let mut header = tar::Header::new_gnu();
        header.set_size(1300 << 20);
        header.set_path("zeros").unwrap();
        header.set_cksum();
        std::io::Write::write_all(&mut encoder, header.as_bytes()).unwrap();
        std::io::copy(&mut std::io::Read::take(std::io::repeat(0), 1300 << 20), &mut encoder).unwrap();
        encoder.finish().unwrap()
    };
    let unread = unread(&image(&[bomb()]));
    assert!(unread[0].ends_with("it unpacks to far more than its own size"), "{unread:?}");
}

#[test]
fn indexes_that_name_each_other_are_read_once() {
    let site = site(&nested("b", 8, 300));
    let found = sbom(&site, "");
    assert_eq!(found["components"].as_array().unwrap().len(), 1);
    assert_eq!(inside(&site), ["pkg:npm/a@1.0.0"]);
}

#[test]
fn no_path_leads_anywhere() {
    let site = image(&[Layer::new()
        .raw("../../node_modules/out/package.json", node("out", "1.0.0").as_bytes())
        .raw("/node_modules/absolute/package.json", node("absolute", "1.0.0").as_bytes())
        .link(tar::EntryType::Symlink, "loop", "loop")
        .link(tar::EntryType::Symlink, "node_modules/loop", "../node_modules")
        .link(tar::EntryType::Link, "hard", "hard")
        .gzip()]);
    assert_eq!(inside(&site), ["pkg:npm/absolute@1.0.0"]);
    assert_eq!(site.names(""), ["b.tar.zst", "demo.tar.zst", "trust"]);
}

#[test]
fn files_that_lie_about_themselves_are_told_one_by_one() {
    let view = {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db");
        let database = rusqlite::Connection::open(&path).unwrap();
        database.execute_batch("CREATE VIEW Packages AS SELECT 1 AS hnum, 'x' AS blob").unwrap();
        drop(database);
        std::fs::read(path).unwrap()
    };
    let mut broken = rpm_sqlite(&[vec![0xff; 64]]);
    let site = image(&[Layer::new()
        .file("var/lib/rpm/rpmdb.sqlite", view)
        .file("usr/share/rpm/rpmdb.sqlite", &broken)
        .file(
            "usr/lib/sysimage/rpm/Packages.db",
            b"RpmP\0\0\0\0\0\0\0\0\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        )
        .file("var/lib/dpkg/status", "no field\n")
        .file("node_modules/x/package.json", "{")
        .file("a.jar", "PK no zip")
        .file(A, node("a", "1.0.0"))
        .gzip()]);
    let unread = unread(&site);
    let named = |path: &str| unread.iter().any(|one| one.starts_with(&format!("`{path}` was not read: ")));
    for path in [
        "var/lib/rpm/rpmdb.sqlite",
        "usr/share/rpm/rpmdb.sqlite",
        "usr/lib/sysimage/rpm/Packages.db",
        "var/lib/dpkg/status",
        "node_modules/x/package.json",
        "a.jar",
    ] {
        assert!(named(path), "{path}: {unread:?}");
    }
    assert_eq!(inside(&site), ["pkg:npm/a@1.0.0"]);
    broken.truncate(5000);
    let site = image(&[Layer::new().file("var/lib/rpm/rpmdb.sqlite", &broken).gzip()]);
    assert_eq!(inside(&site), [""; 0]);
}

#[test]
fn an_archive_of_java_that_unpacks_to_much_is_told() {
    let bomb = zip(&[("META-INF/maven/a/b/pom.properties", &[b'#'; 9 << 20]), ("inner.jar", &vec![0; 257 << 20])]);
    let site = image(&[Layer::new().file("bomb-1.0.jar", bomb).gzip()]);
    assert_eq!(inside(&site), ["pkg:maven/bomb@1.0"]);
    assert_eq!(unread(&site), ["`bomb-1.0.jar` was not read: inner.jar in it: it has more than 268435456 bytes"]);
}

#[test]
fn damage_to_the_bundle_itself_ends_the_work() {
    let layer = Layer::new().file(A, node("a", "1.0.0")).file("noise", noise()).gzip();
    let site = site(&FakeBundle::new("b", "1.0.0").image("example.com/app:1", &[&layer]));
    site.damage("b.tar.zst", 200_000);
    let said = site.run("sbom b.tar.zst --trust trust --output sbom.json").fails(1);
    assert!(said.contains("error: can't read sha256:") && said.contains("airgap-bundle verify"), "{said}");
    assert!(!site.path("sbom.json").exists());
    site.run("sbom b.tar.zst").fails(2);
}

/// Bytes that no compressor shrinks.
fn noise() -> Vec<u8> {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as u8
    };
    (0..400_000).map(|_| next()).collect()
}
