//! Images that are signed by cosign with a key.

use manifests::evidence::{SignedBy, SignedKind};
use serde_json::json;

use crate::keys::Pair;
use crate::shop::{PAYLOAD, Shop, payload};

/// A shop with the image `app`, and a rule that `key.pub` signs all images of the team.
fn shop(pair: &Pair) -> (Shop, manifests::Digest) {
    let shop = Shop::new();
    let digest = shop.push("app:1", "an app\n");
    shop.write("key.pub", pair.public());
    let rule = format!("  - images: [\"{}/team/*\"]\n    cosign: [key.pub]\n", shop.registry.address);
    shop.stack(&format!("images: [\"{}\"]\n", shop.image("app:1")), &rule);
    (shop, digest)
}

#[test]
fn keys_of_every_kind_that_cosign_knows_are_verified_and_remembered() {
    for kind in ["p256", "p384", "p384-sha384", "rsa", "ed25519"] {
        let pair = Pair::new(kind);
        let (shop, digest) = shop(&pair);
        shop.sign("app:1", digest, &pair);
        shop.build().ok();
        let signatures = shop.verified();
        let [signature] = signatures.as_slice() else { panic!("{kind}: {signatures:?}") };
        assert_eq!((signature.kind, signature.scheme), (SignedKind::Image, SignedBy::Cosign));
        assert_eq!((&signature.item, signature.digest), (&shop.image("app:1"), digest), "{kind}");
        assert_eq!(
            (signature.key_file.as_deref(), signature.rule.to_string().as_str()),
            (Some("key.pub"), "stack.yaml:9")
        );
        assert!(signature.key.starts_with("sha256:"), "{}", signature.key);
    }
}

#[test]
fn the_report_tells_what_was_verified_and_by_which_key() {
    let pair = Pair::new("p256");
    let (shop, digest) = shop(&pair);
    shop.sign("app:1", digest, &pair);
    shop.build().ok();
    let key = shop.verified()[0].key.clone();
    shop.run("report demo.tar.zst --output report.html").ok();
    let page = std::fs::read_to_string(shop.path("report.html")).unwrap();
    assert!(page.contains(">verified</span>") && page.contains(&key) && page.contains("key.pub"), "{page}");
}

#[test]
fn a_key_may_stand_in_the_stack() {
    let pair = Pair::new("p256");
    let (shop, digest) = shop(&pair);
    shop.sign("app:1", digest, &pair);
    let key: String = pair.public().lines().map(|line| format!("        {line}\n")).collect();
    let rule = format!("  - images: [\"*\"]\n    cosign:\n      - |\n{key}");
    shop.stack(&format!("images: [\"{}\"]\n", shop.image("app:1")), &rule);
    shop.build().ok();
    assert_eq!(shop.verified().len(), 1);
}

#[test]
fn what_is_not_signed_by_the_key_is_refused() {
    let (pair, other) = (Pair::new("p256"), Pair::new("p256"));
    let refused = |prepare: &dyn Fn(&Shop, manifests::Digest)| {
        let (shop, digest) = shop(&pair);
        prepare(&shop, digest);
        let said = shop.build().fails();
        shop.has_nothing();
        assert!(said.contains("is not signed as this rule asks") && said.contains("stack.yaml:9"), "{said}");
        assert!(shop.run("lock stack.yaml").fails().contains("is not signed as this rule asks"));
        shop.has_nothing();
        said
    };
    let signed = |signature: String| json!({"dev.cosignproject.cosign/signature": signature});

    let said = refused(&|_, _| {});
    assert!(said.contains("no signature stands beside it"), "{said}");

    let said = refused(&|shop, digest| shop.sign("app:1", digest, &other));
    assert!(said.contains("by none of the keys of the rule, or what it signs was changed"), "{said}");

    // Rightly signed, but another image: somebody moved a signature.
    let said = refused(&|shop, digest| {
        let elsewhere = payload(&shop.image("app:1"), manifests::Digest::of(b"another image"));
        shop.attach("app:1", digest, &[(PAYLOAD, &elsewhere, signed(pair.sign(&elsewhere)))]);
    });
    assert!(said.contains("the key `key.pub` signed sha256:") && said.contains(", and this is sha256:"), "{said}");

    // The payload names this image, and was not what was signed.
    let said = refused(&|shop, digest| {
        let elsewhere = payload(&shop.image("app:1"), manifests::Digest::of(b"another image"));
        let here = payload(&shop.image("app:1"), digest);
        shop.attach("app:1", digest, &[(PAYLOAD, &here, signed(pair.sign(&elsewhere)))]);
    });
    assert!(said.contains("or what it signs was changed"), "{said}");

    // The key signed something, but no image.
    let said = refused(&|shop, digest| {
        let text = String::from_utf8(payload(&shop.image("app:1"), digest)).unwrap();
        let text = text.replace("cosign container image signature", "another thing").into_bytes();
        shop.attach("app:1", digest, &[(PAYLOAD, &text, signed(pair.sign(&text)))]);
    });
    assert!(said.contains("is of another type"), "{said}");

    let said = refused(&|shop, digest| {
        let here = payload(&shop.image("app:1"), digest);
        shop.attach("app:1", digest, &[(PAYLOAD, &here, json!({})), (PAYLOAD, b"{}", signed("!".to_owned()))]);
    });
    assert!(said.contains("a payload has no signature") && said.contains("a signature is no base64"), "{said}");
}

