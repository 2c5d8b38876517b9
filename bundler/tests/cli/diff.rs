//! `diff`.

use manifests::fake::FakeBundle;
use serde_json::{Value, json};

use crate::fixtures::{Layer, nested};
use crate::shown;
use crate::site::Site;

#[test]
fn what_changed_and_what_there_is_to_carry() {
    let site = Site::new();
    FakeBundle::new("demo", "1.1.0")
        .image("docker.io/library/nginx:1.28", &[b"first layer", b"another second layer"])
        .image("docker.io/library/redis:8", &[b"first layer"])
        .files("tools", &[("bin/tool", b"#!/bin/sh\n"), ("share/readme.txt", b"read me\n")])
        .write(&site.path("next.tar.zst"));
    shown!(site.run("diff demo.tar.zst next.tar.zst --trust trust"), @r"
    exit 0
    --- stdout
    demo 1.0.0 -> demo 1.1.0

       KIND   NAME                           FROM   TO                   SIZE
    -  chart  charts.example.com/stable/web  0.1.0                     -474 B
    ~  files  bundle.local/files/tools       1.0.0  1.1.0               702 B
    ~  image  docker.io/library/nginx        1.27   1.28   821 B (-293.0 KiB)
    +  image  docker.io/library/redis               8                   574 B

    to carry: 1.3 KiB in 5 blobs; 713 B are there already
    images were not looked into: licences are those that images and charts name; see --look-inside
    --- stderr
    ");
    let json: serde_json::Value =
        serde_json::from_str(&site.run("diff demo.tar.zst next.tar.zst -o json -q").ok()).unwrap();
    assert_eq!((&json["schemaVersion"], &json["verified"]), (&1.into(), &false.into()));
    assert_eq!(json["to"]["version"], "1.1.0");
    assert!(json["carry"]["blobs"].as_u64().unwrap() >= 5, "{json}");
    let same = site.run("diff demo.tar.zst demo.tar.zst --trust trust").ok();
    assert!(same.contains("the same items") && same.contains("to carry: 0 B in 0 blobs"), "{same}");
}

/// `old.tar.zst` and `new.tar.zst`, of an application whose packages change, and a database that knows some of these.
fn changing() -> Site {
    let site = Site::new();
    let package = |name: &str, version: &str, licence: &str| {
        format!(r#"{{"name": "{name}", "version": "{version}", "license": "{licence}"}}"#)
    };
    let layer = |packages: &[(&str, &str, &str)]| {
        let add = |layer: Layer, (name, version, licence): &(&str, &str, &str)| {
            layer.file(&format!("node_modules/{name}/package.json"), package(name, version, licence))
        };
        packages.iter().fold(Layer::new(), add).gzip()
    };
    for (file, version, packages) in [
        ("old.tar.zst", "1.0.0", [("a", "1.0.0", "MIT"), ("kept", "1.0.0", "MIT"), ("b", "1.0.0", "GPL-3.0-only")]),
        ("new.tar.zst", "1.1.0", [("a", "2.0.0", "MIT"), ("kept", "1.1.0", "MIT"), ("c", "1.0.0", "BUSL-1.1")]),
    ] {
        let reference = format!("docker.io/library/app:{version}");
        FakeBundle::new("app", version).image(&reference, &[&layer(&packages)]).write(&site.path(file));
    }
    std::fs::create_dir(site.path("osv")).unwrap();
    for (id, name, fixed, severity) in
        [("N-1", "a", "1.5.0", "LOW"), ("N-2", "kept", "9.0.0", "HIGH"), ("N-3", "c", "9.0.0", "CRITICAL")]
    {
        let range = json!({"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": fixed}]});
        let affected = json!([{"package": {"ecosystem": "npm", "name": name}, "ranges": [range]}]);
        let advisory = json!({"id": id, "affected": affected, "database_specific": {"severity": severity}});
        site.write(&format!("osv/{id}.json"), &advisory.to_string());
    }
    site
}

