//! Images that are signed as cosign 3 does: bundles of sigstore.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use manifests::Digest;
use serde_json::{Value, json};

use crate::docker_registry::run;
use crate::keys::Pair;
use crate::shop::Shop;

const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const SIGN: &str = "https://sigstore.dev/cosign/sign/v1";

/// A shop with the image `app`, and beside it a bundle that `make` makes of its digest.
fn shop(pair: &Pair, make: impl Fn(&Shop, Digest) -> Value) -> Shop {
    let shop = Shop::new();
    let digest = shop.push("app:1", "an app\n");
    shop.write("key.pub", pair.public());
    let rule = "  - images: [\"*/team/app\"]\n    cosign: [key.pub]\n";
    shop.stack(&format!("images: [\"{}\"]\n", shop.image("app:1")), rule);
    let mut bundle = make(&shop, digest);
    bundle["mediaType"] = BUNDLE.into();
    bundle["verificationMaterial"] = json!({"publicKey": {"hint": "x"}});
    shop.attach("app:1", digest, &[(BUNDLE, bundle.to_string().as_bytes(), json!({}))]);
    shop
}

/// A statement about a digest in its envelope, signed.
fn envelope(pair: &Pair, predicate: &str, about: Digest) -> Value {
    let kind = "application/vnd.in-toto+json";
    let statement = json!({"_type": "https://in-toto.io/Statement/v1", "predicateType": predicate, "predicate": {},
        "subject": [{"digest": {"sha256": about.hex()}}]});
    let statement = statement.to_string();
    let message = format!("DSSEv1 {} {kind} {} {statement}", kind.len(), statement.len());
    json!({"dsseEnvelope": {"payload": STANDARD.encode(&statement), "payloadType": kind,
        "signatures": [{"sig": pair.sign(message.as_bytes())}]}})
}

#[test]
fn statements_and_signatures_over_the_manifest_are_verified() {
    for kind in ["p256", "ed25519"] {
        let pair = Pair::new(kind);
        let shop = shop(&pair, |_, digest| envelope(&pair, SIGN, digest));
        shop.build().ok();
        assert_eq!(shop.verified().len(), 1, "{kind}");
    }
    let pair = Pair::new("p256");
    let shop = shop(&pair, |shop, _| {
        let image = format!("docker://{}", shop.image("app:1"));
        let manifest = run("skopeo", &["inspect", "--raw", "--tls-verify=false", &image]).stdout;
        json!({"messageSignature": {"signature": pair.sign(&manifest)}})
    });
    shop.build().ok();
    assert_eq!(shop.verified().len(), 1);
}

#[test]
fn what_signs_no_image_or_another_is_refused() {
    let (pair, other) = (Pair::new("p256"), Pair::new("p256"));
    let refused = |make: &dyn Fn(Digest) -> Value| {
        let shop = shop(&pair, |_, digest| make(digest));
        let said = shop.build().fails();
        shop.has_nothing();
        said
    };
    let said = refused(&|digest| envelope(&other, SIGN, digest));
    assert!(said.contains("by none of the keys of the rule"), "{said}");
    let said = refused(&|_| envelope(&pair, SIGN, Digest::of(b"another image")));
    assert!(said.contains("signed sha256:") && said.contains("and this is sha256:"), "{said}");
    // A statement about how it was built says nothing of who lets it run.
    let said = refused(&|digest| envelope(&pair, "https://slsa.dev/provenance/v1", digest));
    assert!(said.contains("no signature stands beside it"), "{said}");
    let said = refused(&|digest| {
        let mut changed = envelope(&pair, SIGN, Digest::of(b"another image"));
        changed["dsseEnvelope"]["payload"] = envelope(&pair, SIGN, digest)["dsseEnvelope"]["payload"].clone();
        changed
    });
    assert!(said.contains("or what it signs was changed"), "{said}");
    let said = refused(&|_| json!({"messageSignature": {"signature": pair.sign(b"another manifest")}}));
    assert!(said.contains("by none of the keys of the rule"), "{said}");
    let said = refused(&|_| json!({}));
    assert!(said.contains("holds no signature, or two"), "{said}");
}
