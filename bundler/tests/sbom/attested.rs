//! SBOMs of upstream's that are carried beside an image: they are preferred, and that is said.

use std::collections::BTreeMap;

use base64::Engine as _;
use manifests::Digest;
use manifests::document::{Image, Item};
use manifests::fake::FakeBundle;
use manifests::oci::{Descriptor, Index, Manifest, annotation, media_type};
use serde_json::{Value, json};

use crate::fixtures::{Layer, node, sbom, site, unread, urls};
use crate::site::Site;

const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const ATTESTED: &str = "pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64&distro=alpine-3.20.1";
const IN_LAYERS: &str = "pkg:npm/a@1.0.0";

fn spdx() -> Value {
    json!({"spdxVersion": "SPDX-2.3", "packages": [{"name": "musl", "licenseDeclared": "MIT", "externalRefs": [
        {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": ATTESTED}]}]})
}

fn statement(kind: &str, about: &Digest) -> Value {
    json!({"_type": "https://in-toto.io/Statement/v0.1", "predicateType": kind,
        "subject": [{"name": "app", "digest": {"sha256": about.hex()}}], "predicate": spdx()})
}

fn manifest(
    bundle: &mut FakeBundle,
    config: Descriptor,
    layers: Vec<Descriptor>,
    subject: Option<Descriptor>,
) -> Descriptor {
    let manifest = Manifest {
        schema_version: 2,
        media_type: Some(media_type::OCI_MANIFEST.to_owned()),
        artifact_type: None,
        config,
        layers,
        subject,
        annotations: BTreeMap::new(),
    };
    bundle.blob(media_type::OCI_MANIFEST, &serde_json::to_vec(&manifest).unwrap())
}

/// An image whose layer holds a package of Node, and what stands beside it.
fn image(beside: impl FnOnce(&mut FakeBundle, &Descriptor) -> (Option<Descriptor>, Vec<Descriptor>)) -> Site {
    let mut bundle = FakeBundle::new("b", "1.0.0");
    let config = bundle.blob(CONFIG, br#"{"os": "linux", "architecture": "amd64"}"#);
    let layer = Layer::new().file("node_modules/a/package.json", node("a", "1.0.0")).gzip();
    let layer = bundle.blob("application/vnd.oci.image.layer.v1.tar+gzip", &layer);
    let image = manifest(&mut bundle, config, vec![layer], None);
    let (in_index, attached) = beside(&mut bundle, &image);
    let index = Index {
        schema_version: 2,
        media_type: Some(media_type::OCI_INDEX.to_owned()),
        manifests: std::iter::once(image).chain(in_index).collect(),
        annotations: BTreeMap::new(),
    };
    let descriptor = bundle.blob(media_type::OCI_INDEX, &serde_json::to_vec(&index).unwrap());
    let reference = "example.com/app:1".parse().unwrap();
    site(&bundle.item(Item::from(Image { reference, descriptor, platforms: vec![], attached, component: None })))
}

/// A manifest with one layer.
fn beside(bundle: &mut FakeBundle, kind: &str, content: &Value, subject: Option<Descriptor>) -> Descriptor {
    let config = bundle.blob(CONFIG, b"{}");
    let layer = bundle.blob(kind, content.to_string().as_bytes());
    manifest(bundle, config, vec![layer], subject)
}

fn as_buildkit_does(bundle: &mut FakeBundle, of: &Descriptor, about: &Digest, kind: &str) -> Descriptor {
    let mut attestation = beside(bundle, "application/vnd.in-toto+json", &statement(kind, about), None);
    attestation.annotations = BTreeMap::from([
        ("vnd.docker.reference.type".to_owned(), "attestation-manifest".to_owned()),
        ("vnd.docker.reference.digest".to_owned(), of.digest.to_string()),
    ]);
    attestation
}

fn told_by(site: &Site, options: &str) -> String {
    let sbom = sbom(site, options);
    let properties = sbom["components"][0]["properties"].as_array().unwrap().clone();
    let told = properties.iter().find(|property| property["name"] == "airgap:contents").unwrap();
    told["value"].as_str().unwrap().to_owned()
}

#[test]
fn what_buildkit_puts_into_the_index_is_preferred_and_said_to_be_unchecked() {
    let site = image(|bundle, image| {
        (Some(as_buildkit_does(bundle, image, &image.digest, "https://spdx.dev/Document")), vec![])
    });
    let found = sbom(&site, "");
    assert_eq!(found["components"].as_array().unwrap().len(), 1, "the attestation is no image");
    assert_eq!(urls(&found["components"][0]), [ATTESTED]);
    let told = told_by(&site, "");
    assert!(told.starts_with("as upstream says in the SPDX document sha256:"), "{told}");
    assert!(told.ends_with("whose signature was not checked"), "{told}");
    assert_eq!(urls(&sbom(&site, "--read-layers")["components"][0]), [IN_LAYERS]);
    assert_eq!(told_by(&site, "--read-layers"), "read from its one layer");
}

#[test]
fn what_cosign_attaches_and_what_refers_to_the_image_is_found() {
    let envelope = |image: &Descriptor| {
        let statement = statement("https://spdx.dev/Document", &image.digest).to_string();
        let payload = base64::prelude::BASE64_STANDARD.encode(statement);
        json!({"payloadType": "application/vnd.in-toto+json", "payload": payload, "signatures": []})
    };
    let cosign = image(|bundle, image| {
        let mut attached = beside(bundle, "application/vnd.dsse.envelope.v1+json", &envelope(image), None);
        let tag = format!("sha256-{}.att", image.digest.hex());
        attached.annotations.insert(annotation::REF_NAME.to_owned(), tag);
        (None, vec![attached])
    });
    let cyclone = json!({"bomFormat": "CycloneDX", "specVersion": "1.5",
        "components": [{"type": "library", "name": "musl", "purl": ATTESTED}]});
    let referrer = image(|bundle, image| {
        let subject = Some(image.clone());
        (None, vec![beside(bundle, "application/vnd.cyclonedx+json", &cyclone, subject)])
    });
    for (site, format) in [(cosign, "SPDX"), (referrer, "CycloneDX")] {
        assert_eq!(urls(&sbom(&site, "")["components"][0]), [ATTESTED], "{format}");
        assert!(told_by(&site, "").contains(&format!("in the {format} document")), "{format}");
    }
}

#[test]
fn what_is_about_something_else_or_broken_is_told_and_the_layers_are_read() {
    let other = image(|bundle, image| {
        (Some(as_buildkit_does(bundle, image, &Digest::of(b"other"), "https://spdx.dev/Document")), vec![])
    });
    assert!(unread(&other)[0].ends_with("was not used: it is about another image"), "{:?}", unread(&other));
    let broken = image(|bundle, image| {
        (None, vec![beside(bundle, "application/spdx+json", &json!({"packages": 7}), Some(image.clone()))])
    });
    assert!(unread(&broken)[0].contains("was not used: invalid type"), "{:?}", unread(&broken));
    let provenance = image(|bundle, image| {
        (Some(as_buildkit_does(bundle, image, &image.digest, "https://slsa.dev/provenance/v1")), vec![])
    });
    assert_eq!(unread(&provenance), [""; 0]);
    for site in [other, broken, provenance] {
        assert_eq!(urls(&sbom(&site, "")["components"][0]), [IN_LAYERS]);
    }
}