#[test]
fn one_right_signature_among_others_is_enough() {
    let (pair, other) = (Pair::new("p256"), Pair::new("rsa"));
    let (shop, digest) = shop(&pair);
    let here = payload(&shop.image("app:1"), digest);
    let by = |pair: &Pair| json!({"dev.cosignproject.cosign/signature": pair.sign(&here)});
    shop.attach("app:1", digest, &[(PAYLOAD, &here, by(&other)), (PAYLOAD, &here, by(&pair))]);
    shop.build().ok();
    assert_eq!(shop.verified().len(), 1);
}

#[test]
fn all_that_is_not_signed_is_told_at_once_and_nothing_else() {
    let pair = Pair::new("p256");
    let (shop, digest) = shop(&pair);
    shop.sign("app:1", digest, &pair);
    let names: Vec<String> = ["app:1", "one:1", "two:1", "three:1"].iter().map(|name| shop.image(name)).collect();
    for name in ["one:1", "two:1", "three:1"] {
        shop.push(name, name);
    }
    let rule = format!(
        "  - images: [\"{}/team/*\"]\n    except: [\"*/team/three\"]\n    cosign: [key.pub]\n",
        shop.registry.address
    );
    shop.stack(&format!("images: [{}]\n", names.join(", ")), &rule);
    let said = shop.build().fails();
    assert!(said.contains("the stack's rules of trust are not kept in 2 places"), "{said}");
    for (name, told) in names.iter().zip([false, true, true, false]) {
        assert_eq!(said.contains(&format!("image `{name}` is not signed")), told, "{name} in {said}");
    }
    shop.has_nothing();
}

#[test]
fn what_need_not_be_signed_must_not_be_signed_wrongly() {
    let (pair, other) = (Pair::new("p256"), Pair::new("p256"));
    let (shop, digest) = shop(&pair);
    let rule = "  - images: [\"*\"]\n    cosign: [key.pub]\n    require: false\n";
    shop.stack(&format!("images: [\"{}\"]\n", shop.image("app:1")), rule);
    shop.build().ok();
    assert!(shop.verified().is_empty(), "nothing is claimed");
    shop.sign("app:1", digest, &other);
    let said = shop.build().fails();
    assert!(said.contains("by none of the keys of the rule"), "{said}");
}

#[test]
fn a_rule_that_is_newer_than_the_lock_holds_for_what_is_locked() {
    let pair = Pair::new("p256");
    let (shop, digest) = shop(&pair);
    let rule = std::fs::read_to_string(shop.path("stack.yaml")).unwrap();
    shop.write("stack.yaml", rule.split("trust:").next().unwrap());
    shop.run("lock stack.yaml").ok();
    shop.write("stack.yaml", &rule);
    for command in ["lock stack.yaml", "build stack.yaml --locked --unsigned -o demo.tar.zst"] {
        assert!(shop.run(command).fails().contains("no signature stands beside it"), "{command}");
    }
    // What is beside an image is locked with it, so a signature that came later is locked anew.
    shop.sign("app:1", digest, &pair);
    shop.run("lock stack.yaml --update").ok();
    shop.run("build stack.yaml --locked --unsigned -o demo.tar.zst").ok();
    assert_eq!(shop.verified().len(), 1);
}

#[test]
fn a_pattern_that_meets_nothing_and_a_key_that_is_none_are_errors() {
    let pair = Pair::new("p256");
    let (shop, digest) = shop(&pair);
    shop.sign("app:1", digest, &pair);
    shop.write("not-a-key", "hello\n");
    shop.write("p521.pub", Pair::new("p521").public());
    let rule = "  - images: [\"*\", \"quay.io/typo/*\"]\n    cosign: [key.pub]\n  - images: [\"*\"]\n    \
                cosign: [not-a-key, p521.pub, missing.pub]\n";
    shop.stack(&format!("images: [\"{}\"]\n", shop.image("app:1")), rule);
    let said = shop.build().fails();
    for told in [
        "no image of this stack is called `quay.io/typo/*`",
        "can't use the key not-a-key: it is no public key in PEM",
        "can't use the key p521.pub: its kind is not supported",
        "can't use the key missing.pub: No such file or directory",
        "not kept in 4 places",
    ] {
        assert!(said.contains(told), "{told} in {said}");
    }
    shop.has_nothing();
}

#[test]
fn a_weak_key_verifies_nothing() {
    let pair = Pair::new("rsa-weak");
    let (shop, digest) = shop(&pair);
    shop.sign("app:1", digest, &pair);
    assert!(shop.build().fails().contains("by none of the keys of the rule"));
}
