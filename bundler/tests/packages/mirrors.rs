//! Repositories that are carried whole, as upstream signed them.

use std::fs;

use manifests::bundle::{UnverifiedBundle, VerifiedBundle};
use manifests::document::Mirror;
use manifests::oci::{Index, Manifest, annotation};

use crate::archive::{Archive, Deb};
use crate::building::{Bench, with_key};
use crate::server::Server;

fn bench(archive: &Archive, server: &Server, more: &str) -> Bench {
    let bench = with_key(Bench::new(&[], ""), archive);
    let stack = format!(
        "apiVersion: airgap/v1\nkind: Stack\nname: demo\nversion: 1.0.0\ncreated: 2026-11-21\nmirrors:\n  - name: example\n    \
         url: {}\n    suites: [stable]\n    components: [main]\n    architectures: [amd64]\n    key: archive.gpg\n{more}",
        server.url("/debian")
    );
    fs::write(bench.path("stack.yaml"), stack).unwrap();
    bench
}

fn archive() -> Archive {
    let archive = Archive::new();
    archive.add(&Deb::new("shop", "2:1.0-1"));
    archive.add(&Deb::new("shop-data", "1.0+b1").on("all"));
    archive.index("stable", &["amd64"], |text| text);
    archive.release("stable", "Acquire-By-Hash: yes");
    archive.sign("stable");
    archive
}

async fn built(bench: &Bench) -> (VerifiedBundle, Mirror) {
    let ended = bench.run("build stack.yaml -o demo.tar.zst --unsigned").await;
    assert!(ended.success, "{}", ended.shown);
    let bundle = UnverifiedBundle::open(&[bench.path("demo.tar.zst")]).unwrap();
    let digest = bundle.document_digest();
    let bundle = bundle.verify_pinned(&digest).unwrap();
    let mirror = bundle.document().items[0].as_mirror().unwrap().clone();
    (bundle, mirror)
}

/// Titles and contents of all layers.
fn layers(bundle: &VerifiedBundle, mirror: &Mirror) -> Vec<(String, Vec<u8>)> {
    let read = |digest| bundle.read_to_vec(&digest, 4 << 20).unwrap();
    let index: Index = serde_json::from_slice(&read(mirror.descriptor.digest)).unwrap();
    let parts = index.manifests.iter().map(|part| serde_json::from_slice::<Manifest>(&read(part.digest)).unwrap());
    let layers = parts.flat_map(|part| part.layers);
    layers.map(|layer| (layer.annotations[annotation::TITLE].clone(), read(layer.digest))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mirror_has_what_upstream_signed_and_every_package_with_the_same_bytes_each_time() {
    let archive = archive();
    let server = archive.serve().await;
    let bench = bench(&archive, &server, "");
    let (bundle, mirror) = built(&bench).await;
    assert_eq!((mirror.packages, mirror.absent.iter().map(AsRef::as_ref).collect::<Vec<_>>()), (2, vec!["arm64"]));
    let layers = layers(&bundle, &mirror);
    for (title, content) in &layers {
        if title == "key.asc" {
            assert!(content.starts_with(b"-----BEGIN PGP PUBLIC KEY BLOCK-----"));
        } else if let Some((_, hex)) = title.split_once("by-hash/SHA256/") {
            assert_eq!(manifests::Digest::of(content).hex(), hex);
        } else {
            assert_eq!(*content, fs::read(archive.path(title)).unwrap(), "{title}");
        }
    }
    let has = |part: &str| layers.iter().any(|(title, _)| title.contains(part));
    assert!(has("InRelease") && has("by-hash") && has("shop-data_1.0+b1_all.deb") && has("shop_1.0-1_amd64.deb"));
    let listed = bench.run("list demo.tar.zst").await.shown;
    assert!(listed.contains("stable (main; amd64): 2 packages of http://"), "{listed}");
    let first = fs::read(bench.path("demo.tar.zst")).unwrap();
    fs::remove_file(bench.path("demo.tar.zst")).unwrap();
    built(&bench).await;
    assert!(first == fs::read(bench.path("demo.tar.zst")).unwrap(), "the same bytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_as_it_was_signed_stops_the_build() {
    let archive = archive();
    let server = archive.serve().await;
    let deb = "pool/main/s/shop/shop_1.0-1_amd64.deb";
    archive.tamper(deb);
    let shown = bench(&archive, &server, "").refused().await;
    assert!(shown.contains("shop_1.0-1_amd64.deb does not hold what it should"), "{shown}");
    fs::remove_file(archive.path(deb)).unwrap();
    let shown = bench(&archive, &server, "").refused().await;
    assert!(shown.contains("shop_1.0-1_amd64.deb") && shown.contains("404"), "{shown}");
    archive.replace("dists/stable/InRelease", "Origin: Demo", "Origin: Evil");
    let shown = bench(&archive, &server, "").refused().await;
    assert!(shown.contains("InRelease is not signed by a key of the repository"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_has_expired_needs_a_word_and_packages_stay_within_the_repository() {
    let archive = archive();
    let server = archive.serve().await;
    archive.release("stable", "Valid-Until: Thu, 01 Jan 2026 00:00:00 UTC");
    archive.replace("dists/stable/Release", "Date: ", "Date: Thu, 01 Jan 2026 00:00:00 UTC\nX-Date: ");
    archive.sign("stable");
    let shown = bench(&archive, &server, "").refused().await;
    assert!(shown.contains("it was valid until") && shown.contains("allowExpired: true"), "{shown}");
    built(&bench(&archive, &server, "    allowExpired: true\n")).await;
    archive.index("stable", &["amd64"], |text| text.replace("Filename: pool/", "Filename: ../pool/"));
    archive.release("stable", "");
    archive.sign("stable");
    let shown = bench(&archive, &server, "").refused().await;
    assert!(shown.contains("at a place that no mirror can have"), "{shown}");
}
