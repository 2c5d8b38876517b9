//! `diff`.

use manifests::fake::FakeBundle;

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
