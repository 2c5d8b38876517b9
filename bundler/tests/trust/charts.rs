//! Charts with the provenance of Helm.

use manifests::Digest;
use manifests::evidence::{SignedBy, SignedKind};

use crate::gpg::Gpg;
use crate::shop::{Shop, expired};

/// A shop with the chart `web` on disk, and a rule that `keys.gpg` signs it.
fn shop() -> (Shop, Digest) {
    let shop = Shop::new();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("Chart.yaml"), "apiVersion: v2\nname: web\nversion: 1.2.3\n").unwrap();
    let created = "2026-01-01T00:00:00Z".parse().unwrap();
    let archive = bundler::charts::package::package(folder.path(), created).unwrap().archive;
    shop.write("web-1.2.3.tgz", &archive);
    let asks = "charts:\n  - { name: web, path: web-1.2.3.tgz, install: false }\n";
    shop.stack(asks, "  - charts: [web]\n    provenance: [keys.gpg]\n");
    (shop, Digest::of(&archive))
}

/// The text that Helm signs.
fn text(name: &str, archive: Digest) -> String {
    format!("apiVersion: v2\nname: web\nversion: 1.2.3\n\n...\nfiles:\n  {name}: {archive}\n")
}

fn sign(shop: &Shop, gpg: &Gpg, text: &str) {
    shop.write("text", text);
    gpg.sign(&["maker"], &["--clearsign"], &shop.path("text"), &shop.path("web-1.2.3.tgz.prov"));
}

#[test]
fn a_chart_that_its_maker_signed_is_taken_and_remembered() {
    let (shop, archive) = shop();
    let gpg = Gpg::new();
    gpg.key("maker", "rsa3072", "2y");
    shop.write("keys.gpg", gpg.keyring(&["maker"]));
    sign(&shop, &gpg, &text("web-1.2.3.tgz", archive));
    shop.build().ok();
    let signatures = shop.verified();
    let [signature] = signatures.as_slice() else { panic!("{signatures:?}") };
    assert_eq!((signature.kind, signature.scheme), (SignedKind::Chart, SignedBy::Provenance));
    assert_eq!((signature.item.as_str(), signature.digest), ("web", archive));
    assert_eq!(signature.key, gpg.fingerprint("maker"));
}

#[test]
fn what_is_not_signed_as_it_should_is_refused() {
    let gpg = Gpg::new();
    gpg.key("maker", "ed25519", "2y");
    gpg.key("stranger", "ed25519", "2y");
    let refused = |keys: &str, prepare: &dyn Fn(&Shop, Digest)| {
        let (shop, archive) = shop();
        shop.write("keys.gpg", gpg.keyring(&[keys]));
        prepare(&shop, archive);
        let said = shop.build().fails();
        shop.has_nothing();
        assert!(said.contains("chart `web` is not signed as this rule asks"), "{said}");
        said
    };
    let said = refused("maker", &|_, _| {});
    assert!(said.contains("it has no provenance file"), "{said}");
    let said = refused("stranger", &|shop, archive| sign(shop, &gpg, &text("web-1.2.3.tgz", archive)));
    assert!(said.contains("which is not among the keys that count here"), "{said}");
    let said = refused("maker", &|shop, _| sign(shop, &gpg, &text("web-1.2.3.tgz", Digest::of(b"another"))));
    assert!(said.contains("its provenance file is about sha256:"), "{said}");
    let said = refused("maker", &|shop, archive| sign(shop, &gpg, &text("other-1.2.3.tgz", archive)));
    assert!(said.contains("is about other files than web-1.2.3.tgz"), "{said}");
    let said = refused("maker", &|shop, archive| {
        sign(shop, &gpg, &text("web-1.2.3.tgz", Digest::of(b"another")));
        let signed = std::fs::read_to_string(shop.path("web-1.2.3.tgz.prov")).unwrap();
        shop.write("web-1.2.3.tgz.prov", signed.replace(&Digest::of(b"another").hex(), &archive.hex()));
    });
    assert!(said.contains("does not fit the text, which was changed"), "{said}");
    let said = refused("maker", &|shop, archive| {
        shop.write("text", text("web-1.2.3.tgz", archive));
        let keys = expired(&Gpg::new(), "--clearsign", &shop.path("text"), &shop.path("web-1.2.3.tgz.prov"));
        shop.write("keys.gpg", keys);
    });
    assert!(said.contains("the key expired on 20"), "{said}");
}
