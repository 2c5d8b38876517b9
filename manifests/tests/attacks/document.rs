//! Attacks on the document.

use manifests::bundle::OpenError;
use manifests::fake::{self, FakeBundle};

use super::forge::{Forge, chain, damages};

fn refused(from: &str, to: &str) -> String {
    let mut forge = Forge::new();
    forge.edit(from, to);
    forge.refusal()
}

#[test]
fn the_forge_makes_good_bundles() {
    assert_eq!(damages(&Forge::new()), vec![]);
    let opened = Forge::new().open().unwrap();
    assert_eq!(opened.verify(&fake::trust()).unwrap().signers().len(), 1);
}

#[test]
fn a_changed_document_loses_its_signature() {
    let mut forge = Forge::new();
    forge.edit("\"1.0.0\"", "\"9.0.0\"");
    let error = forge.open().unwrap().verify(&fake::trust()).unwrap_err();
    assert!(matches!(error, OpenError::Untrusted { .. }), "{error}");
    let digest = Forge::new().open().unwrap().document_digest();
    let error = forge.open().unwrap().verify_pinned(&digest).unwrap_err();
    assert!(matches!(error, OpenError::WrongBundle { .. }), "{error}");
}

#[test]
fn a_document_of_another_type_or_version_is_refused_by_its_name() {
    let error = refused("application/vnd.airgap.bundle.v1+json", "application/vnd.airgap.bundle.v2+json");
    assert!(error.contains("is of type `application/vnd.airgap.bundle.v2+json`"), "{error}");
    // What is signed as something else, with the same key, is no bundle.
    let error = refused("application/vnd.airgap.bundle.v1+json", "application/vnd.airgap.volume-set.v1+json");
    assert!(error.contains("volume-set"), "{error}");
}

#[test]
fn an_unknown_requirement_is_refused_before_the_rest_is_understood() {
    let error = refused("\"name\": \"demo\"", "\"requires\": [\"regzip\"], \"name\": 7");
    assert!(error.ends_with("the bundle requires what this version does not know: regzip"), "{error}");
}

#[test]
fn an_unknown_encoding_is_refused() {
    let error = refused("\"encoding\": \"raw\"", "\"encoding\": \"regzip\"");
    assert!(error.contains("bundle.json can't be read"), "{error}");
}

#[test]
fn an_unknown_kind_and_unknown_fields_are_left_alone() {
    let mut forge = Forge::new();
    forge.edit("\"items\": [", "\"later\": {\"x\": 1}, \"items\": [{\"kind\": \"git\", \"x\": [1]},");
    let opened = forge.open().unwrap();
    assert_eq!(opened.claimed().items[0].kind(), "git");
}

#[test]
fn a_known_kind_that_is_broken_does_not_pass_as_an_unknown_one() {
    let error = refused("\"kind\": \"image\"", "\"kind\": \"image\", \"platforms\": 7");
    assert!(error.contains("bundle.json can't be read"), "{error}");
}

#[test]
fn paths_that_lead_out_are_refused() {
    for path in ["../etc/passwd", "/etc/passwd", "a/../../b", "a//b", "a/./b", "", "a\\\\b", "a\\u0000b", "a\\nb"] {
        let error = refused("\"path\": \"bin/tool\"", &format!("\"path\": \"{path}\""));
        assert!(error.contains("is not a path that a bundle may carry"), "{path}: {error}");
    }
    let error = refused("\"path\": \"bin/tool\"", &format!("\"path\": \"{}\"", "a/".repeat(600)));
    assert!(error.contains("is not a path that a bundle may carry"), "{error}");
}

#[test]
fn two_items_of_one_name_are_refused() {
    // The registry has one name space for all kinds.
    let error = refused("charts.example.com/stable/web:0.1.0", "docker.io/library/nginx:1.27");
    assert!(error.ends_with("`docker.io/library/nginx:1.27` stands in bundle.json twice"), "{error}");
}

