//! Files that are signed by other files of the same component.

use manifests::Digest;
use manifests::evidence::{SignedBy, SignedKind};

use crate::gpg::Gpg;
use crate::keys::Pair;
use crate::shop::{Shop, expired};

const TOOL: &[u8] = b"#!/bin/sh\necho tool\n";

/// A shop with the files that are named, of which `tool` is one, and a rule.
fn shop(files: &[&str], rule: &str) -> Shop {
    let shop = Shop::new();
    shop.write("tool", TOOL);
    let asks: String = files.iter().map(|file| format!("  - {{ path: {file}, file: {file} }}\n")).collect();
    shop.stack(&format!("files:\n{asks}"), &format!("  - files: [\"demo/tool\"]\n{rule}"));
    shop
}

fn gpg() -> Gpg {
    let gpg = Gpg::new();
    gpg.key("maker", "ed25519", "2y");
    gpg
}

fn sums() -> String {
    format!("{}  other\n{}  tool\n", Digest::of(b"other").hex(), Digest::of(TOOL).hex())
}

#[test]
fn every_way_to_sign_a_file_is_verified_and_remembered() {
    let (gpg, pair) = (gpg(), Pair::new("p256"));
    let openpgp = "    openpgp: [keys.gpg]\n";
    type Prepare<'a> = &'a dyn Fn(&Shop);
    let detached: Prepare<'_> =
        &|shop| gpg.sign(&["maker"], &["--detach-sign"], &shop.path("tool"), &shop.path("tool.asc"));
    let binary: Prepare<'_> =
        &|shop| gpg.sign(&["maker"], &["--no-armor", "--detach-sign"], &shop.path("tool"), &shop.path("tool.sig"));
    let listed: Prepare<'_> =
        &|shop| gpg.sign(&["maker"], &["--detach-sign"], &shop.path("sums"), &shop.path("sums.asc"));
    let inline: Prepare<'_> =
        &|shop| gpg.sign(&["maker"], &["--clearsign"], &shop.path("sums"), &shop.path("sums.asc"));
    let cosign: Prepare<'_> = &|shop| shop.write("tool.sig", pair.sign(TOOL));
    for (files, rule, prepare, by) in [
        (&["tool", "tool.asc"][..], "    signature: \"{path}.asc\"\n", detached, SignedBy::OpenPgp),
        (&["tool", "tool.sig"], "    signature: tool.sig\n", binary, SignedBy::OpenPgp),
        (
            &["tool", "sums", "sums.asc"],
            "    checksums: sums\n    signature: sums.asc\n",
            listed,
            SignedBy::OpenPgpChecksums,
        ),
        (&["tool", "sums.asc"], "    checksums: sums.asc\n", inline, SignedBy::OpenPgpChecksums),
        (&["tool", "tool.sig"], "    cosign: [key.pub]\n    signature: \"{path}.sig\"\n", cosign, SignedBy::Cosign),
    ] {
        let keys = if rule.contains("cosign") { "" } else { openpgp };
        let shop = shop(files, &format!("{keys}{rule}"));
        shop.write("keys.gpg", gpg.keyring(&["maker"]));
        shop.write("key.pub", pair.public());
        shop.write("sums", sums());
        prepare(&shop);
        shop.build().ok();
        let signatures = shop.verified();
        let [signature] = signatures.as_slice() else { panic!("{rule}: {signatures:?}") };
        assert_eq!((signature.kind, signature.scheme), (SignedKind::File, by), "{rule}");
        assert_eq!((signature.item.as_str(), signature.digest), ("demo/tool", Digest::of(TOOL)), "{rule}");
    }
}

#[test]
fn what_is_not_signed_as_it_should_is_refused() {
    let gpg = gpg();
    let refused = |files: &[&str], rule: &str, prepare: &dyn Fn(&Shop)| {
        let shop = shop(files, &format!("    openpgp: [keys.gpg]\n{rule}"));
        shop.write("keys.gpg", gpg.keyring(&["maker"]));
        shop.write("sums", sums());
        prepare(&shop);
        let said = shop.build().fails();
        shop.has_nothing();
        assert!(said.contains("file `demo/tool` is not signed as this rule asks"), "{said}");
        said
    };
    let own = "    signature: \"{path}.asc\"\n";
    let said = refused(&["tool"], own, &|_| {});
    assert!(said.contains("its component has no file `tool.asc`, which would sign it"), "{said}");
    let sign = |shop: &Shop, file: &str| {
        gpg.sign(&["maker"], &["--detach-sign"], &shop.path(file), &shop.path(&format!("{file}.asc")));
    };
    let said = refused(&["tool", "tool.asc"], own, &|shop| {
        sign(shop, "tool");
        shop.write("tool", b"#!/bin/sh\nrm -rf /\n");
    });
    assert!(said.contains("does not fit the text, which was changed"), "{said}");
    let said = refused(&["tool", "tool.asc"], own, &|shop| {
        let keys = expired(&Gpg::new(), "--detach-sign", &shop.path("tool"), &shop.path("tool.asc"));
        shop.write("keys.gpg", keys);
    });
    assert!(said.contains("the key expired on 20"), "{said}");
    let said = refused(&["tool", "tool.asc"], own, &|shop| shop.write("tool.asc", "hello\n"));
    assert!(said.contains("its signature can't be read"), "{said}");
    let list = "    checksums: sums\n    signature: sums.asc\n";
    let said = refused(&["tool", "sums", "sums.asc"], list, &|shop| {
        shop.write("sums", sums().replace("  tool", "  tool2"));
        sign(shop, "sums");
    });
    assert!(said.contains("`sums` does not list tool"), "{said}");
    let said = refused(&["tool", "sums", "sums.asc"], list, &|shop| {
        sign(shop, "sums");
        shop.write("tool", b"other");
    });
    assert!(said.contains("`sums` has sha256:") && said.contains("for tool, which is sha256:"), "{said}");
}