#[test]
fn licences_and_advisories_that_are_new_or_gone_are_told() {
    let site = changing();
    let words = "diff old.tar.zst new.tar.zst --trust trust -q --look-inside";
    shown!(site.run(&format!("{words} --database osv")), @r"
    exit 0
    --- stdout
    app 1.0.0 -> app 1.1.0

       KIND   NAME                   FROM   TO             SIZE
    ~  image  docker.io/library/app  1.0.0  1.1.0  830 B (+1 B)

       LICENCE       IN
    +  BUSL-1.1      docker.io/library/app:1.1.0 (linux/amd64)
    -  GPL-3.0-only  docker.io/library/app:1.0.0 (linux/amd64)

       SEVERITY  ADVISORY  PACKAGE  VERSION  FIXED  IN
    +  critical  N-3       npm c    1.0.0    9.0.0  docker.io/library/app:1.1.0 (linux/amd64)
    -  low       N-1       npm a    1.0.0    1.5.0  docker.io/library/app:1.0.0 (linux/amd64)

    to carry: 830 B in 3 blobs; 0 B are there already
    advisories: 1 new, 1 gone, 1 in both; asked: osv (3 advisories)
    --- stderr
    ");
    let unasked = site.run(words).ok();
    assert!(unasked.contains("+  BUSL-1.1") && !unasked.contains("advisory"), "{unasked}");
    assert!(
        unasked.contains("no database of advisories was given: nothing is claimed about what is inside"),
        "{unasked}"
    );
    let told: Value = serde_json::from_str(&site.run(&format!("{words} --database osv -o json")).ok()).unwrap();
    let change = |change: &str, licence: &str, version: &str| {
        let place = format!("docker.io/library/app:{version} (linux/amd64)");
        json!({"change": change, "licence": licence, "places": [place]})
    };
    let expected = json!([change("added", "BUSL-1.1", "1.1.0"), change("removed", "GPL-3.0-only", "1.0.0")]);
    assert_eq!((&told["lookedInto"], &told["licences"]), (&true.into(), &expected));
    let advisories = &told["advisories"];
    let findings = advisories["findings"].as_array().unwrap().iter();
    let findings: Vec<_> = findings.map(|one| (one["change"].as_str().unwrap(), one["id"].as_str().unwrap())).collect();
    assert_eq!(findings, [("added", "N-3"), ("removed", "N-1")]);
    assert_eq!(advisories["remaining"], 1, "the package that is affected in both is of another version, and no news");
    let markdown = site.run(&format!("{words} --database osv -o markdown")).ok();
    let row =
        "| added | advisory | `N-3` |  | `critical: npm c 1.0.0 in docker.io/library/app:1.1.0 (linux/amd64)` |  |";
    assert!(markdown.contains(row), "{markdown}");
    assert!(markdown.contains("advisories: 1 new, 1 gone, 1 in both; asked: osv (3 advisories)"), "{markdown}");
}

#[test]
fn without_a_look_licences_are_those_that_images_name() {
    let site = changing();
    nested("app", 1, 1).write(&site.path("licensed.tar.zst"));
    let told = site.run("diff old.tar.zst licensed.tar.zst --trust trust -q").ok();
    assert!(told.contains("+  MIT") && !told.contains("GPL"), "{told}");
    assert!(told.contains("images were not looked into"), "{told}");
    let told: Value = serde_json::from_str(&site.run("diff old.tar.zst licensed.tar.zst -q -o json").ok()).unwrap();
    assert_eq!((&told["lookedInto"], &told["advisories"]), (&false.into(), &Value::Null));
    assert_eq!(told["licences"][0]["licence"], "MIT");
}

#[test]
fn a_lock_can_not_be_looked_into() {
    let site = changing();
    site.write(
        "stack.yaml",
        "apiVersion: airgap/v1\nkind: Stack\nname: app\nversion: 2.0.0\ncreated: 2026-11-21\n\
         files:\n  - path: motd\n    file: ./motd\n",
    );
    site.write("motd", "welcome\n");
    site.run("lock stack.yaml").ok();
    let told = site.run("diff old.tar.zst stack.lock.yaml --trust trust -q").ok();
    assert!(told.contains("licences and advisories are not compared: a lock does not know them"), "{told}");
    let markdown = site.run("diff stack.lock.yaml stack.lock.yaml -o markdown").ok();
    assert!(markdown.contains("not compared: a lock does not know them"), "{markdown}");
    let told: Value = serde_json::from_str(&site.run("diff stack.lock.yaml new.tar.zst -q -o json").ok()).unwrap();
    assert_eq!((&told["licences"], &told["advisories"]), (&Value::Null, &Value::Null));
    let refused = site.run("diff stack.lock.yaml new.tar.zst --look-inside").fails(2);
    assert!(refused.contains("`stack.lock.yaml` is a lock: it does not know what is inside of images"), "{refused}");
    assert!(refused.contains("name two bundles, or leave out --look-inside"), "{refused}");
    let refused = site.run("diff old.tar.zst new.tar.zst --database osv").fails(2);
    assert!(refused.contains("--look-inside"), "{refused}");
}
