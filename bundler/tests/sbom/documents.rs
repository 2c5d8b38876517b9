//! The documents: what their standards ask for, and that the same bundle has the same ones.

use std::collections::BTreeSet;

use manifests::fake::FakeBundle;
use serde_json::Value;

use crate::fixtures::{Layer, node, sbom, site};
use crate::site::Site;

/// A bundle of everything.
fn everything() -> Site {
    let copyright = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n\
                     Files: *\nCopyright: x\nLicense: GPL-2+ with an exception\n";
    let layer = Layer::new()
        .file("etc/os-release", "ID=debian\nVERSION_ID=12\n")
        .file("var/lib/dpkg/status", "Package: a\nVersion: 1~rc1-1\nArchitecture: amd64\n")
        .file("usr/share/doc/a/copyright", copyright)
        .file("node_modules/x/package.json", r#"{"name": "x", "version": "1", "license": "(MIT OR Apache-2.0)"}"#)
        .file("node_modules/y/package.json", node("y", "1"))
        .file("broken.jar", "no zip")
        .gzip();
    let control = "Package: libssl3\nSource: openssl\nVersion: 3.0.11-1~deb12u2\nArchitecture: amd64\n";
    site(
        &FakeBundle::new("b", "1.0.0")
            .image("example.com/app:1", &[&layer])
            .image("example.com/copy:1", &[&layer])
            .chart("charts.example.com/stable/web", "web", "0.1.0", b"a chart")
            .files("tools", &[("bin/tool", b"#!/bin/sh\n")])
            .packages("bookworm", "amd64", &[(control, b"a deb")], &[("tools", "libssl3")]),
    )
}

fn spdx(site: &Site) -> Value {
    sbom(site, "-o spdx-json")
}

/// All components, also those within others.
fn all<'a>(components: &'a Value, found: &mut Vec<&'a Value>) {
    for component in components.as_array().into_iter().flatten() {
        found.push(component);
        all(&component["components"], found);
    }
}

#[test]
fn cyclonedx_has_what_its_schema_asks_for() {
    let bom = sbom(&everything(), "");
    assert_eq!(
        (&bom["bomFormat"], &bom["specVersion"], &bom["version"]),
        (&"CycloneDX".into(), &"1.6".into(), &1.into())
    );
    let serial = bom["serialNumber"].as_str().unwrap().strip_prefix("urn:uuid:").unwrap();
    let lengths: Vec<usize> = serial.split('-').map(str::len).collect();
    assert!(lengths == [8, 4, 4, 4, 12] && serial.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit()), "{serial}");
    assert_eq!(bom["metadata"]["timestamp"], "2026-01-02T03:04:05Z");
    let mut components = vec![&bom["metadata"]["component"]];
    all(&bom["components"], &mut components);
    const TYPES: [&str; 6] = ["application", "container", "library", "file", "operating-system", "data"];
    let mut references = BTreeSet::new();
    for component in &components {
        assert!(TYPES.contains(&component["type"].as_str().unwrap()), "{component}");
        assert!(!component["name"].as_str().unwrap().is_empty(), "{component}");
        assert!(references.insert(component["bom-ref"].as_str().unwrap()), "twice: {component}");
        for hash in component["hashes"].as_array().into_iter().flatten() {
            assert_eq!((&hash["alg"], hash["content"].as_str().unwrap().len()), (&"SHA-256".into(), 64));
        }
        let licences = component["licenses"].as_array().map(Vec::as_slice).unwrap_or_default();
        let expressions = licences.iter().filter(|licence| licence["expression"].is_string()).count();
        assert!(expressions == 0 || licences.len() == 1, "{component}");
        for licence in licences.iter().filter_map(|licence| licence.get("license")) {
            let (id, name) = (licence["id"].is_string(), licence["name"].is_string());
            assert!(id != name, "{component}");
        }
    }
    let named: Vec<&str> =
        bom["dependencies"][0]["dependsOn"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    assert_eq!(named, ["image-1", "image-2", "chart-1", "deb-1", "file-1"]);
    let assemblies = &bom["compositions"][0]["assemblies"];
    for reference in named.into_iter().chain(assemblies.as_array().unwrap().iter().map(|it| it.as_str().unwrap())) {
        assert!(references.contains(reference), "{reference} is no component");
    }
    assert_eq!(*assemblies, serde_json::json!(["image-1", "image-2"]), "of both, an archive was not read");
    let deb = components.iter().find(|component| component["bom-ref"] == "deb-1").unwrap();
    assert_eq!(deb["purl"], "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12&upstream=openssl");
    let expression = components.iter().rfind(|component| component["purl"] == "pkg:npm/x@1").unwrap();
    assert_eq!(expression["licenses"][0]["expression"], "(MIT OR Apache-2.0)");
}