#[test]
fn blobs_twice_or_out_of_order_are_refused() {
    let text = Forge::new().document();
    let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let blobs = value["blobs"].as_array_mut().unwrap();
    let first = blobs[0].clone();
    let changes: [fn(&mut Vec<serde_json::Value>, serde_json::Value); 2] =
        [|blobs, first| blobs.insert(1, first), |blobs, _| blobs.swap(0, 1)];
    for change in changes {
        let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
        change(value["blobs"].as_array_mut().unwrap(), first.clone());
        let mut forge = Forge::new();
        forge.set_document(&value.to_string());
        assert!(forge.refusal().contains("stands at the wrong place of bundle.json, or twice"));
    }
    // The same blob in two encodings would be two places for one digest.
    let mut twice = first.clone();
    twice["encoding"] = "zstd".into();
    let blobs = value["blobs"].as_array_mut().unwrap();
    blobs.push(twice);
    blobs.sort_by_key(|blob| (blob["encoding"].to_string(), blob["digest"].to_string()));
    let mut forge = Forge::new();
    forge.set_document(&value.to_string());
    assert!(forge.refusal().contains("stands at the wrong place of bundle.json, or twice"));
}

#[test]
fn sizes_that_overflow_or_are_huge_are_refused() {
    for size in ["18446744073709551615", "9223372036854775807", "17592186044417"] {
        let error = refused("\"size\": 300000,\n      \"encoding\"", &format!("\"size\": {size}, \"encoding\""));
        assert!(error.contains("add up to more than any file can hold"), "{error}");
    }
    // Within the limits, but not what the archive holds: no memory is taken for it.
    let mut forge = Forge::new();
    forge.edit("\"size\": 300000,\n      \"encoding\"", "\"size\": 17000000000000, \"encoding\"");
    let opened = forge.open().unwrap();
    let digest = opened.document_digest();
    let error = opened.verify_pinned(&digest).unwrap_err();
    assert!(error.to_string().contains("the seek table"), "{error}");
}

#[test]
fn a_missing_blob_is_refused() {
    let forge = Forge::new();
    let mut value: serde_json::Value = serde_json::from_str(&forge.document()).unwrap();
    value["blobs"].as_array_mut().unwrap().retain(|blob| blob["size"] != 8);
    let mut forge = forge;
    forge.set_document(&value.to_string());
    assert!(forge.refusal().contains("which is not among the blobs"), "{}", forge.refusal());
}

#[test]
fn a_document_that_is_too_large_is_not_read() {
    let mut forge = Forge::new();
    let text = forge.document();
    let mut header = tar::Header::from_byte_slice(&forge.unpacked(0)[..512]).clone();
    for size in [(32 << 20) + 1, 1 << 40, u64::MAX >> 1] {
        header.set_size(size);
        header.set_cksum();
        forge.set_document_member(&header, &text);
        let error = forge.refusal();
        assert!(error.contains("at most 33554432 are read"), "{error}");
    }
}

#[test]
fn nesting_too_deep_is_refused() {
    let deep = format!("\"lock\": {}1{}, \"name\": \"demo\"", "[".repeat(100_000), "]".repeat(100_000));
    assert!(refused("\"name\": \"demo\"", &deep).contains("bundle.json can't be read"));
}

#[test]
fn too_many_items_are_refused() {
    let many = "{\"kind\":\"x\"},".repeat(20_001);
    let error = refused("\"items\": [", &format!("\"items\": [{many}"));
    assert!(error.contains("at most 20000 are read"), "{error}");
}

#[test]
fn short_values_that_take_much_memory_are_refused_before_they_do() {
    for many in ["0,".repeat(3_000_001), "{},".repeat(400_000), "\"a\\\"\",".repeat(3_000_001)] {
        let error = refused("\"name\": \"demo\"", &format!("\"lock\": [{many}0], \"name\": \"demo\""));
        assert!(error.ends_with("values; at most 3000000 are read"), "{error}");
    }
    // Commas within text are no values.
    let text = ",".repeat(3_000_001);
    let mut forge = Forge::new();
    forge.edit("\"name\": \"demo\"", &format!("\"lock\": \"{text}\", \"name\": \"demo\""));
    assert!(forge.open().is_ok());
}

