//! `inspect` and `list`.

use manifests::fake::FakeBundle;

use crate::shown;
use crate::site::Site;

#[test]
fn what_nobody_checked_is_shown_as_unverified() {
    let site = Site::new();
    shown!(site.run("inspect demo.tar.zst"), @r"
    exit 0
    --- stdout
    name        demo
    version     1.0.0
    created     2026-01-02T03:04:05Z
    digest      sha256:<digest>
    archive     333.1 KiB
    content     294.9 KiB in 11 blobs
    holds       1 chart, 1 set of files, 1 image
    signatures  1, UNVERIFIED: check with --trust FILE
    --- stderr
    ");
    FakeBundle::small().write_with(&site.path("unsigned.tar.zst"), None, &[]);
    let shown = site.run("inspect unsigned.tar.zst").ok();
    assert!(shown.contains("signatures  none: UNVERIFIED, nobody vouches for it"), "{shown}");
}

#[test]
fn with_trust_the_signers_are_named() {
    let site = Site::new();
    shown!(site.run("inspect demo.tar.zst --trust trust"), @r"
    exit 0
    --- stdout
    name       demo
    version    1.0.0
    created    2026-01-02T03:04:05Z
    digest     sha256:<digest>
    archive    333.1 KiB
    content    294.9 KiB in 11 blobs
    holds      1 chart, 1 set of files, 1 image
    signed by  ci@example.com (ssh-ed25519 SHA256:<fingerprint>)
    --- stderr
    ");
}

#[test]
fn programs_get_stable_fields() {
    let site = Site::new();
    shown!(site.run("inspect demo.tar.zst -o json --trust trust").ok(), @r#"
    {
      "schemaVersion": 1,
      "name": "demo",
      "version": "1.0.0",
      "created": "2026-01-02T03:04:05Z",
      "digest": "sha256:<digest>",
      "archiveSize": 341108,
      "contentSize": 301981,
      "blobs": 11,
      "items": {
        "chart": 1,
        "files": 1,
        "image": 1
      },
      "files": [
        "demo.tar.zst"
      ],
      "volumes": 0,
      "missing": [],
      "signatures": 1,
      "trust": {
        "verified": true,
        "signers": [
          {
            "principal": "ci@example.com",
            "fingerprint": "SHA256:<fingerprint>",
            "keyType": "ssh-ed25519"
          }
        ],
        "ignored": []
      }
    }
    "#);
    let list: serde_json::Value = serde_json::from_str(&site.run("list demo.tar.zst -o json -q").ok()).unwrap();
    assert_eq!((&list["schemaVersion"], &list["trust"]["verified"]), (&1.into(), &false.into()));
    assert_eq!(list["items"][1]["reference"], "charts.example.com/stable/web:0.1.0");
    let yaml = site.run("inspect demo.tar.zst -o yaml").ok();
    assert!(yaml.starts_with("schemaVersion: 1\nname: demo\n"), "{yaml}");
}

#[test]
fn the_items_are_listed() {
    let site = Site::new();
    shown!(site.run("list demo.tar.zst"), @r"
    exit 0
    --- stdout
    KIND   NAME                                 SIZE  DIGEST        DETAILS
    files  bundle.local/files/tools:1.0.0       18 B  <digest>  2 files
    chart  charts.example.com/stable/web:0.1.0  17 B  <digest>
    image  docker.io/library/nginx:1.27               <digest>
    --- stderr
     WARN UNVERIFIED: this is what the bundle says of itself; check with --trust FILE
    ");
    shown!(site.run("list demo.tar.zst --kind files --files --trust trust"), @r"
    exit 0
    --- stdout
    KIND   NAME                            SIZE  DIGEST        DETAILS
    files  bundle.local/files/tools:1.0.0  18 B  <digest>  2 files
    file     bin/tool                      10 B  <digest>
    file     share/readme.txt               8 B  <digest>
    --- stderr
    ");
}

#[test]
fn what_is_no_bundle_is_told() {
    let site = Site::new();
    shown!(site.run("inspect trust"), @r"
    exit 1
    --- stdout
    --- stderr
    error: trust is not a bundle: it is not compressed with zstd
      help: name a bundle: a file `*.tar.zst`, its volumes, or their folder
    ");
    shown!(site.run("inspect nothing.tar.zst"), @r"
    exit 1
    --- stdout
    --- stderr
    error: can't open nothing.tar.zst
      caused by: No such file or directory (os error 2)
      help: name a bundle that is there and may be read: a file `*.tar.zst`, its volumes, or their folder
    ");
    shown!(site.run("list nothing.tar.zst --log-format json"), @r#"
    exit 1
    --- stdout
    --- stderr
    {"causes":["No such file or directory (os error 2)"],"code":null,"help":"name a bundle that is there and may be read: a file `*.tar.zst`, its volumes, or their folder","message":"can't open nothing.tar.zst","places":[],"related":[],"schemaVersion":1,"type":"error"}
    "#);
}