#[test]
fn spdx_has_what_its_specification_asks_for() {
    let document = spdx(&everything());
    assert_eq!((&document["spdxVersion"], &document["dataLicense"]), (&"SPDX-2.3".into(), &"CC0-1.0".into()));
    assert_eq!((&document["SPDXID"], &document["name"]), (&"SPDXRef-DOCUMENT".into(), &"b-1.0.0".into()));
    assert!(document["documentNamespace"].as_str().unwrap().starts_with("urn:uuid:"));
    assert_eq!(document["creationInfo"]["created"], "2026-01-02T03:04:05Z");
    assert!(document["creationInfo"]["creators"][0].as_str().unwrap().starts_with("Tool: airgap-bundle-"));
    let texts = document["hasExtractedLicensingInfos"].as_array().unwrap();
    let defined: BTreeSet<&str> = texts.iter().map(|text| text["licenseId"].as_str().unwrap()).collect();
    assert_eq!(texts[0]["extractedText"], "GPL-2+ with an exception");
    let mut ids = BTreeSet::from(["SPDXRef-DOCUMENT"]);
    for package in document["packages"].as_array().unwrap() {
        let id = package["SPDXID"].as_str().unwrap();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
        assert!(id.strip_prefix("SPDXRef-").is_some_and(|rest| rest.chars().all(is_plain)), "{id}");
        assert!(ids.insert(id), "twice: {id}");
        assert!(!package["name"].as_str().unwrap().is_empty() && package["downloadLocation"].is_string(), "{package}");
        assert_eq!(package["filesAnalyzed"], false, "{package}");
        let declared = package["licenseDeclared"].as_str().unwrap();
        if declared != "NOASSERTION" {
            let words = declared.split([' ', '(', ')']).filter(|word| word.starts_with("LicenseRef-"));
            words.for_each(|word| assert!(defined.contains(word), "{word} is defined nowhere"));
            assert!(spdx::Expression::parse(declared).is_ok(), "{declared}");
        }
    }
    let relationships = document["relationships"].as_array().unwrap();
    assert_eq!(relationships[0]["relationshipType"], "DESCRIBES");
    let mut contained = BTreeSet::from(["SPDXRef-DOCUMENT"]);
    for relationship in relationships {
        let (by, what) = (&relationship["spdxElementId"], relationship["relatedSpdxElement"].as_str().unwrap());
        assert!(ids.contains(by.as_str().unwrap()) && ids.contains(what), "{relationship}");
        contained.insert(what);
    }
    assert_eq!(contained, ids, "each element is in something");
}

#[test]
fn the_same_bundle_has_the_same_bytes_and_another_one_another_name() {
    let (site, again) = (everything(), everything());
    for format in ["cyclonedx-json", "spdx-json"] {
        let run =
            |site: &Site, jobs: &str| site.run(&format!("sbom b.tar.zst --trust trust -q -o {format} -j {jobs}")).ok();
        let first = run(&site, "1");
        assert!(first == run(&site, "3") && first == run(&again, "2"), "{format}");
        site.run(&format!("sbom b.tar.zst --trust trust -q -o {format} --output out.json")).ok();
        assert_eq!(std::fs::read_to_string(site.path("out.json")).unwrap(), first);
        let other: Value =
            serde_json::from_str(&site.run(&format!("sbom demo.tar.zst --trust trust -q -o {format}")).ok()).unwrap();
        let first: Value = serde_json::from_str(&first).unwrap();
        let name = |it: &Value| it.get("serialNumber").or(it.get("documentNamespace")).unwrap().clone();
        assert_ne!(name(&first), name(&other));
    }
}

#[test]
fn an_output_that_cannot_be_written_leaves_nothing() {
    let site = everything();
    let said = site.run("sbom b.tar.zst --trust trust --output nowhere/out.json").fails(1);
    assert!(said.contains("error: can't write the SBOM to `nowhere/out.json`"), "{said}");
}