#[test]
fn a_header_that_is_not_the_documents_is_refused() {
    let good = Forge::new();
    let text = good.document();
    let header = tar::Header::from_byte_slice(&good.unpacked(0)[..512]).clone();
    let changes: [fn(&mut tar::Header); 5] = [
        |header| header.set_entry_type(tar::EntryType::Symlink),
        |header| header.as_gnu_mut().unwrap().name[..6].copy_from_slice(b"../../"),
        |header| header.set_mode(0o4755),
        |header| header.set_uid(1000),
        |header| header.set_mtime(7),
    ];
    for change in changes {
        let (mut forge, mut header) = (good.clone(), header.clone());
        change(&mut header);
        header.set_cksum();
        forge.set_document_member(&header, &text);
        assert!(matches!(forge.open(), Err(OpenError::NotABundle { .. })));
    }
}

#[test]
fn errors_name_the_file_and_end_with_the_cause() {
    let mut forge = Forge::of(&FakeBundle::new("demo", "1.0.0"));
    forge.set_document("{");
    let error = forge.open().unwrap_err();
    assert!(error.to_string().ends_with("/forged"), "{error}");
    assert!(chain(&error).contains("EOF while parsing"), "{}", chain(&error));
}

/// A bundle with a mirror besides, one field of which is as somebody wants it.
fn mirrored(field: &str, value: serde_json::Value) -> Forge {
    let mut forge = Forge::new();
    let document: serde_json::Value = serde_json::from_str(&forge.document()).unwrap();
    let (digest, size) = (&document["blobs"][0]["digest"], &document["blobs"][0]["size"]);
    let mut mirror = serde_json::json!({
        "kind": "mirror", "name": "debian", "reference": "bundle.local/mirrors/debian:1.0.0",
        "descriptor": {"mediaType": "application/vnd.oci.image.index.v1+json", "digest": digest, "size": size},
        "source": "https://deb.example.org/debian", "suites": [{"suite": "bookworm", "date": "2026-01-01T00:00:00Z"}],
        "components": ["main"], "architectures": ["amd64"], "translations": false,
        "key": {"digest": digest, "size": size}, "packages": 1, "size": 1,
    });
    if field == "mediaType" {
        mirror["descriptor"]["mediaType"] = value;
    } else {
        mirror[field] = value;
    }
    forge.edit("\"items\": [", &format!("\"items\": [{mirror},"));
    forge
}

#[test]
fn a_mirror_that_contradicts_itself_or_leads_elsewhere_is_refused() {
    assert!(mirrored("packages", 1.into()).open().is_ok());
    let suite = |name: &str| serde_json::json!({"suite": name, "date": "2026-01-01T00:00:00Z"});
    for (field, value, refusal) in [
        ("mediaType", "application/vnd.oci.image.manifest.v1+json".into(), "it is no index"),
        ("suites", serde_json::json!([]), "it needs a suite and an architecture"),
        ("architectures", serde_json::json!([]), "it needs a suite and an architecture"),
        ("suites", serde_json::json!([suite("bookworm"), suite("bookworm")]), "a suite stands there twice"),
        ("suites", serde_json::json!([suite("./")]), "a flat suite has no components, and every other one has"),
        ("components", serde_json::json!([]), "a flat suite has no components, and every other one has"),
        ("components", serde_json::json!(["main\nTrusted: yes"]), "is no component"),
        ("absent", serde_json::json!(["amd64"]), "amd64 is carried and absent"),
        ("suites", serde_json::json!([suite("../../etc")]), "bundle.json can't be read"),
        ("suites", serde_json::json!([suite("bookworm\nTrusted: yes")]), "bundle.json can't be read"),
        ("name", "../x".into(), "bundle.json can't be read"),
        ("architectures", serde_json::json!(["amd64\n"]), "bundle.json can't be read"),
    ] {
        let error = mirrored(field, value).refusal();
        assert!(error.contains(refusal), "{field}, {refusal}: {error}");
    }
}
